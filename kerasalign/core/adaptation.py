"""A trained network for other points: what does not depend on them keeps its weights."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kerasalign.core.own_points import check_landmarks
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
        new: Paths of the weights that start anew.
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

    Weights go over by their place in the network, where the shape fits and the points do not decide them. Head, mean
    shape, graph and boundaries are made from the markup and, where given, from annotations.

    Args:
        model: A trained model; it stays as it is.
        markup: The new point scheme; an own one is registered by its name.
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
    config = model.config_for_markup(markup, landmarks)
    new = type(model).from_config(config)
    object.__setattr__(new, "adaptation", _take_over(model, new, markup))
    logger.info("%s", new.adaptation)
    return new.with_origin(model.origin)


def _take_over(model: LandmarkModel, new: LandmarkModel, markup: Markup) -> Adaptation:
    old = dict(zip(places(w.path for w in model.weights), model.weights))
    groups = {True: [], False: []}
    for place, weight in zip(places(w.path for w in new.weights), new.weights):
        found = old.get(place)
        fits = found is not None and tuple(found.shape) == tuple(weight.shape)
        fits = fits and not any(part in f"/{weight.path}" for part in model.point_weights)
        if fits:
            weight.assign(found)
        groups[fits].append(weight)
    paths = {fits: tuple(weight.path for weight in weights) for fits, weights in groups.items()}
    numbers = {fits: sum(math.prod(weight.shape) for weight in weights) for fits, weights in groups.items()}
    return Adaptation(markup.name, paths[True], paths[False], numbers[True], numbers[False])


def places(paths: Iterable[str]) -> list[str]:
    """Paths of weights without the running numbers that Keras gives to layers that nobody named.

    `dense_7/kernel` and `dense_9/kernel` become `dense#0/kernel#0` and `dense#1/kernel#0`, so that the second network
    of a process has the places of the first. Weights of one path are told apart by their order.
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
    """Freezes the layers that an adapted model took over, or frees them again; compile the model after it.

    Args:
        model: What `adapt` or `load(name, markup=...)` returned.
        frozen: `False` lets them train again.

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
    found = {}
    for layer in model._flatten_layers(include_self=False):
        weights = [weight.path for weight in layer.weights]
        if weights and kept.issuperset(weights):
            layer.trainable = not frozen
            found |= dict.fromkeys(weights)
    return list(found)


def _layers(paths: Iterable[str], others: Iterable[str]) -> str:
    """The layers that weights belong to: a top layer by its name, or where it is divided, its parts."""
    divided = {path.partition("/")[0] for path in others}
    names = []
    for path in paths:
        top, *parts = path.split("/")
        names.append("/".join([top, *parts[:-1]]) if top in divided else top)
    unique = list(dict.fromkeys(names))
    shown = ", ".join(unique[:16])
    return f"{shown} and {len(unique) - 16} more" if len(unique) > 16 else shown or "none"
