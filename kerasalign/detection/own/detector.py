"""The library's own face detector: a look at the whole photo, a finer one, and one at each doubtful face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasalign.detection.base import Detection, Detector, largest_first
from kerasalign.detection.own.coding import find_faces
from kerasalign.detection.own.exposure import stretch_exposure
from kerasalign.detection.own.files import RUNTIMES, Maps, NetworkFiles, open_network
from kerasalign.detection.own.levels import COARSE, MULTIPLE, fine_size, fit_photo, may_hold_small_faces, turn_quarters
from kerasalign.detection.own.second_look import LOOK_SIZE, as_detection, suppress_duplicates, take_second_look
from kerasalign.geometry import box_center, invert
from kerasalign.support.checks import in_range, one_of

if TYPE_CHECKING:
    from kerasalign.detection.own.network import FaceDetector

# Pixels that go through the network in one pass: eight photos at 256 px.
_PIXELS_PER_PASS = 8 * 256**2
# Faces of a higher score need no second look.
_SURE = 0.8
# What a face of a stretched photo needs more: stretched noise looks like faces a little more often.
_STRETCHED_MORE = 0.03
# Lowest score of a face in a turned photo.
_TURNED_SCORE = 0.6
# Most faces of a photo that get a second look.
_MOST_LOOKS = 100


class KerasAlignDetector(Detector):
    """The library's own face detector; it returns the largest face first, equal ones from left to right.

    Its box is the tight box of the landmarks in the frame in which the face is upright: its center is the one in the
    photo, its sides are those of the upright face, and `angle` is the rotation between photo and frame. Crops need no
    map of boxes. The network is opened at the first photo. Dim and flat photos are stretched before it looks at them.

    It searches the photo at 256 px along the longer side, and then as it is, up to `size`. Most faces of 40 px and more
    are found, few of less than 30. Where the first look finds a large face and nothing that might be a small one, it is
    the only one; where it is sure of none, the photo is looked at on its sides and upside down, too.

    Args:
        network: The network: a weights file of `FaceDetector`, an `.onnx` or `.tflite` file of it, `NetworkFiles`, a
            `FaceDetector`, or a function from `(B, H, W, 3)` uint8 to its maps; by default the bundled weights.
        size: Largest size of the search: pixels along the photo's longer side, a multiple of 32. Larger photos are
            resized to it. Time grows with its square. With 256 or less there is one look of that size. A `.tflite` file
            searches at its own size only.
        min_score: Lowest score of a face, 0..1; in photos that were stretched 0.03 more.
        max_overlap: Largest intersection over union of two faces' boxes.
        second_look: Whether the network looks again at each face of a doubtful score, upright and larger. The score is
            then the geometric mean of both looks. It takes one pass over 128 px for each such face.
        runtime: Where weights run: `"keras"`, `"onnxruntime"` or `"litert"`. For the last two they are exported once,
            compared with Keras and cached; from then on neither Keras nor TensorFlow is imported. Where `align` gets
            the detector by name, it runs in the model's runtime.
        cache_dir: Folder for the files of other runtimes; by default that of all such files, see `kerasalign cache`.

    Raises:
        ValueError: If a number is out of its range, or the runtime is unknown.

    Example:

        faces = model.align("group.jpg", detector=KerasAlignDetector(size=2048))
    """

    name = "kerasalign"
    # Measured: benchmarks/results/detector_accuracy.json.
    refine = 1

    def __init__(
        self,
        network: str | Path | NetworkFiles | FaceDetector | Maps | None = None,
        size: int = 1024,
        min_score: float = 0.6,
        max_overlap: float = 0.4,
        second_look: bool = True,
        runtime: str = "keras",
        cache_dir: Path | None = None,
    ) -> None:
        if size < MULTIPLE or size % MULTIPLE:
            raise ValueError(f"`size` must be a multiple of {MULTIPLE}. Received: size={size!r}")
        in_range(0, 1, min_score=min_score, max_overlap=max_overlap)
        one_of("runtime", runtime, RUNTIMES)
        self.network = network
        self.runtime = runtime
        self.size = size
        self.min_score = min_score
        self.max_overlap = max_overlap
        self.second_look = second_look
        self.cache_dir = cache_dir
        # A `.tflite` file takes images of one size only; in LiteRT there is such a file for every size.
        self._one_size = isinstance(network, (str, Path)) and Path(network).suffix == ".tflite"
        self._squares = self._one_size or (runtime == "litert" and not _takes_any_size(network))
        self._maps: dict[int, Maps] = {}

    def __getstate__(self) -> dict[str, Any]:
        # Opened networks cannot be pickled; the copy opens its own at its first photo.
        return vars(self) | {"_maps": {}}

    def detect(self, image: np.ndarray) -> list[Detection]:
        """Finds the faces of a `(H, W, 3)` uint8 RGB photo."""
        return self.detect_many([image])[0]

    def detect_many(self, images: Sequence[np.ndarray]) -> list[list[Detection]]:
        """Finds the faces of several photos; those of one shape go through the network together."""
        given, images = images, list(map(stretch_exposure, images))
        lowest = [self.min_score + (_STRETCHED_MORE if a is not b else 0) for a, b in zip(given, images)]
        coarse = self.size if self._one_size else min(self.size, COARSE)
        faces = self._search(images, [coarse] * len(images))
        ways = self._look_turned(images, faces, coarse)
        finer = []
        for index, image in enumerate(images):
            height, width = image.shape[:2]
            size = None if self._one_size else fine_size(height, width, self.size)
            if size and may_hold_small_faces(faces[index], coarse / max(height, width), self.min_score):
                finer += [(index, size, way) for way in dict.fromkeys((0, ways[index]))]
        indices, sizes, turns = zip(*finer) if finer else ((), (), ())
        for index, way, found in zip(indices, turns, self._search([images[i] for i in indices], [*sizes], [*turns])):
            faces[index] = faces[index] + [face for face in found if not way or face.score >= _TURNED_SCORE]
        if self.second_look:
            faces = self._look_at_doubtful(images, faces)
        return [
            self._sort(image, suppress_duplicates(in_image, score, self.max_overlap))
            for image, in_image, score in zip(images, faces, lowest)
        ]

    def verify_faces(self, image: np.ndarray, detections: Sequence[Detection]) -> list[bool]:
        """Whether the second look alone finds a face at each place; it turns each one upright first."""
        image = stretch_exposure(image)
        # Score 1 for the first look: the geometric mean is then the root of the second score.
        (faces,) = self._look_again([image], [[replace(detection, score=1.0) for detection in detections]])
        return [face.score**2 >= self.min_score for face in faces]

    @property
    def _first_score(self) -> float:
        """Lowest score of the first look with which the geometric mean of both can reach `min_score`."""
        return self.min_score**2 if self.second_look else self.min_score

    def _open(self, size: int) -> Maps:
        """The network for inputs of this side."""
        if not self._squares or self._one_size:
            size = self.size if self._one_size else COARSE
        if size not in self._maps:
            self._maps[size] = open_network(self.network, self.runtime, size, self.cache_dir)
        return self._maps[size]

    def _look_turned(self, images: Sequence[np.ndarray], faces: list[list[Detection]], size: int) -> list[int]:
        """Looks at photos without a sure face on their side and upside down, too, and adds what it finds there.

        Returns:
            Quarter turns, counterclockwise, in which each photo shows its surest face.
        """
        ways = [0] * len(images)
        unsure = [index for index in range(len(images)) if max(_scores(faces[index])) < _SURE]
        looks = [(index, way) for index in unsure for way in (1, 2, 3)]
        turned = self._search([images[index] for index, _ in looks], [size] * len(looks), [way for _, way in looks])
        surest = {index: max(_scores(faces[index])) for index in unsure}
        for (index, way), found in zip(looks, turned):
            if max(_scores(found)) > surest[index]:
                surest[index], ways[index] = max(_scores(found)), way
            # Duplicates wait for the second look, which knows better which of them has the right angle.
            faces[index] = faces[index] + [face for face in found if face.score >= _TURNED_SCORE]
        return ways

    def _search(
        self, images: Sequence[np.ndarray], sizes: Sequence[int], ways: Sequence[int] | None = None
    ) -> list[list[Detection]]:
        """What one look at each photo takes for faces, also doubtful ones; photos have sizes and quarter turns."""
        fitted = [fit_photo(image, size, self._squares) for image, size in zip(images, sizes)]
        fitted = [turn_quarters(*pair, way) for pair, way in zip(fitted, ways or [0] * len(fitted))]
        groups: dict[tuple[int, ...], list[int]] = {}
        for index, (picture, _) in enumerate(fitted):
            groups.setdefault(picture.shape, []).append(index)
        results: dict[int, list[Detection]] = {}
        for (height, width, _), group in groups.items():
            maps, batch_size = self._open(max(height, width)), max(_PIXELS_PER_PASS // (height * width), 1)
            for start in range(0, len(group), batch_size):
                batch = group[start : start + batch_size]
                for index, one in zip(batch, np.asarray(maps(np.stack([fitted[index][0] for index in batch])))):
                    results[index] = self._decode(one, fitted[index][1])
        return [results[index] for index in range(len(images))]

    def _decode(self, maps: np.ndarray, matrix: np.ndarray) -> list[Detection]:
        """The faces in the maps of a photo, in pixels of the photo."""
        faces, scores = find_faces(maps, self._first_score, self.max_overlap)
        to_photo = invert(matrix)
        turn = float(np.degrees(np.arctan2(to_photo[1, 0], to_photo[0, 0])))
        found = [as_detection(face, score, to_photo) for face, score in zip(faces, scores)]
        return [replace(face, angle=(face.angle + turn + 180) % 360 - 180) for face in found] if turn else found

    def _look_at_doubtful(self, images: Sequence[np.ndarray], faces: list[list[Detection]]) -> list[list[Detection]]:
        """The faces of each photo, those of a doubtful score after a second look."""
        doubtful = [
            sorted((face for face in in_image if face.score < _SURE), key=lambda face: -face.score)
            for in_image in faces
        ]
        looked_at = self._look_again(images, [in_image[:_MOST_LOOKS] for in_image in doubtful])
        return [[face for face in in_image if face.score >= _SURE] + again for in_image, again in zip(faces, looked_at)]

    def _look_again(self, images: Sequence[np.ndarray], faces: list[list[Detection]]) -> list[list[Detection]]:
        """The faces of each photo after the second look, also those that it does not find."""
        size = self.size if self._one_size else LOOK_SIZE
        pairs = [(image, face) for image, in_image in zip(images, faces) for face in in_image]
        if not pairs:
            return [[] for _ in images]
        results = iter(take_second_look(self._open(size), size, pairs, max(_PIXELS_PER_PASS // size**2, 1)))
        return [[next(results) for _ in in_image] for in_image in faces]

    def _sort(self, image: np.ndarray, faces: list[Detection]) -> list[Detection]:
        """Faces whose center is in the photo, the largest first."""
        height, width = image.shape[:2]
        centers = ((face, box_center(face.box)) for face in faces)
        inside = (face for face, (x, y) in centers if -0.5 <= x < width - 0.5 and -0.5 <= y < height - 0.5)
        return largest_first(inside)


def _scores(faces: Sequence[Detection]) -> list[float]:
    return [0.0, *(face.score for face in faces)]


def _takes_any_size(network: object) -> bool:
    """Whether a network is a function or an `.onnx` file, which take images of any size in every runtime."""
    if isinstance(network, (str, Path)):
        return Path(network).suffix == ".onnx"
    return callable(network) and not hasattr(network, "load_weights")
