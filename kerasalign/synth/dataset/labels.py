"""Labels of a rendered face in every markup: points, visibility, boundary curves, pose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kerasalign.markups import get_markup
from kerasalign.synth.appearance.brows import brow_edges
from kerasalign.synth.appearance.canvas import marks, smooth
from kerasalign.synth.dataset.curves import MARKUPS, FaceCurves, points_of
from kerasalign.synth.dataset.landmarks import landmark_triples
from kerasalign.synth.dataset.outline import triples
from kerasalign.synth.head.definition import Definition
from kerasalign.synth.head.model import HeadModel
from kerasalign.synth.head.surface import locate
from kerasalign.synth.rendering.camera import Camera, View, fitted
from kerasalign.synth.rendering.picture import Rendered
from kerasalign.synth.rendering.scene import Scene

#: Centimeters by which something must be nearer than a point to hide it: lids and lips are round.
TOLERANCE = 0.8


@dataclass(frozen=True, eq=False)
class Labels:
    """Labels of one rendered face. Pixel coordinates have their integers at pixel centers.

    Args:
        points: Markup to `(N, 2)` float32 pixels; `"68"`, `"98"`, `"29"`, `"19"` and `"5"`, jaw points on the
            outline that is seen.
        solid: `(68, 3)` float32: the 68 points with the jaw fixed to the head, as in 300W-LP, x and y in pixels;
            and z, how far in front of the head's middle each is, in the same pixels.
        visible: Markup to `(N,)` bool, False where the head itself, hair, glasses, a hand or another thing is in
            front of the point, or it is beside the picture. Empty for labels made without a picture.
        pose: Yaw, pitch and roll in degrees, as `Camera` has them.
    """

    points: Mapping[str, np.ndarray]
    solid: np.ndarray
    visible: Mapping[str, np.ndarray]
    pose: tuple[float, float, float]

    def boundaries(self, markup: str = "98", count: int = 64) -> dict[str, np.ndarray]:
        """The boundary curves of a markup, each as `(count, 2)` float32 pixels of a smooth curve."""
        curves = get_markup(markup).boundaries
        points = self.points[markup]
        return {name: smooth(points[list(curve)], count).astype("float32") for name, curve in curves.items()}


def labels_of(
    head: HeadModel,
    scene: Scene,
    picture: Rendered,
    definition: Definition | None = None,
    markups: Sequence[str] = MARKUPS,
) -> Labels:
    """Labels one picture.

    Args:
        head: The head.
        scene: The scene that was rendered.
        picture: What `render` gave.
        definition: Where the 68 points are; by default the library's for this head.
        markups: Which markups to label.

    Raises:
        ValueError: If there is no rule for a markup.

    Example:
        picture = render(head, scene, 256)
        labels = labels_of(head, scene, picture)
        labels.points["98"], labels.visible["98"], labels.boundaries("98")["jaw"]
    """
    return _label(head, scene, picture.shape, picture.view, picture, definition, markups)


def labels_without_picture(
    head: HeadModel, scene: Scene, size: int, definition: Definition | None = None, markups: Sequence[str] = MARKUPS
) -> Labels:
    """The labels that a picture would have, without rendering it: `visible` is empty.

    Args:
        head: The head.
        scene: The scene.
        size: Side of the picture in pixels.
        definition: As in `labels_of`.
        markups: As in `labels_of`.
    """
    shape = scene.shape(head)
    view = fitted(scene.camera, shape[head.landmarks68], size)
    return _label(head, scene, shape, view, None, definition, markups)


def mean_head_points(head: HeadModel, scene: Scene) -> dict[str, np.ndarray]:
    """Markup to its `(N, 3)` points on the mean head with the brows of a scene, in centimeters of the head.

    The jaw's points are those of the 3D convention: fixed to the head.
    """
    # From far in front, so that shares of a curve's length are those that a viewer sees.
    view = fitted(Camera(distance=1000.0), head.mean[head.landmarks68], 1000)
    edges = locate(head, brow_edges(scene.brows, marks(head)).reshape(-1, 2)).on(head.mean)
    curves = FaceCurves(
        points=landmark_triples(head, scene, head.mean, view, convention="3d"),
        brows=triples(view, edges).reshape(2, 2, -1, 3),
        pupils=triples(view, head.mean[_pupils(head)]),
    )
    return {name: _unprojected(view, points_of(curves, name)) for name in MARKUPS}


def _unprojected(view: View, points: np.ndarray) -> np.ndarray:
    """`(K, 3)` pixels and depth back to head coordinates."""
    depth = points[:, 2:]
    flat = (points[:, :2] - view.center) * [1, -1] * depth / view.focal
    return (np.concatenate([flat, -depth], 1) - view.translation) @ view.rotation


def _label(head, scene, shape, view, picture: Rendered | None, definition, markups) -> Labels:
    unknown = [name for name in markups if name not in MARKUPS]
    if unknown:
        raise ValueError(f"`markups` must be among {list(MARKUPS)}. Received: markups={list(markups)}")
    edges = locate(head, brow_edges(scene.brows, marks(head)).reshape(-1, 2)).on(shape)
    points = landmark_triples(head, scene, shape, view, definition)
    curves = FaceCurves(
        points=points,
        brows=triples(view, edges).reshape(2, 2, -1, 3),
        pupils=_seen_pupils(triples(view, shape[_pupils(head)]), points, scene.openings.eyes),
    )
    found = {name: points_of(curves, name) for name in markups}
    solid = landmark_triples(head, scene, shape, view, definition, convention="3d")
    # Weak perspective about the middle of the points: pixels per centimeter there.
    middle = solid[:, 2].mean()
    solid[:, 2] = (middle - solid[:, 2]) * view.focal / middle
    camera = scene.camera
    return Labels(
        points={name: points[:, :2].astype("float32") for name, points in found.items()},
        solid=solid.astype("float32"),
        visible={name: is_visible(points, picture) for name, points in found.items()} if picture else {},
        pose=(camera.yaw, camera.pitch, camera.roll),
    )


def is_visible(points: np.ndarray, picture: Rendered) -> np.ndarray:
    """Whether points are visible in a picture.

    Args:
        points: `(K, 3)` pixels, and centimeters in front of the camera.
        picture: The picture.

    Returns:
        `(K,)` bool: inside the picture, no nearer part of the head in all of the 3 x 3 pixels about the point,
        and nothing else in front of it in most of them.
    """
    size = len(picture.image)
    at = np.rint(points[:, :2]).astype(int)
    inside = ((at >= 0) & (at < size)).all(1)
    reach = np.arange(-1, 2)
    columns = np.clip(at[:, 0, None, None] + reach[None, None, :], 0, size - 1)
    rows = np.clip(at[:, 1, None, None] + reach[None, :, None], 0, size - 1)
    behind = (picture.depth[rows, columns] < points[:, 2, None, None] - TOLERANCE).all((1, 2))
    covered = picture.occluded[rows, columns].mean((1, 2)) > 0.5
    return inside & ~behind & ~covered


def _seen_pupils(pupils: np.ndarray, points: np.ndarray, openings: tuple[float, float] | None) -> np.ndarray:
    """Middles of the irises; of eyes that are shut, the middle of the lids."""
    if openings is None:
        return pupils
    lids = np.stack([points[[37, 38, 40, 41]].mean(0), points[[43, 44, 46, 47]].mean(0)])
    shut = np.clip((0.15 - np.array(openings)) / 0.1, 0, 1)[:, None]
    return (1 - shut) * pupils + shut * lids


def _pupils(head: HeadModel) -> np.ndarray:
    """The vertex in the middle of each iris: the foremost of each eyeball of the mean head, where it looks ahead."""
    return head.derived(_find_pupils)


def _find_pupils(head: HeadModel) -> np.ndarray:
    balls = [np.unique(head.triangles[head.parts[name]]) for name in ("eye_right", "eye_left")]
    return np.array([ball[head.mean[ball, 2].argmax()] for ball in balls])
