"""Writing a `CropCache` from photos."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from typing import Literal

import numpy as np

from kerasalign.data.cache import VERSION, CacheError, CropCache, cached_spec
from kerasalign.datasets.check import header_size
from kerasalign.datasets.plausibility import UNUSABLE, face_problem, set_problem
from kerasalign.datasets.sample import EmbeddedImage, FaceSample
from kerasalign.geometry import CropSpec, apply_affine
from kerasalign.support.checks import one_of
from kerasalign.support.files import folder_beside, sha256
from kerasalign.support.prefetch import prefetch
from kerasalign.support.progress import track

_LOG = logging.getLogger(__name__)


def build_cache(
    samples: Sequence,
    spec: CropSpec,
    directory,
    *,
    margin: float = 2.0,
    box: str | None = None,
    on_error: Literal["raise", "skip"] = "raise",
    reader: Callable[[object], np.ndarray] | None = None,
    workers: int | None = None,
    progress: bool | None = None,
    overwrite: bool = True,
) -> CropCache:
    """Makes a crop cache, or opens the one in the folder if it was made from the same data.

    Args:
        samples: `FaceSample`s of one markup.
        spec: The model's crop.
        directory: Where to keep it.
        margin: Side of the cached crops in units of the box's longer side.
        box: Kind of box to crop by; by default the kind that `spec` expects.
        on_error: `"raise"`, or `"skip"`: leave faces out whose photo or box is unusable, log them, and list
            them in `skipped`.
        reader: `FaceSample -> (H, W, 3)` uint8 RGB; by default the photo is read from its file.
        workers: Threads that decode photos; by default one per core. Frames of videos are decoded by one more.
        progress: Show a progress bar; by default where the error stream is a terminal.
        overwrite: Whether a whole cache that was made from other data is replaced. A damaged one always is.

    Returns:
        The opened cache, memory-mapped.

    Raises:
        ValueError: If the samples are of several markups or share names, their points are in percent or in another
            order than the markup's, a face is unusable and `on_error` is `"raise"`, or the folder holds a cache
            of other data that must not be overwritten.
    """
    samples = list(samples)
    directory = Path(directory)
    box = spec.box if box is None else box
    one_of("on_error", on_error, ("raise", "skip"))
    markup = _check(samples)
    wide = cached_spec(spec, margin)
    digest = content_hash(samples, wide, box)
    if (directory / "meta.json").exists():
        try:
            cache = CropCache.open(directory)
            if cache.content_hash == digest and (not cache.skipped or on_error == "skip"):
                return cache
            if cache.content_hash != digest and not overwrite:
                raise ValueError(
                    f"`directory` holds {len(cache)} crops that were made from other faces, boxes or margins: give "
                    f"another folder, or remove it. Received: directory={str(directory)!r}"
                )
            _LOG.info("%s was made from other data; writing it again", directory)
        except CacheError as error:
            _LOG.warning("%s Writing it again.", error)
    elif directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise ValueError(
            f"`directory` must be a crop cache, an empty folder or new. Received: directory={str(directory)!r}"
        )
    if (problem := set_problem(samples, header_size)) is not None:
        raise ValueError(f"`samples` cannot be used: {problem}. Received: {len(samples)} faces")
    with folder_beside(directory, "meta.json") as work:
        _fill(work, samples, wide, box, markup, digest, on_error, reader or FaceSample.read_image, workers, progress)
    return CropCache.open(directory, verify=False)


def cut_crops(
    samples: Sequence,
    spec: CropSpec,
    *,
    margin: float = 2.0,
    box: str | None = None,
    on_error: str = "raise",
    progress: bool | None = None,
) -> CropCache:
    """The crops of `build_cache` in memory, for data that is small and read once.

    Args:
        samples: As in `build_cache`.
        spec: As in `build_cache`.
        margin: As in `build_cache`.
        box: As in `build_cache`.
        on_error: As in `build_cache`.
        progress: As in `build_cache`.

    Raises:
        ValueError: As in `build_cache`.
    """
    samples = list(samples)
    one_of("on_error", on_error, ("raise", "skip"))
    markup, wide, box = _check(samples), cached_spec(spec, margin), spec.box if box is None else box
    photos = [list(faces) for _, faces in groupby(samples, key=lambda sample: str(sample.image))]
    results = _cut_photos(photos, wide, box, FaceSample.read_image, None)
    skipped: dict[str, str] = {}
    kept, cut = [], []
    for sample, result in track(results, "Cropping faces", len(samples), progress):
        if isinstance(result, Exception):
            _leave_out(sample, result, on_error, skipped)
        else:
            kept.append(sample)
            cut.append(result)
    size, points = wide.size, len(samples[0].landmarks)
    return CropCache(
        crops=np.array([crop for crop, _, _ in cut], "uint8").reshape(-1, size, size, 3),
        landmarks=np.array([face for _, face, _ in cut], "float32").reshape(-1, points, 2),
        boxes=np.array([corners for _, _, corners in cut], "float64").reshape(-1, 4),
        names=tuple(sample.name for sample in kept),
        spec=wide,
        markup=markup,
        skipped=skipped,
        groups=tuple(sample.group for sample in kept) if any(sample.group for sample in kept) else None,
    )


def _leave_out(sample, error: Exception, on_error: str, skipped: dict[str, str]) -> None:
    """Raises the error of a face, or notes and logs it."""
    if on_error == "raise":
        raise ValueError(f"Face '{sample.name}' cannot be cropped: {error}") from error
    _LOG.warning("left out: face '%s': %s", sample.name, error)
    skipped[sample.name] = str(error)


def content_hash(samples: Sequence, spec: CropSpec, box: str) -> str:
    """Digest of everything that decides a cache's content.

    Of each photo's file it takes the size and the first and last 64 KiB, which tells files apart without reading
    gigabytes.
    """
    digest = hashlib.sha256(json.dumps([VERSION, spec.get_config(), box], sort_keys=True).encode())
    files: dict[Path, bytes] = {}
    for sample in samples:
        landmarks = np.ascontiguousarray(sample.landmarks, "<f8")
        known = "" if box == "landmarks" or box not in sample.boxes else sample.box(box).tolist()
        # A photo inside a larger file (COFW) counts by that file and its key there.
        embedded = isinstance(sample.image, EmbeddedImage)
        path, inside = (sample.image.path, [sample.image.name]) if embedded else (sample.image, [])
        if path not in files:
            files[path] = _fingerprint(path)
        head = json.dumps([sample.name, sample.markup, landmarks.shape, known, *inside]).encode()
        digest.update(hashlib.sha256(head + landmarks.tobytes() + files[path]).digest())
    return digest.hexdigest()


def _check(samples: Sequence) -> str:
    markups = {(sample.markup, len(sample.landmarks)) for sample in samples}
    if len(markups) != 1:
        raise ValueError(
            "`samples` must be faces of one markup, at least one. "
            f"Received: {len(samples)} faces, markups {sorted(markups)}"
        )
    seen: set[str] = set()
    twice = [s.name for s in samples if s.name in seen or seen.add(s.name)]
    if twice:
        raise ValueError(f"`samples` must have unique names. Received: twice {twice[:5]}")
    return markups.pop()[0]


def _fingerprint(path: Path, part: int = 1 << 16) -> bytes:
    try:
        with Path(path).open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(0)
            content = stream.read(part)
            stream.seek(max(size - part, 0))
            return hashlib.sha256(content + stream.read(part)).digest() + size.to_bytes(8, "little")
    except OSError as error:
        # `_cut` reads the file again and reports the error with the face's name.
        return f"unreadable: {type(error).__name__}".encode()


def _cut(faces: list, spec: CropSpec, box: str, reader: Callable) -> list[tuple | Exception]:
    """Crop, landmarks and box of each face of one photo, or the error."""
    try:
        photo = reader(faces[0])
    except (OSError, ValueError) as error:
        return [error] * len(faces)
    results: list[tuple | Exception] = []
    for sample in faces:
        try:
            if (problem := face_problem(sample, photo.shape[1::-1], UNUSABLE)) is not None:
                raise ValueError(problem)
            corners = sample.box(box)
            _check_overlap(corners, photo)
            crop, matrix = spec.extract(photo, corners)
            points = apply_affine(matrix, sample.landmarks)
            results.append((crop, points, apply_affine(matrix, corners.reshape(2, 2)).ravel()))
        except ValueError as error:
            results.append(error)
    return results


def _check_overlap(box: np.ndarray, photo: np.ndarray) -> None:
    """Raises unless a box and its photo overlap: the crop would be black."""
    height, width = photo.shape[:2]
    x0, y0, x1, y1 = box
    if x1 <= 0 or y1 <= 0 or x0 >= width or y0 >= height:
        corners = np.round(box, 1).tolist()
        raise ValueError(f"the box {corners} lies outside of the photo, which has {width}x{height} pixels")


def _fill(work: Path, samples, spec, box, markup, digest, on_error, reader, workers, progress) -> None:
    n, size = len(samples), spec.size
    crops = np.lib.format.open_memmap(work / "crops.npy", "w+", "uint8", (n, size, size, 3))
    landmarks = np.empty((n, len(samples[0].landmarks), 2), "float32")
    boxes = np.empty((n, 4))
    names: list[str] = []
    groups: list[str | None] = []
    skipped: dict[str, str] = {}
    # A photo of many faces (neighbors in a list) is decoded once.
    photos = [list(faces) for _, faces in groupby(samples, key=lambda sample: str(sample.image))]
    results = _cut_photos(photos, spec, box, reader, workers)
    for sample, result in track(results, "Cropping faces", len(samples), progress):
        if isinstance(result, Exception):
            _leave_out(sample, result, on_error, skipped)
            continue
        crops[len(names)], landmarks[len(names)], boxes[len(names)] = result
        names.append(sample.name)
        groups.append(sample.group)
    if skipped:
        # The header holds the number of faces, so a shorter array needs a new file.
        full, crops = crops, np.lib.format.open_memmap(work / "kept.npy", "w+", "uint8", (len(names), size, size, 3))
        for i in range(len(names)):
            crops[i] = full[i]
        del full
    crops.flush()
    del crops
    if skipped:
        (work / "kept.npy").replace(work / "crops.npy")
    np.save(work / "landmarks.npy", landmarks[: len(names)])
    np.save(work / "boxes.npy", boxes[: len(names)])
    meta = {
        "version": VERSION,
        "content_hash": digest,
        "markup": markup,
        "spec": spec.get_config(),
        "box": box,
        "sha256": {file: sha256(work / file) for file in ("crops.npy", "landmarks.npy", "boxes.npy")},
        "skipped": skipped,
        "names": names,
    }
    if any(group is not None for group in groups):
        meta["groups"] = groups
    (work / "meta.json").write_text(json.dumps(meta, indent=1), "utf-8")


def _cut_photos(photos: list[list], spec: CropSpec, box: str, reader: Callable, workers: int | None) -> Iterator[tuple]:
    """Yields every sample with its result, in order; threads decode a bounded number of photos in advance."""
    workers = workers or os.cpu_count() or 1
    pool = ThreadPoolExecutor(workers)
    # One thread for videos: a second one would have to decode a video from its start again.
    in_sequence = ThreadPoolExecutor(1)

    def start(faces: list) -> Callable:
        image = faces[0].image
        lane = in_sequence if isinstance(image, EmbeddedImage) and image.in_order else pool
        future = lane.submit(_cut, faces, spec, box, reader)
        return lambda: zip(faces, future.result())

    try:
        for results in prefetch(start, photos, 4 * workers - 1):
            yield from results
    finally:
        for executor in (pool, in_sequence):
            executor.shutdown(cancel_futures=True)
