"""The texture of the face: albedo, slopes of grooves, and gloss."""

from __future__ import annotations

import cv2
import numpy as np

from kerasalign.synth.appearance import canvas
from kerasalign.synth.appearance.brows import paint_brows
from kerasalign.synth.appearance.face_paint import paint_face
from kerasalign.synth.appearance.makeup import paint_makeup
from kerasalign.synth.appearance.skin import paint_skin
from kerasalign.synth.appearance.wrinkles import paint_wrinkles
from kerasalign.synth.head.model import HeadModel


def paint(head: HeadModel, scene) -> np.ndarray:
    """Paints the texture of a scene's face.

    Args:
        head: The head.
        scene: The scene.

    Returns:
        `(H, W, 6)` float32: linear albedo, slopes of the surface along the chart's two axes, gloss factor.
    """
    rng = scene.rng(0)
    marks = canvas.marks(head)
    albedo = paint_skin(rng, scene.skin, marks)
    gloss = 0.8 + 1.2 * canvas.noise_patch(rng, 0, 2)
    gloss += 0.5 * canvas.gaussian((0, 0.8), (1.2, 2.5)) + 0.3 * canvas.gaussian((0, 8), (5, 2))
    grooves = paint_wrinkles(rng, scene.wrinkles, marks)
    albedo *= 1 - grooves[..., None] * np.array([0.28, 0.42, 0.42], "float32")
    if scene.beard is not None:
        scene.beard.paint(rng, marks, albedo)
    paint_makeup(rng, scene.makeup, marks, albedo, gloss)
    if scene.face_paint is not None:
        paint_face(rng, scene.face_paint, albedo)
    brows = paint_brows(rng, scene.brows, marks)
    canvas.blend(albedo, brows, scene.brows.color)
    gloss *= 1 - brows
    out = np.empty((*canvas.SHAPE, 6), "float32")
    out[..., :3] = albedo
    # A groove is a millimeter or so deep; y runs down the canvas and up the chart.
    depth = (-0.12 * grooves).astype("float32")
    out[..., 3] = cv2.Sobel(depth, cv2.CV_32F, 1, 0, scale=canvas.SCALE / 8)
    out[..., 4] = -cv2.Sobel(depth, cv2.CV_32F, 0, 1, scale=canvas.SCALE / 8)
    out[..., 5] = gloss
    return out
