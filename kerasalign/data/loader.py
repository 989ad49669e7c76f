"""Batches of augmented faces for `model.fit`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from kerasalign.data.augment_config import AugmentConfig
from kerasalign.data.augmentation import AugmentParams, apply_augment, draw
from kerasalign.data.cache import CropCache
from kerasalign.data.epochs import EpochDataset
from kerasalign.geometry import CropSpec
from kerasalign.markups import Markup, get_markup
from kerasalign.support.checks import at_least


class FaceLoader(EpochDataset):
    """Yields `(images, landmarks)`: `(B, S, S, 3)` uint8 and `(B, N, 2)` float32 in pixels of the images.

    Batch `i` of epoch `e` depends on `(seed, e, i)` and the settings only, not on threads or earlier batches. A run
    that resumes at epoch `e` gets the same batches as an uninterrupted run.

    Args:
        cache: Crops, landmarks and boxes.
        crop_spec: The model's crop.
        markup: Scheme of the landmarks; by default the cache's.
        augment: An `AugmentConfig`, the name of a preset, or `"none"`.
        batch_size: Faces per batch.
        steps_per_epoch: Batches per epoch; by default one pass over the faces.
        indices: Indices of the faces to use, for example from `split_indices`; by default all faces.
        weights: Weight of each used face; faces are drawn with replacement in proportion to it.
        repeats: Number of times that each used face appears in a pass.
        seed: Seed of order and augmentation.
        shuffle: Whether each epoch has a new random order.
        drop_last: Whether to drop a last, smaller batch; by default only when shuffling.
        initial_epoch: Epoch to start with; give `fit` the same number.
        threads: Threads that share the faces of a batch.
        **kwargs: `workers` (batches made at a time), `max_queue_size` and `use_multiprocessing` of
            `keras.utils.PyDataset`. Threads are as quick as processes here: the work is done outside of Python.

    Example:

        train, val = split_indices(len(cache), 0.05)
        loader = FaceLoader(cache, model.crop_spec, augment="musica", indices=train,
                            weights=gdb_weights(cache.landmarks[train]))
        held_out = FaceLoader.evaluation(cache, model.crop_spec, indices=val)
        model.fit(loader, validation_data=held_out, shuffle=False, callbacks=[loader.epoch_callback()])

    With `shuffle=False`, `fit` leaves the order of the batches to the loader; otherwise Keras shuffles it by Python's
    global generator. The callback sets the loader to the epoch of `fit`, also with `initial_epoch`.
    """

    thread_attributes = ("_executor",)

    def __init__(
        self,
        cache: CropCache,
        crop_spec: CropSpec,
        markup: str | Markup | None = None,
        augment: AugmentConfig | str = "musica",
        batch_size: int = 64,
        steps_per_epoch: int | None = None,
        indices: np.ndarray | None = None,
        weights: np.ndarray | None = None,
        repeats: np.ndarray | None = None,
        seed: int = 0,
        shuffle: bool = True,
        drop_last: bool | None = None,
        initial_epoch: int = 0,
        threads: int = 2,
        **kwargs,
    ) -> None:
        kwargs.setdefault("max_queue_size", 4)
        super().__init__(**kwargs)
        self.cache = cache
        self.crop_spec = crop_spec
        self.markup = get_markup(cache.markup if markup is None else markup)
        self.augment = AugmentConfig.preset(augment) if isinstance(augment, str) else augment
        self.indices = np.arange(len(cache)) if indices is None else np.asarray(indices)
        self.seed = int(seed)
        self.shuffle = shuffle
        self.batch_size = int(batch_size)
        self._check(batch_size, steps_per_epoch, weights, repeats, shuffle)
        self._chances = None if weights is None else np.asarray(weights, "float64") / np.sum(weights)
        self._pool_of_faces = self.indices if repeats is None else np.repeat(self.indices, repeats)
        drop = (shuffle if drop_last is None else drop_last) and steps_per_epoch is None
        total = len(self._pool_of_faces)
        if steps_per_epoch is None:
            steps_per_epoch = total // self.batch_size if drop else -(-total // self.batch_size)
            # A set smaller than one batch gives one batch.
            steps_per_epoch = max(steps_per_epoch, 1) if total else 0
            self._length = min(total, steps_per_epoch * self.batch_size)
        else:
            self._length = int(steps_per_epoch) * self.batch_size
        self._steps = int(steps_per_epoch)
        self._threads = max(1, int(threads))
        self._order: tuple[int, np.ndarray] | None = None
        self.set_epoch(initial_epoch)

    @classmethod
    def evaluation(cls, cache: CropCache, crop_spec: CropSpec, **kwargs) -> FaceLoader:
        """Every face once, in order, untouched; the last batch may be smaller."""
        return cls(cache, crop_spec, **{"augment": "none", "shuffle": False} | kwargs)

    def faces(self, epoch: int, index: int) -> np.ndarray:
        """Indices into the cache of the faces of a batch, `(B,)`."""
        self.check_index(index)
        order = self._order
        if order is None or order[0] != epoch:
            self._order = order = (epoch, self._draw_order(epoch))
        return order[1][index * self.batch_size : (index + 1) * self.batch_size]

    def batch(self, epoch: int, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Batch `index` of any epoch."""
        faces = self.faces(epoch, index)
        rng = np.random.default_rng([self.seed, epoch, index, 1])
        params = [draw(self.augment, rng, self.markup) for _ in faces]
        size = self.crop_spec.size
        images = np.empty((len(faces), size, size, 3), "uint8")
        landmarks = np.empty((len(faces), *self.cache.landmarks.shape[1:]), "float32")

        def fill(rows: range) -> None:
            for row in rows:
                images[row], landmarks[row] = self._sample(faces[row], params[row])

        if self._threads == 1:
            fill(range(len(faces)))
        else:
            rows = range(len(faces))
            self.own_threads()
            list(self._executor.map(fill, [rows[t :: self._threads] for t in range(self._threads)]))
        return images, landmarks

    def start_threads(self) -> None:
        """As in `EpochDataset`."""
        self._executor = ThreadPoolExecutor(self._threads, "face-loader")

    def _sample(self, face: int, params: AugmentParams) -> tuple[np.ndarray, np.ndarray]:
        cache = self.cache
        try:
            return apply_augment(
                params,
                cache.crops[face],
                cache.landmarks[face],
                cache.boxes[face],
                self.markup,
                self.crop_spec,
                self.augment.rebox,
            )
        except ValueError as error:
            raise ValueError(f"Face '{cache.names[face]}' cannot be augmented: {error}") from error

    def _draw_order(self, epoch: int) -> np.ndarray:
        rng = np.random.default_rng([self.seed, epoch, 0])
        if self._chances is not None:
            return rng.choice(self.indices, self._length, p=self._chances)
        passes = -(-self._length // max(len(self._pool_of_faces), 1))
        deal = rng.permutation if self.shuffle else np.asarray
        rounds = [deal(self._pool_of_faces) for _ in range(passes)]
        return np.concatenate([self._pool_of_faces[:0], *rounds])[: self._length]

    def _check(self, batch_size, steps_per_epoch, weights, repeats, shuffle) -> None:
        n = len(self.indices)
        at_least(1, batch_size=batch_size)
        if int(batch_size) != batch_size:
            raise ValueError(f"`batch_size` must be a whole number. Received: batch_size={batch_size!r}")
        if steps_per_epoch is not None:
            at_least(1, steps_per_epoch=steps_per_epoch)
            if not n:
                raise ValueError(f"`steps_per_epoch` needs faces. Received: {steps_per_epoch} steps of 0 faces")
        if n and (self.indices.min() < 0 or self.indices.max() >= len(self.cache)):
            raise ValueError(
                f"`indices` must be in 0..{len(self.cache) - 1}. Received: {self.indices.min()}..{self.indices.max()}"
            )
        if self.cache.landmarks.shape[1] != self.markup.num_points:
            raise ValueError(
                f"`markup` must have {self.cache.landmarks.shape[1]} points as the cache has. "
                f"Received: markup={self.markup!r}"
            )
        if weights is not None and repeats is not None:
            raise ValueError("`weights` and `repeats` exclude each other. Received: both")
        if weights is not None and not shuffle:
            raise ValueError("`weights` draw at random. Received: shuffle=False")
        for name, values in (("weights", weights), ("repeats", repeats)):
            if values is None:
                continue
            values = np.asarray(values)
            if values.shape != (n,) or not (np.isfinite(values) & (values >= 0)).all() or not values.any():
                raise ValueError(
                    f"`{name}` must hold one number from 0 up for each of the {n} faces used. "
                    f"Received: shape {values.shape}"
                )
