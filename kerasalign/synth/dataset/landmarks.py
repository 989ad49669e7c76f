"""The 68 landmarks of a rendered picture, placed as annotators of photographs place them.

A head model's own landmark vertices are not where annotators click: brows sit elsewhere, jaw points are evenly spaced
along the visible outline. A `Definition` moves them along the skin.
"""

from __future__ import annotations

import numpy as np

from kerasalign.synth.appearance.brows import brow_edges
from kerasalign.synth.appearance.canvas import marks
from kerasalign.synth.dataset.outline import fixed_jaw, seen_jaw, triples
from kerasalign.synth.head.definition import Definition, moved
from kerasalign.synth.head.model import HeadModel
from kerasalign.synth.head.surface import SurfacePoints, locate
from kerasalign.synth.rendering.camera import View
from kerasalign.synth.rendering.scene import Scene

__all__ = ["Definition", "landmarks68"]

JAW, BROWS, REST = slice(0, 17), slice(17, 27), slice(27, 68)
CONVENTIONS = ("2d", "3d")


def landmarks68(
    head: HeadModel,
    scene: Scene,
    shape: np.ndarray,
    view: View,
    definition: Definition | None = None,
    convention: str = "2d",
) -> np.ndarray:
    """The 68 landmarks of a scene.

    Args:
        head: The head.
        scene: The scene that was rendered.
        shape: `(V, 3)` vertices in head coordinates, as in `Rendered.shape`.
        view: What maps them to pixels, as in `Rendered.view`.
        definition: Where the points are; by default the library's for this head.
        convention: `"2d"`: jaw points lie on the outline that is seen, as in 300W; `"3d"`: they are fixed to the
            head, as in 300W-LP and AFLW2000-3D, and may be hidden behind it.

    Returns:
        `(68, 2)` float32 pixels, pixel centers at integers.

    Raises:
        ValueError: If there is no such convention.

    Reference: the points of 300W (Sagonas et al., ICCV Workshops 2013) in the order of Multi-PIE; the second
    convention is that of 300W-LP (Zhu et al., CVPR 2016).
    """
    return landmark_triples(head, scene, shape, view, definition, convention)[:, :2].astype("float32")


def landmark_triples(head, scene, shape, view, definition=None, convention="2d") -> np.ndarray:
    """As `landmarks68`, `(68, 3)` float64 with centimeters in front of the camera behind x and y."""
    if convention not in CONVENTIONS:
        raise ValueError(f"`convention` must be one of {list(CONVENTIONS)}. Received: convention={convention!r}")
    definition = definition or head.derived(Definition.of)
    found = np.empty((68, 3))
    found[REST] = triples(view, definition.cached(head, moved).on(shape)[REST])
    found[BROWS] = triples(view, _brow_points(head, scene, definition).on(shape))
    if convention == "2d":
        found[JAW] = seen_jaw(head, shape, view, definition, scene.camera)
    else:
        found[JAW] = triples(view, fixed_jaw(head, shape, definition))
    return found


def _brow_points(head: HeadModel, scene: Scene, definition: Definition) -> SurfacePoints:
    """The ten points of the brows as they are painted in this scene."""
    edges = brow_edges(scene.brows, marks(head))
    steps = np.linspace(0, 1, edges.shape[2])
    places = []
    for upper, lower in edges:
        line = [
            (1 - across) * _at(lower, steps, along) + across * _at(upper, steps, along)
            for along, across in zip(definition.brow_along, definition.brow_across)
        ]
        places.append(np.array(line))
    # The person's right brow runs inwards, the left one outwards.
    points = np.concatenate([places[0], places[1][::-1]])
    return locate(head, points + definition.offsets[BROWS])


def _at(line: np.ndarray, steps: np.ndarray, t: float) -> np.ndarray:
    return np.array([np.interp(t, steps, line[:, axis]) for axis in (0, 1)])
