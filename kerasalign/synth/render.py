"""From a scene to a picture and everything a label needs."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from kerasalign.synth.camera import View, fitted
from kerasalign.synth.head import HeadModel
from kerasalign.synth.raster import blank, rasterise, vertex_normals
from kerasalign.synth.scene import Scene

#: Samples per pixel along each side.
SAMPLES = 1.5
#: Version of what a seed gives; a change of any picture changes it.
VERSION = "1"


@dataclass(frozen=True, eq=False)
class Rendered:
    """A picture and what is where in it. Pixel coordinates have their integers at pixel centres.

    Args:
        image: `(S, S, 3)` uint8 RGB.
        shape: `(V, 3)` float32 vertices of the head in its own coordinates, centimetres.
        vertices: `(V, 3)` float32 in camera coordinates: the camera is the origin and looks along -z.
        projected: `(V, 2)` float32 pixels.
        depth: `(S, S)` float32 centimetres along the view axis to the head, infinite beside it; what hides the
            head is left out of it.
        triangle_id: `(S, S)` int32 triangle of the head at that depth, -1 beside the head.
        occluded: `(S, S)` bool, where hair, glasses, a hand or another thing is in front of the head.
        pose: Yaw, pitch and roll in degrees, as `Camera` has them.
        view: What maps head coordinates to pixels.
    """

    image: np.ndarray
    shape: np.ndarray
    vertices: np.ndarray
    projected: np.ndarray
    depth: np.ndarray
    triangle_id: np.ndarray
    occluded: np.ndarray
    pose: tuple[float, float, float]
    view: View


def render(head: HeadModel, scene: Scene, size: int = 256) -> Rendered:
    """Renders one scene.

    Args:
        head: The head that the scene was drawn for.
        scene: What `draw_scene` gave.
        size: Side of the picture in pixels, at least 16.

    Returns:
        The picture and its geometry: the same bytes for the same arguments.

    Raises:
        ValueError: If `size` is too small.

    Example:
        head = analytic_head()
        picture = render(head, draw_scene(head, SceneConfig(), seed=0, index=0), 128).image
    """
    if size < 16:
        raise ValueError(f"`size` must be at least 16. Received: size={size!r}")
    shape = scene.proportions.apply(head.shape(scene.identity, scene.expression))
    view = fitted(scene.camera, shape[head.landmarks68], size)
    vertices = view.posed(shape)
    projected = view.project(vertices)
    normals = vertex_normals(vertices, head.triangles)

    side = round(SAMPLES * size)
    scale = np.float32(side / size)
    points = (projected + np.float32(0.5)) * scale - np.float32(0.5)
    inverse = (-1 / vertices[:, 2]).astype("float32")
    depth, ids = blank((side, side))
    two_sided = np.zeros(len(head.triangles), bool)
    rasterise(points, inverse, head.triangles, 0, len(head.triangles), two_sided, depth, ids)
    light = np.clip(normals @ np.array([0.3, 0.4, 0.86], "float32"), 0, 1) * 0.8 + 0.15
    shaded = np.where(ids >= 0, light[head.triangles[ids]].mean(-1), 0.5).astype("float32")
    image = cv2.resize(shaded, (size, size), interpolation=cv2.INTER_AREA)
    image = np.repeat((255 * np.clip(image, 0, 1)).astype("uint8")[..., None], 3, -1)
    rows = np.floor((np.arange(size) + 0.5) * scale).astype(int)
    near = np.ix_(rows, rows)
    with np.errstate(divide="ignore"):
        distance = (1 / depth[near]).astype("float32")
    camera = scene.camera
    return Rendered(
        image=image, shape=shape, vertices=vertices, projected=projected, depth=distance, triangle_id=ids[near],
        occluded=np.zeros((size, size), bool), pose=(camera.yaw, camera.pitch, camera.roll), view=view,
    )  # fmt: skip
