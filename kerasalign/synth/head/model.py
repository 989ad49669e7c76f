"""The linear (morphable) head model: mean shape, modes of identity and expression, triangles and their parts."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias, TypeVar

import numpy as np

from kerasalign.synth.head.chart import unroll
from kerasalign.synth.jit import combined

T = TypeVar("T")
Scores: TypeAlias = Sequence[float] | np.ndarray

#: Names of parts that every head has, and of those that it may have.
PARTS = ("face", "eye_right", "eye_left")
OPTIONAL_PARTS = ("head", "mouth", "eye_sockets", "gums", "teeth", "lashes")


@dataclass(frozen=True, eq=False)
class HeadModel:
    """A linear head model in centimeters: y up, z towards the viewer, the person's right side at negative x.

    Args:
        name: Short name, part of the provenance of what is rendered.
        version: Version of the model's data.
        license: SPDX name of the license of the model's data.
        mean: `(V, 3)` float32 neutral head of the mean person.
        identity: `(I, V, 3)` offsets per unit of an identity score; scores are about N(0, 1).
        expression: `(E, V, 3)` offsets per unit of an expression score; scores are in 0..1.
        expression_names: E names in ARKit's convention with `_L` and `_R`, such as `"eyeBlink_L"`; the person's
            left. Expressions that a head lacks are left out of a drawn scene.
        triangles: `(T, 3)` int32, counter-clockwise seen from outside.
        uv: `(V, 2)` texture coordinates.
        parts: Part name to the indices of its triangles: `"face"` (skin of face and ears), `"eye_right"` and
            `"eye_left"` (eyeballs), and optionally `"head"` (scalp, neck), `"mouth"` (its socket), `"gums"`
            (gums and tongue), `"teeth"`, `"eye_sockets"`, `"lashes"`.
        landmarks68: The 68 vertices nearest to the points of markup 68 of a frontal face.

    Raises:
        ValueError: If shapes disagree, an index is out of range, or a part is missing.
    """

    name: str
    version: str
    license: str
    mean: np.ndarray
    identity: np.ndarray
    expression: np.ndarray
    expression_names: tuple[str, ...]
    triangles: np.ndarray
    uv: np.ndarray
    parts: Mapping[str, np.ndarray]
    landmarks68: np.ndarray
    _derived: dict = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        count = len(self.mean)
        for name in ("mean", "identity", "expression", "uv"):
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), "float32"))
        for name in ("triangles", "landmarks68"):
            value = np.ascontiguousarray(getattr(self, name), "int32")
            if value.size == 0 or value.min() < 0 or value.max() >= count:
                raise ValueError(f"`{name}` must hold vertex indices in 0..{count - 1}. Received: shape {value.shape}")
            object.__setattr__(self, name, value)
        object.__setattr__(self, "expression_names", tuple(self.expression_names))
        for name, shape in (
            ("mean", (count, 3)),
            ("identity", (len(self.identity), count, 3)),
            ("uv", (count, 2)),
            ("expression", (len(self.expression_names), count, 3)),
        ):
            if getattr(self, name).shape != shape:
                raise ValueError(f"`{name}` must have shape {shape}. Received: shape {getattr(self, name).shape}")
        missing = [name for name in PARTS if name not in self.parts]
        unknown = [name for name in self.parts if name not in PARTS + OPTIONAL_PARTS]
        if missing or unknown:
            raise ValueError(
                f"`parts` must name {list(PARTS)} and may name {list(OPTIONAL_PARTS)}. "
                f"Received: parts={list(self.parts)}"
            )
        everything = np.arange(len(self.triangles), dtype="int32")
        object.__setattr__(self, "parts", {name: everything[part] for name, part in self.parts.items()})

    def shape(self, identity: Scores, expression: Scores | Mapping[str, float] = ()) -> np.ndarray:
        """The head of one person with one expression.

        Args:
            identity: At most I scores; the rest are 0.
            expression: At most E scores, or a mapping from names to scores.

        Returns:
            `(V, 3)` float32 in centimeters.

        Raises:
            ValueError: If there are more scores than modes.
            KeyError: If the head has no expression of that name.
        """
        return self.moved(combined(self.mean, self.identity, self._scores("identity", identity)), expression)

    def moved(self, vertices: np.ndarray, expression: Scores | Mapping[str, float]) -> np.ndarray:
        """Adds an expression to `(V, 3)` vertices and returns a new array."""
        if isinstance(expression, Mapping):
            scores = np.zeros(len(self.expression_names), "float32")
            for name, value in expression.items():
                scores[self.expression_index[name]] = value
        else:
            scores = expression
        scores = self._scores("expression", scores)
        return combined(np.ascontiguousarray(vertices, "float32"), self.expression, scores)

    def derived(self, make: Callable[..., T], *key: Hashable) -> T:
        """Memoizes `make(self, *key)` for the lifetime of this head."""
        if (make, key) not in self._derived:
            self._derived[make, key] = make(self, *key)
        return self._derived[make, key]

    def _scores(self, name: str, scores) -> np.ndarray:
        modes, scores = getattr(self, name), np.asarray(scores, "float32")
        if scores.ndim != 1 or len(scores) > len(modes):
            raise ValueError(f"`{name}` must hold at most {len(modes)} scores. Received: shape {scores.shape}")
        return scores

    @cached_property
    def expression_index(self) -> dict[str, int]:
        """Expression name to its number."""
        return {name: i for i, name in enumerate(self.expression_names)}

    @cached_property
    def part_of_triangle(self) -> np.ndarray:
        """`(T,)` int32 index into `PARTS + OPTIONAL_PARTS`; -1 for a triangle of no part, which is not drawn."""
        names = PARTS + OPTIONAL_PARTS
        part = np.full(len(self.triangles), -1, "int32")
        for name, triangles in self.parts.items():
            part[triangles] = names.index(name)
        return part

    @cached_property
    def eyes(self) -> np.ndarray:
        """`(2, 3)` centers of the right and left eyeball of the mean head."""
        centers = []
        for name in ("eye_right", "eye_left"):
            points = self.mean[np.unique(self.triangles[self.parts[name]])]
            centers.append((points.min(0) + points.max(0)) / 2)
        return np.array(centers, "float32")

    @cached_property
    def chart(self) -> np.ndarray:
        """`(V, 2)` the mean head unrolled: arc in centimeters along a cylinder about the neck, and height.

        Everything painted on a face is drawn in this chart, so that every head takes the same paint.
        """
        return unroll(self.mean)
