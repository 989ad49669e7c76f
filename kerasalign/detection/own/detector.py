"""The library's own detector: upright boxes of the landmarks, in one pass over the photo and a look at each face."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from kerasalign.detection.base import Detection, Detector
from kerasalign.detection.own.coding import find_faces
from kerasalign.detection.own.files import RUNTIMES, open_network
from kerasalign.detection.own.second_look import LOOK_SIZE, as_detection, look_again, merged
from kerasalign.geometry import BoxMap, box_center, box_size, compose, invert, resize_matrix

# Pixels that go through the network together: eight photos at 256 px.
_TOGETHER = 8 * 256**2
# What is worth a second look has at least this part of the score that a face needs.
_WORTH_A_LOOK = 0.9


class KerasAlignDetector(Detector):
    """The library's own face detector; faces come largest first, equal ones from left to right.

    Its box is the tight box of the landmarks in the frame in which the face is upright: middle in the photo, sides of
    the upright face, `angle` between the two. Crops need no map. The network is built at the first photo.

    Args:
        network: Weights file of `FaceDetector`, an `.onnx` or `.tflite` file of it, a `FaceDetector`, or a function
            from `(B, S, S, 3)` uint8 to its maps; by default the weights that come with the library.
        size: Side in pixels of the square that a photo is fitted into, a multiple of 32. Faces smaller than a
            twentieth of it are not found: raise it for large groups. Time grows with its square.
        min_score: Lowest score of a face, 0..1.
        max_overlap: Largest intersection over union of two faces' boxes.
        second_look: Whether the network looks again at each face that it found, upright and larger: the score is the
            geometric mean of both. It takes a pass over 128 px for each face.
        runtime: What weights run in: `"keras"`; or `"onnxruntime"` or `"litert"`: they are exported once, compared with
            Keras and cached by their content, and from then on neither Keras nor TensorFlow is imported. `align` takes
            that of the model where it is given the detector's name.

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
        network=None,
        size: int = 256,
        min_score: float = 0.47,
        max_overlap: float = 0.4,
        second_look: bool = True,
        runtime: str = "keras",
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
        self._maps: Callable | None = None
        self._look_maps: Callable | None = None

    def detect(self, image: np.ndarray) -> list[Detection]:
        """Finds the faces of a `(H, W, 3)` uint8 RGB photo."""
        return self.detect_many([image])[0]

    def detect_many(self, images: Sequence[np.ndarray]) -> list[list[Detection]]:
        """Finds the faces of several photos of any sizes; up to eight at 256 px go through the network together."""
        if self._maps is None:
            self._maps = open_network(self.network, self.runtime, self.size)
        together, found = max(_TOGETHER // self.size**2, 1), []
        for start in range(0, len(images), together):
            some = images[start : start + together]
            squares, matrices = zip(*map(self.fit, some))
            faces = list(map(self._faces, np.asarray(self._maps(np.stack(squares))), matrices))
            found += map(self._kept, some, self._looked_at(some, faces) if self.second_look else faces)
        return found

    def sees(self, image: np.ndarray, places: Sequence[Detection]) -> list[bool]:
        """Whether the second look alone finds a face at each place; turned ones it sees upright."""
        if self._maps is None:
            self._maps = open_network(self.network, self.runtime, self.size)
        (seen,) = self._seen([image], [[replace(place, score=1.0) for place in places]])
        return [face.score**2 >= self.min_score for face in seen]

    def _looked_at(self, images: Sequence[np.ndarray], found: list[list[Detection]]) -> list[list[Detection]]:
        """The faces of each photo after the second look."""
        return [merged(faces, self.min_score, self.max_overlap) for faces in self._seen(images, found)]

    def _seen(self, images: Sequence[np.ndarray], found: list[list[Detection]]) -> list[list[Detection]]:
        """All faces of each photo with the second look's opinion."""
        # A file for LiteRT takes pictures of one size.
        fixed = isinstance(self.network, (str, Path)) and Path(self.network).suffix == ".tflite"
        size = self.size if fixed else LOOK_SIZE
        if self._look_maps is None:
            self._look_maps = self._maps if fixed else open_network(self.network, self.runtime, size)
        pairs = [(image, face) for image, faces in zip(images, found) for face in faces]
        seen = iter(look_again(self._look_maps, size, pairs, max(_TOGETHER // size**2, 1)))
        return [[next(seen) for _ in faces] for faces in found]

    def _kept(self, image: np.ndarray, faces: list[Detection]) -> list[Detection]:
        """Faces whose middle is in the photo, the largest first."""
        height, width = image.shape[:2]
        middles = ((face, box_center(face.box)) for face in faces)
        inside = (face for face, (x, y) in middles if -0.5 <= x < width - 0.5 and -0.5 <= y < height - 0.5)
        return sorted(inside, key=lambda face: (-box_size(face.box).prod(), *face.box))

    def _faces(self, maps: np.ndarray, matrix: np.ndarray) -> list[Detection]:
        """The faces in the network's maps of a photo, in pixels of the photo."""
        least = self.min_score * _WORTH_A_LOOK if self.second_look else self.min_score
        rows, scores = find_faces(maps, least, self.max_overlap)
        back = invert(matrix)
        return [as_detection(row, score, back) for row, score in zip(rows, scores)]

    def fit(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The `(S, S, 3)` square that the network sees, black beside the photo, and the map from the photo to it."""
        height, width = image.shape[:2]
        scale = self.size / max(height, width)
        size = max(round(width * scale), 1), max(round(height * scale), 1)
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        left, top = (self.size - size[0]) // 2, (self.size - size[1]) // 2
        square = np.zeros((self.size, self.size, 3), "uint8")
        square[top : top + size[1], left : left + size[0]] = cv2.resize(image, size, interpolation=way)
        return square, compose(resize_matrix((width, height), size), np.array([[1.0, 0, left], [0, 1.0, top]]))
