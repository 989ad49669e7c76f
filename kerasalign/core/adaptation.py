"""A trained network for other points: weights that do not depend on the points are kept."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kerasalign.core.own_points import check_in_crop, check_landmarks
from kerasalign.markups import Markup, get_markup, register_markup

if TYPE_CHECKING:
    from kerasalign.core.landmark_model import LandmarkModel

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Adaptation:
    """What `adapt` kept and what is new.

    Args:
        markup: Name of the new point scheme.
        kept: Paths of the weights that were taken over.
        new: Paths of the weights that are initialized again.
        kept_numbers: How many numbers the kept weights hold.
        new_numbers: How many numbers the new weights hold.
    """

    markup: str
    kept: tuple[str, ...]
    new: tuple[str, ...]
    kept_numbers: int
    new_numbers: int

    def __str__(self) -> str:
        kept, new = _layers(self.kept, self.new), _layers(self.new, self.kept)
        return (
            f"Markup '{self.markup}': kept {len(self.kept)} weights of {self.kept_numbers:,} numbers ({kept}); "
            f"new are {len(self.new)} of {self.new_numbers:,} ({new})."
        )


def adapt(model: LandmarkModel, markup: str | Markup, landmarks=None) -> LandmarkModel:
    """A network like `model` for other points, to be fine-tuned on them.

    A weight is copied if the new network has one of the same place and shape that does not depend on the points. Head,
    mean shape, graph and boundaries come from the markup and, if given, from annotations.

    Args:
        model: A trained model; it stays as it is.
        markup: The new point scheme. A `Markup` of your own is registered by its name.
        landmarks: Annotations `(F, N, 2)` in pixels of the model's crop, NaN where a point is not annotated.

    Returns:
        The new model; its `adaptation` is an `Adaptation`.

    Raises:
        ValueError: If another markup of that name is registered, or `landmarks` do not fit.

    Example:

        model = adapt(kerasalign.load("musica19-synth"), my_markup, landmarks)
        print(model.adaptation)
    """
    markup = register_markup(get_markup(markup))
    if landmarks is not None:
        landmarks = check_landmarks(landmarks, markup)
        check_in_crop(landmarks, model.crop_spec)
    new = type(model)(model.config.for_markup(markup, landmarks), name=model.name)
    object.__setattr__(new, "adaptation", _take_over(model, new, markup))
    logger.info("%s", new.adaptation)
    return new.with_origin(model.origin)


def _take_over(model: LandmarkModel, new: LandmarkModel, markup: Markup) -> Adaptation:
    old = dict(zip(places(w.path for w in model.weights), model.weights))
    groups = {True: [], False: []}
    for place, weight in zip(places(w.path for w in new.weights), new.weights):
        source = old.get(place)
        fits = source is not None and tuple(source.shape) == tuple(weight.shape)
        fits = fits and not any(part in f"/{weight.path}" for part in model.point_weights)
        if fits:
            weight.assign(source)
        groups[fits].append(weight)
    paths = {fits: tuple(weight.path for weight in weights) for fits, weights in groups.items()}
    numbers = {fits: sum(math.prod(weight.shape) for weight in weights) for fits, weights in groups.items()}
    return Adaptation(markup.name, paths[True], paths[False], numbers[True], numbers[False])


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
