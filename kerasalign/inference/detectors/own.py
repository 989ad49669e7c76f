"""The library's own detector: upright boxes of the landmarks, in one pass over the photo."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from kerasalign.detector.coding import find_faces
from kerasalign.geometry import BoxMap, apply_affine, box_from_center, compose, invert, resize_matrix, scale_of
from kerasalign.inference.detectors.base import Detection, Detector
from kerasalign.inference.detectors.networks import RUNTIMES, open_network

# Pixels that go through the network together: eight photos at 256 px.
_TOGETHER = 8 * 256**2


class KerasAlignDetector(Detector):
    """The detector that `kerasalign.detector` trains; faces come largest first, equal ones from left to right.

    Its box is the tight box of the landmarks in the frame in which the face is upright: middle in the photo, sides of
    the upright face, `angle` between the two. Crops need no map. The network is built at the first photo.

    Args:
        network: Weights file of `FaceDetector`, an `.onnx` or `.tflite` file of it, a `FaceDetector`, or a function
            from `(B, S, S, 3)` uint8 to its maps; by default the weights that come with the library.
        size: Side in pixels of the square that a photo is fitted into, a multiple of 32. Faces smaller than a
            twentieth of it are not found: raise it for large groups. Time grows with its square.
        min_score: Lowest score of a face, 0..1.
        max_overlap: Largest intersection over union of two faces' boxes.
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

    def __init__(self, network=None, size: int = 256, min_score: float = 0.5, max_overlap: float = 0.4,
                 runtime: str = "keras") -> None:
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
        self._maps: Callable | None = None

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
            found += map(self._faces, np.asarray(self._maps(np.stack(squares))), matrices, some)
        return found

    def _faces(self, maps: np.ndarray, matrix: np.ndarray, image: np.ndarray) -> list[Detection]:
        """The faces in the network's maps of a photo, in pixels of the photo."""
        rows, scores = find_faces(maps, self.min_score, self.max_overlap)
        back = invert(matrix)
        scale = scale_of(back)
        found = []
        for row, score in zip(rows, scores):
            middle = apply_affine(back, row[None, :2])[0]
            if -0.5 <= middle[0] < image.shape[1] - 0.5 and -0.5 <= middle[1] < image.shape[0] - 0.5:
                points = apply_affine(back, row[6:16].reshape(5, 2))
                angle = float(np.degrees(np.arctan2(row[5], row[4])))
                found.append(Detection(box_from_center(middle, scale * row[2:4]), score, points, angle))
        return sorted(found, key=lambda face: (-(face.box[2] - face.box[0]) * (face.box[3] - face.box[1]), *face.box))

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
