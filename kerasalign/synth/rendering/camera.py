"""The camera: where it stands and how it frames the face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerasalign.geometry.head_pose import head_rotation
from kerasalign.synth.jit import transformed


@dataclass(frozen=True)
class Camera:
    """A pinhole camera in front of a turned head.

    Args:
        yaw: Degrees; positive turns the face to the picture's right.
        pitch: Degrees; positive looks up.
        roll: Degrees; positive tips the head towards the picture's right, clockwise as seen.
        distance: Centimeters from the camera to the middle of the head.
        coverage: Longer side of the tight box of the face's points, as a fraction of the picture's side.
        shift: Offset of that box's middle from the picture's, as fractions of the side; x right, y down.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    distance: float = 100.0
    coverage: float = 0.5
    shift: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, eq=False)
class View:
    """A camera fitted to one head: the projection from head coordinates to pixels.

    Args:
        rotation: `(3, 3)` of the head.
        translation: `(3,)` added after it; the camera is the origin and looks along -z.
        focal: Pixels.
        center: `(2,)` pixel that the view axis meets.
    """

    rotation: np.ndarray
    translation: np.ndarray
    focal: float
    center: np.ndarray

    def posed(self, vertices: np.ndarray) -> np.ndarray:
        """Head coordinates to camera coordinates, float32."""
        vertices = np.ascontiguousarray(vertices, "float32")
        return transformed(vertices, self.rotation.astype("float32"), self.translation.astype("float32"))

    def project(self, posed: np.ndarray) -> np.ndarray:
        """Camera coordinates to pixels, pixel centers at integers, float32."""
        scale = (self.focal / -posed[..., 2:]).astype("float32")
        flat = posed[..., :2] * scale
        return np.stack([self.center[0] + flat[..., 0], self.center[1] - flat[..., 1]], -1).astype("float32")


def fitted(camera: Camera, points: np.ndarray, size: int) -> View:
    """Fits a camera to a head, so that the face fills the picture as asked.

    Args:
        camera: The camera.
        points: `(K, 3)` points of the head that the tight box is of.
        size: Side of the picture in pixels.
    """
    turned = head_rotation(camera.yaw, camera.pitch, camera.roll)
    pivot = np.array([0.0, 1.0, 3.0])
    translation = np.array([0.0, 0.0, -camera.distance]) - turned @ pivot
    view = View(turned, translation, 1.0, np.zeros(2))
    flat = view.project(view.posed(points)).astype("float64")
    low, high = flat.min(0), flat.max(0)
    focal = camera.coverage * size / (high - low).max()
    middle = (low + high) / 2 * focal
    center = (0.5 + np.asarray(camera.shift)) * size - 0.5 - middle
    return View(turned, translation, float(focal), center)
