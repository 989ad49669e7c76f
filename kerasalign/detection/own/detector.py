"""The library's own face detector: one pass over the photo, then a second look at each face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from kerasalign.detection.base import Detection, Detector
from kerasalign.detection.own.coding import find_faces
from kerasalign.detection.own.exposure import stretch_exposure
from kerasalign.detection.own.files import RUNTIMES, Maps, NetworkFiles, open_network
from kerasalign.detection.own.second_look import LOOK_SIZE, as_detection, suppress_duplicates, take_second_look
from kerasalign.geometry import BoxMap, box_center, box_size, compose, invert, resize_matrix

if TYPE_CHECKING:
    from kerasalign.detection.own.network import FaceDetector

# Pixels that go through the network in one pass: eight photos at 256 px.
_PIXELS_PER_PASS = 8 * 256**2
# A face gets a second look if the first one gives it at least this part of `min_score`.
_SECOND_LOOK_SHARE = 0.9


class KerasAlignDetector(Detector):
    """The library's own face detector; it returns the largest face first, equal ones from left to right.

    Its box is the tight box of the landmarks in the frame in which the face is upright: its center is the one in the
    photo, its sides are those of the upright face, and `angle` is the rotation between photo and frame. Crops need no
    map of boxes. The network is opened at the first photo. Dim and flat photos are stretched before it looks at them.

    Args:
        network: The network: a weights file of `FaceDetector`, an `.onnx` or `.tflite` file of it, `NetworkFiles`, a
            `FaceDetector`, or a function from `(B, S, S, 3)` uint8 to its maps; by default the bundled weights.
        size: Side in pixels of the square that a photo is fitted into, a multiple of 32. The detector does not find
            faces smaller than a twentieth of it: raise it for large groups. Time grows with its square.
        min_score: Lowest score of a face, 0..1.
        max_overlap: Largest intersection over union of two faces' boxes.
        second_look: Whether the network looks again at each face, upright and larger. The score is then the geometric
            mean of both looks. It takes one pass over 128 px for each face.
        runtime: Where weights run: `"keras"`, `"onnxruntime"` or `"litert"`. For the last two they are exported once,
            compared with Keras and cached; from then on neither Keras nor TensorFlow is imported. Where `align` gets
            the detector by name, it runs in the model's runtime.
        cache_dir: Folder for the files of other runtimes; by default that of all such files, see `kerasalign cache`.

    Raises:
        ValueError: If a number is out of its range, or the runtime is unknown.

    Example:

        faces = model.align("group.jpg", detector=KerasAlignDetector(size=512))
    """

    name = "kerasalign"
    box_map = BoxMap()
    # Measured: benchmarks/results/detector_accuracy.json.
    refine = 1

    def __init__(
        self,
        network: str | Path | NetworkFiles | FaceDetector | Maps | None = None,
        size: int = 256,
        min_score: float = 0.47,
        max_overlap: float = 0.4,
        second_look: bool = True,
        runtime: str = "keras",
        cache_dir: Path | None = None,
    ) -> None:
        if size < 32 or size % 32:
            raise ValueError(f"`size` must be a multiple of 32. Received: size={size!r}")
        for name, value in (("min_score", min_score), ("max_overlap", max_overlap)):
            if not 0 <= value <= 1:
                raise ValueError(f"`{name}` must lie in 0..1. Received: {name}={value!r}")
        if runtime not in RUNTIMES:
            raise ValueError(f"`runtime` must be one of {RUNTIMES}. Received: runtime={runtime!r}")
        self.network = network
        self.runtime = runtime
        self.size = size
        self.min_score = min_score
        self.max_overlap = max_overlap
        self.second_look = second_look
        self.cache_dir = cache_dir
        self._maps: Maps | None = None
        self._second_maps: Maps | None = None

    def __getstate__(self) -> dict[str, Any]:
        # Opened networks cannot be pickled; the copy opens its own at its first photo.
        return vars(self) | {"_maps": None, "_second_maps": None}

    def detect(self, image: np.ndarray) -> list[Detection]:
        """Finds the faces of a `(H, W, 3)` uint8 RGB photo."""
        return self.detect_many([image])[0]

    def detect_many(self, images: Sequence[np.ndarray]) -> list[list[Detection]]:
        """Finds the faces of several photos of any sizes; up to eight at 256 px go through the network together."""
        maps = self._open()
        images = list(map(stretch_exposure, images))
        batch_size, results = max(_PIXELS_PER_PASS // self.size**2, 1), []
        for start in range(0, len(images), batch_size):
            batch = images[start : start + batch_size]
            squares, matrices = zip(*map(self.fit, batch))
            faces = list(map(self._decode, np.asarray(maps(np.stack(squares))), matrices))
            if self.second_look:
                faces = [
                    suppress_duplicates(looked_at, self.min_score, self.max_overlap)
                    for looked_at in self._look_again(batch, faces)
                ]
            results += map(self._sort, batch, faces)
        return results

    def verify_faces(self, image: np.ndarray, detections: Sequence[Detection]) -> list[bool]:
        """Whether the second look alone finds a face at each place; it turns each one upright first."""
        image = stretch_exposure(image)
        # Score 1 for the first look: the geometric mean is then the root of the second score.
        (faces,) = self._look_again([image], [[replace(detection, score=1.0) for detection in detections]])
        return [face.score**2 >= self.min_score for face in faces]

    def _open(self) -> Maps:
        if self._maps is None:
            self._maps = open_network(self.network, self.runtime, self.size, self.cache_dir)
        return self._maps

    def _look_again(self, images: Sequence[np.ndarray], faces: list[list[Detection]]) -> list[list[Detection]]:
        """The faces of each photo after the second look, also those that it does not find."""
        # A file for LiteRT takes images of one size only.
        fixed_size = isinstance(self.network, (str, Path)) and Path(self.network).suffix == ".tflite"
        size = self.size if fixed_size else LOOK_SIZE
        if self._second_maps is None:
            self._second_maps = (
                self._open() if fixed_size else open_network(self.network, self.runtime, size, self.cache_dir)
            )
        pairs = [(image, face) for image, in_image in zip(images, faces) for face in in_image]
        results = iter(take_second_look(self._second_maps, size, pairs, max(_PIXELS_PER_PASS // size**2, 1)))
        return [[next(results) for _ in in_image] for in_image in faces]

    def _sort(self, image: np.ndarray, faces: list[Detection]) -> list[Detection]:
        """Faces whose center is in the photo, the largest first."""
        height, width = image.shape[:2]
        centers = ((face, box_center(face.box)) for face in faces)
        inside = (face for face, (x, y) in centers if -0.5 <= x < width - 0.5 and -0.5 <= y < height - 0.5)
        return sorted(inside, key=lambda face: (-box_size(face.box).prod(), *face.box))

    def _decode(self, maps: np.ndarray, matrix: np.ndarray) -> list[Detection]:
        """The faces in the maps of a photo, in pixels of the photo."""
        min_score = self.min_score * _SECOND_LOOK_SHARE if self.second_look else self.min_score
        faces, scores = find_faces(maps, min_score, self.max_overlap)
        to_photo = invert(matrix)
        return [as_detection(face, score, to_photo) for face, score in zip(faces, scores)]

    def fit(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Fits a photo into the square that the network takes.

        Args:
            image: `(H, W, 3)` uint8 RGB.

        Returns:
            `(S, S, 3)` uint8, black beside the photo, and the `(2, 3)` map from the photo to it.
        """
        height, width = image.shape[:2]
        scale = self.size / max(height, width)
        size = max(round(width * scale), 1), max(round(height * scale), 1)
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        left, top = (self.size - size[0]) // 2, (self.size - size[1]) // 2
        square = np.zeros((self.size, self.size, 3), "uint8")
        square[top : top + size[1], left : left + size[0]] = cv2.resize(image, size, interpolation=interpolation)
        return square, compose(resize_matrix((width, height), size), np.array([[1.0, 0, left], [0, 1.0, top]]))
