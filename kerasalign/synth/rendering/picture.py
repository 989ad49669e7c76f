"""Renders a scene: the picture, and the geometry that labels need."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from kerasalign.synth.appearance.brows import brow_edges
from kerasalign.synth.appearance.canvas import marks
from kerasalign.synth.appearance.makeup import lip_edge
from kerasalign.synth.head.model import HeadModel
from kerasalign.synth.head.surface import locate
from kerasalign.synth.rendering.background import paint_background
from kerasalign.synth.rendering.camera import View, fitted
from kerasalign.synth.rendering.photo import develop, expose
from kerasalign.synth.rendering.raster import blank, rasterize
from kerasalign.synth.rendering.scene import Scene
from kerasalign.synth.rendering.shading import gather_meshes, shade_scene

#: Samples per pixel along each side.
SAMPLES = 1.5
#: Version of what a seed gives; a change of any picture changes it.
VERSION = "2"


@dataclass(frozen=True, eq=False)
class Rendered:
    """A picture with its geometry buffers. Pixel coordinates have their integers at pixel centers.

    Args:
        image: `(S, S, 3)` uint8 RGB.
        shape: `(V, 3)` float32 vertices of the head in its own coordinates, centimeters.
        vertices: `(V, 3)` float32 in camera coordinates: the camera is the origin and looks along -z.
        projected: `(V, 2)` float32 pixels.
        depth: `(S, S)` float32 centimeters along the view axis to the head, infinite beside it; what hides the
            head is left out of it.
        triangle_id: `(S, S)` int32 triangle of the head at that depth, -1 beside the head. The neck is drawn
            narrower than the head model's bust, to fit a collar; from the chin up the two agree.
        occluded: `(S, S)` bool, where hair, glasses, a hand or another thing is in front of the head. A lens
            counts where it stops more than half of the light.
        alpha: `(S, S)` float32 in 0..1: how much of a pixel the person and things cover.
        brows: `(2, 2, 9, 2)` float32 pixels: the person's right and left brow; upper and lower edge; points from
            the outer end to the inner end. Brows are painted, so their places differ between faces of one shape.
        lips: `(12, 2)` float32 pixels: the edge of the lips' color at points 48 to 59 of markup 68, whose own
            vertices lie outside it.
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
    alpha: np.ndarray
    brows: np.ndarray
    lips: np.ndarray
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
    neutral = head.shape(scene.identity)
    shape = scene.shape(head, neutral)
    view = fitted(scene.camera, shape[head.landmarks68], size)
    vertices = view.posed(shape)
    projected = view.project(vertices)

    world = gather_meshes(head, scene, scene.proportions.apply(neutral), shape, view)
    side = round(SAMPLES * size)
    scale = np.float32(side / size)
    points = (view.project(world.vertices) + np.float32(0.5)) * scale - np.float32(0.5)
    inverse = (-1 / world.vertices[:, 2]).astype("float32")
    depth, ids = blank((side, side))
    count = len(head.triangles)
    rasterize(points, inverse, world.triangles, 0, count, world.two_sided, depth, ids)
    head_depth, head_ids = depth.copy(), ids.copy()
    rasterize(points, inverse, world.triangles, count, len(world.triangles), world.two_sided, depth, ids)
    light, key, cover = shade_scene(head, scene, world, points, inverse, depth, ids, scale)

    rows = np.floor((np.arange(size) + 0.5) * scale).astype(int)
    near = np.ix_(rows, rows)
    hidden = np.zeros((side, side), bool)
    hidden[ids >= 0] = world.occludes[ids[ids >= 0]]
    hidden |= cover
    rng = scene.rng(3)
    behind = paint_background(rng, scene.background, size)
    alpha = cv2.resize((ids >= 0).astype("float32"), (size, size), interpolation=cv2.INTER_AREA)[..., None]
    light = cv2.resize(np.minimum(light, 8 * key), (size, size), interpolation=cv2.INTER_AREA)
    tones = develop(light / np.maximum(alpha, np.float32(1e-3)), key, scene.photo)
    image = expose(rng, alpha * tones + (1 - alpha) * behind, scene.photo)
    with np.errstate(divide="ignore"):
        distance = (1 / head_depth[near]).astype("float32")
    painted = [brow_edges(scene.brows, marks(head)).reshape(-1, 2), lip_edge(scene.makeup, marks(head))]
    edges = view.project(view.posed(locate(head, np.concatenate(painted)).on(shape)))
    camera = scene.camera
    return Rendered(
        image=image,
        shape=shape,
        vertices=vertices,
        projected=projected,
        depth=distance,
        triangle_id=head_ids[near],
        occluded=hidden[near] & (head_ids[near] >= 0),
        alpha=alpha[..., 0],
        brows=edges[:-12].reshape(2, 2, -1, 2),
        lips=edges[-12:],
        pose=(camera.yaw, camera.pitch, camera.roll),
        view=view,
    )
