"""A trained network for other points: weights that do not depend on the points are kept."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kerasalign.core.own_points import check_landmarks
from kerasalign.markups import Markup, get_markup, register_markup

if TYPE_CHECKING:
    from kerasalign.core.landmark_model import LandmarkModel
    from kerasalign.core.point_axis import PointAxis
    from kerasalign.core.transfer import Transfer

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Adaptation:
    """What `adapt` kept and what is new.

    Args:
        markup: Name of the new point scheme.
        kept: Paths of the weights that were taken over.
        started: Paths of the weights of points that start from those of the old points near them.
        new: Paths of the weights that are initialized again.
        kept_numbers: How many numbers the kept weights hold.
        started_numbers: How many the started weights hold.
        new_numbers: How many numbers the new weights hold.
    """

    markup: str
    kept: tuple[str, ...]
    started: tuple[str, ...]
    new: tuple[str, ...]
    kept_numbers: int
    started_numbers: int
    new_numbers: int

    def __str__(self) -> str:
        others = (*self.started, *self.new)
        kept, new = _layers(self.kept, others), _layers(self.new, (*self.kept, *self.started))
        started = _layers(self.started, (*self.kept, *self.new))
        return (
            f"Markup '{self.markup}': kept {len(self.kept)} weights of {self.kept_numbers:,} numbers ({kept}); "
            f"{len(self.started)} of {self.started_numbers:,} start from the old points ({started}); "
            f"new are {len(self.new)} of {self.new_numbers:,} ({new})."
        )


def adapt(
    model: LandmarkModel,
    markup: str | Markup,
    landmarks=None,
    points: Sequence[int | Sequence[int]] | None = None,
) -> LandmarkModel:
    """A network like `model` for other points, to be fine-tuned on them.

    Each new point starts from the old ones near it: the two mean faces are laid on each other by the eyes. Weights that
    do not depend on the points are copied, those of an old point go to the new ones near it, and crops are cut such
    that faces look as they did, by the new model's `crop_spec`. Mean shape, graph and boundaries come from the markup
    and, if given, from annotations.

    Args:
        model: A trained model; it stays as it is.
        markup: The new point scheme. A `Markup` of your own is registered by its name.
        landmarks: Annotations `(F, N, 2)` in pixels of photos or crops, NaN where a point is not annotated. They say
            better than the markup's schematic face where the new points lie.
        points: For each new point the old one that it is like, or several that it is the mean of, where you know
            better: `[36, 45, 30, (48, 54)]`.

    Returns:
        The new model; its `adaptation` is an `Adaptation`.

    Raises:
        ValueError: If another markup of that name is registered, or `landmarks` or `points` do not fit.

    Example:

        model = adapt(kerasalign.load("musica19-synth"), my_markup, landmarks)
        print(model.adaptation)
    """
    from kerasalign.core.landmark_model import check_landmark_model

    check_landmark_model(model)
    markup = register_markup(get_markup(markup))
    if landmarks is not None:
        landmarks = check_landmarks(landmarks, markup)
    transfer = model.config.transfer(markup, landmarks, points)
    new = type(model)(model.config.for_markup(markup, landmarks, transfer), name=model.name)
    object.__setattr__(new, "adaptation", _take_over(model, new, markup, transfer))
    logger.info("%s", new.adaptation)
    return new.with_origin(model.origin)


def _take_over(model: LandmarkModel, new: LandmarkModel, markup: Markup, transfer: Transfer | None) -> Adaptation:
    old = dict(zip(places(w.path for w in model.weights), model.weights))
    groups: dict[str, list] = {"kept": [], "started": [], "new": []}
    for place, weight in zip(places(w.path for w in new.weights), new.weights):
        source, shape = old.get(place), tuple(weight.shape)
        part = next((part for part in model.point_weights if part in f"/{weight.path}"), None)
        axis = model.point_weights[part] if part is not None else None
        started = None
        if axis is not None and source is not None and transfer is not None:
            values = np.asarray(source).astype("float32")
            started = _started(axis, values, model, new, transfer, shape)
        if started is not None:
            weight.assign(started)
            groups["started"].append(weight)
        elif source is not None and tuple(source.shape) == shape and (part is None or (axis is not None and transfer)):
            weight.assign(source)
            groups["kept"].append(weight)
        else:
            groups["new"].append(weight)
    kept, started_paths, new_paths = (tuple(w.path for w in groups[kind]) for kind in ("kept", "started", "new"))
    numbers = (sum(math.prod(weight.shape) for weight in groups[kind]) for kind in ("kept", "started", "new"))
    return Adaptation(markup.name, kept, started_paths, new_paths, *numbers)


def _started(
    axis: PointAxis,
    old: np.ndarray,
    model: LandmarkModel,
    new: LandmarkModel,
    transfer: Transfer,
    shape: tuple[int, ...],
) -> np.ndarray | None:
    """A weight of the new points made from that of the old ones; `None` where they have none in common."""
    if axis.of == "boundaries":
        matrix = _near_boundaries(model, new, transfer)
    else:
        matrix = transfer.weights if axis.linear else transfer.nearest
    made = None if matrix is None else axis.mapped(old, matrix, shape)
    if made is not None and axis.unit and made.ndim == 1:
        made = made + (axis.unit * transfer.offsets).ravel()
    return made


def _near_boundaries(model: LandmarkModel, new: LandmarkModel, transfer: Transfer) -> np.ndarray | None:
    """`(K, L)` zeros and ones: the old boundary curve that each new one is nearest to."""
    if model.markup is None or new.markup is None or not model.markup.boundaries:
        return None
    curves = [
        [points[list(curve)] for curve in markup.boundaries.values()]
        for markup, points in ((new.markup, transfer.shape), (model.markup, transfer.old_shape))
    ]
    distances = np.array([[_apart(ours, theirs) for theirs in curves[1]] for ours in curves[0]])
    return np.eye(len(curves[1]))[distances.argmin(1)]


def _apart(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Mean distance of the points of each of two curves from the nearest of the other."""
    distances = np.linalg.norm(ours[:, None] - theirs[None], axis=-1)
    return float(distances.min(1).mean() + distances.min(0).mean())


def places(paths: Iterable[str]) -> list[str]:
    """Paths of weights without the running numbers that Keras gives to layers without a name.

    `dense_7/kernel` and `dense_9/kernel` become `dense#0/kernel#0` and `dense#1/kernel#0`, so that the paths do not
    depend on how many networks the process has built. Weights of the same path are numbered in their order.
    """
    seen: dict[str, list[str]] = {}
    result = []
    for path in paths:
        *layers, weight = path.split("/")
        place = ""
        for name in layers:
            kind = f"{place}{re.sub(r'_[0-9]+$', '', name)}"
            siblings = seen.setdefault(kind, [])
            if name not in siblings:
                siblings.append(name)
            place = f"{kind}#{siblings.index(name)}/"
        same = seen.setdefault(f"{place}{weight}", [])
        same.append(weight)
        result.append(f"{place}{weight}#{len(same) - 1}")
    return result


def freeze_kept(model: LandmarkModel, frozen: bool = True) -> list[str]:
    """Freezes the layers whose weights an adapted model kept, or unfreezes them. Compile the model afterwards.

    Args:
        model: A model from `adapt` or `load(name, markup=...)`.
        frozen: `False` unfreezes the layers.

    Returns:
        Paths of the weights of these layers.

    Raises:
        ValueError: If the model was not adapted.
    """
    adaptation = getattr(model, "adaptation", None)
    if adaptation is None:
        raise ValueError(
            f"The model must come from `adapt` or `load(name, markup=...)`. Received: model={model.name!r}"
        )
    kept = set(adaptation.kept)
    paths: dict[str, None] = {}
    for layer in model._flatten_layers(include_self=False):
        weights = [weight.path for weight in layer.weights]
        if weights and kept.issuperset(weights):
            layer.trainable = not frozen
            paths |= dict.fromkeys(weights)
    return list(paths)


def _layers(paths: Iterable[str], others: Iterable[str]) -> str:
    """Names of the layers of some weights: top layers, or the parts of those that `others` belong to as well."""
    divided = {path.partition("/")[0] for path in others}
    names = []
    for path in paths:
        top, *parts = path.split("/")
        names.append("/".join([top, *parts[:-1]]) if top in divided else top)
    unique = list(dict.fromkeys(names))
    shown = ", ".join(unique[:16])
    return f"{shown} and {len(unique) - 16} more" if len(unique) > 16 else shown or "none"
