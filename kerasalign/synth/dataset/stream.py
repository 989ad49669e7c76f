"""Renders faces on the fly while a model trains."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock

import numpy as np

from kerasalign.data.augment_config import AugmentConfig
from kerasalign.data.augmentation import apply_augment, draw
from kerasalign.data.cache import CropCache, cached_spec
from kerasalign.data.epochs import EpochDataset
from kerasalign.geometry import CropSpec, apply_affine, tight_box
from kerasalign.markups import get_markup
from kerasalign.synth.dataset.labels import labels_of
from kerasalign.synth.dataset.series import Series, label_series
from kerasalign.synth.head.model import HeadModel
from kerasalign.synth.rendering.picture import render
from kerasalign.synth.rendering.scene import draw_scene

#: Pictures that are shuffled together.
WINDOW = 512


@dataclass(frozen=True, eq=False)
class Studio:
    """Renders the pictures of a series as training crops of a model.

    Args:
        series: What to render.
        crop_spec: The model's crop.
        markup: Markup of the landmarks.
        margin: Side of the crops in units of the box's longer side: room for augmentation.
    """

    series: Series
    crop_spec: CropSpec
    markup: str = "68"
    margin: float = 2.0
    head: HeadModel = field(init=False, repr=False)
    spec: CropSpec = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "head", self.series.load_head())
        object.__setattr__(self, "spec", cached_spec(self.crop_spec, self.margin))

    def face(self, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Crop, landmarks and box of picture `index`, the latter two in pixels of the crop."""
        scene = draw_scene(self.head, self.series.scene, self.series.seed, index)
        picture = render(self.head, scene, self.series.size)
        landmarks = labels_of(self.head, scene, picture, markups=(self.markup,)).points[self.markup]
        crop, matrix = self.spec.extract(picture.image, tight_box(landmarks))
        return crop, *self._in_crop(landmarks, matrix)

    def _in_crop(self, landmarks: np.ndarray, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        box = tight_box(landmarks)
        return (apply_affine(matrix, landmarks).astype("float32"), apply_affine(matrix, box.reshape(2, 2)).ravel())

    def rendered(self, indices) -> CropCache:
        """Renders pictures into a crop cache in memory, such as for validation."""
        crops, landmarks, boxes = zip(*(self.face(int(index)) for index in indices))
        return self._cache(indices, np.array(crops), np.array(landmarks), np.array(boxes))

    def unrendered(self, indices) -> CropCache:
        """The same with black pictures, for uses that need landmarks alone, such as a mean shape."""
        points = label_series(self.series, indices, markup=self.markup)
        placed = [self._in_crop(face, self.spec.transform(tight_box(face))) for face in points]
        black = np.broadcast_to(np.uint8(0), (len(points), self.spec.size, self.spec.size, 3))
        return self._cache(indices, black, *(np.array(part) for part in zip(*placed)))

    def _cache(self, indices, crops, landmarks, boxes) -> CropCache:
        return CropCache(crops, landmarks, boxes, [f"{int(i):07d}" for i in indices], self.spec, self.markup)


class SynthStream(EpochDataset):
    """Yields `(images, landmarks)` batches of faces rendered on demand.

    `(B, S, S, 3)` uint8 and `(B, N, 2)` float32 in pixels of the images. Batch `i` of epoch `e` depends on the
    arguments, `e` and `i` only, as with `FaceLoader`: a run that starts again sees what it would have seen.

    Args:
        studio: Renders.
        augment: An `AugmentConfig`, the name of a preset, or `"none"`.
        batch_size: Faces per batch.
        steps_per_epoch: Batches per epoch.
        repeats: How often a picture is seen, each time augmented anew: rendering costs more than most networks'
            training steps. Pictures are shuffled in windows of 512.
        seed: Seed of order and augmentation; that of the pictures is the series'.
        initial_epoch: Epoch to start with.
        threads: Threads that render and augment.
        **kwargs: `workers` and `max_queue_size` of `keras.utils.PyDataset`.

    Raises:
        ValueError: If a number is not positive.

    Example:

        studio = Studio(Series(seed=1, head="ICT-FaceKit"), model.crop_spec)
        model.fit(SynthStream(studio, steps_per_epoch=300), epochs=10, shuffle=False)
    """

    thread_attributes = ("_executor", "_faces", "_lock")

    def __init__(
        self,
        studio: Studio,
        augment: AugmentConfig | str = "musica",
        batch_size: int = 64,
        steps_per_epoch: int = 300,
        repeats: int = 4,
        seed: int = 0,
        initial_epoch: int = 0,
        threads: int = 2,
        **kwargs,
    ) -> None:
        super().__init__(**{"max_queue_size": 4} | kwargs)
        for name, value in (
            ("batch_size", batch_size),
            ("steps_per_epoch", steps_per_epoch),
            ("repeats", repeats),
            ("threads", threads),
        ):
            if int(value) != value or value < 1:
                raise ValueError(f"`{name}` must be a whole number from 1 up. Received: {name}={value!r}")
        self.studio, self.seed = studio, int(seed)
        self.augment = AugmentConfig.preset(augment) if isinstance(augment, str) else augment
        self.batch_size, self.repeats = int(batch_size), int(repeats)
        self._steps, self._threads = int(steps_per_epoch), int(threads)
        self.set_epoch(initial_epoch)

    def start_threads(self) -> None:
        """As in `EpochDataset`."""
        self._executor = ThreadPoolExecutor(self._threads, "renderer")
        self._faces: dict[int, Future] = {}
        self._lock = Lock()

    def pictures(self, epoch: int, index: int) -> np.ndarray:
        """`(B,)` indices of a batch's pictures in the series."""
        self.check_index(index)
        first = (epoch * self._steps + index) * self.batch_size
        places = np.arange(first, first + self.batch_size)
        windows, inside = np.divmod(places, WINDOW * self.repeats)
        orders = {
            w: np.random.default_rng([self.seed, int(w), 0]).permutation(WINDOW * self.repeats)
            for w in np.unique(windows)
        }
        return np.array([w * WINDOW + orders[w][i] // self.repeats for w, i in zip(windows, inside)])

    def batch(self, epoch: int, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Batch `index` of any epoch."""
        numbers = self.pictures(epoch, index)
        rng = np.random.default_rng([self.seed, epoch, index, 1])
        markup = get_markup(self.studio.markup)
        params = [draw(self.augment, rng, markup) for _ in numbers]
        faces = self._rendered(numbers)
        size = self.studio.crop_spec.size
        images = np.empty((len(numbers), size, size, 3), "uint8")
        landmarks = np.empty((len(numbers), markup.num_points, 2), "float32")
        for row, face in enumerate(faces):
            crop, points, box = face.result()
            images[row], landmarks[row] = apply_augment(
                params[row], crop, points, box, markup, self.studio.crop_spec, self.augment.rebox
            )
        return images, landmarks

    def _rendered(self, numbers: np.ndarray) -> list[Future]:
        """Futures of a batch's pictures; pictures of finished windows are released."""
        self.own_threads()
        with self._lock:
            oldest = int(numbers.min()) // WINDOW * WINDOW
            self._faces = {number: face for number, face in self._faces.items() if number >= oldest}
            for number in numbers.tolist():
                if number not in self._faces:
                    self._faces[number] = self._executor.submit(self.studio.face, number)
            return [self._faces[number] for number in numbers.tolist()]
