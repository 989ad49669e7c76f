"""Crop cache: face crops on disk, so that training decodes no photos."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from pathlib import Path

import numpy as np

from kerasalign.geometry import CropSpec
from kerasalign.support.checks import positive
from kerasalign.support.files import sha256

VERSION = 1


class CacheError(ValueError):
    """A crop cache that is incomplete, truncated or changed."""


def cached_spec(spec: CropSpec, margin: float = 2.0) -> CropSpec:
    """The crop of a cache: same pixel size as the model's crop, larger field of view.

    Args:
        spec: The model's crop.
        margin: Side of the cached crop in units of the box's longer side; never narrower than the model's.

    Returns:
        A spec whose size exceeds `spec.size` by a multiple of 4 pixels, so that the model's crop of an
        untouched box is a slice of the cached one.
    """
    positive(margin=margin)
    missing = margin * spec.size / spec.scale - spec.size
    size = spec.size + 4 * max(0, ceil(missing / 4 - 1e-9))
    return replace(spec, size=size, scale=spec.scale * size / spec.size)


@dataclass(frozen=True, eq=False)
class CropCache:
    """Crops with their landmarks and boxes, in memory or memory-mapped.

    Args:
        crops: `(n, M, M, 3)` uint8 RGB, (0, 0, 0) outside the photo and nowhere else.
        landmarks: `(n, N, 2)` float32 in pixels of the crops; NaN where not annotated.
        boxes: `(n, 4)` float64 boxes `(x0, y0, x1, y1)` in pixels of the crops.
        names: Names of the faces.
        spec: The crop that was cut.
        markup: Name of the landmarks' markup.
        skipped: Face name to the reason why it is not here.
        content_hash: Digest of what the cache was made from; names the data in a run card.
        directory: Where it is kept; `None` in memory.
        groups: `FaceSample.group` of each face, for `split_indices`; `None` where no face has a group.

    Example:

        cache = build_cache(read_dataset("300w", "300W", "train"), model.crop_spec, "cache/300w-train")
    """

    crops: np.ndarray
    landmarks: np.ndarray
    boxes: np.ndarray
    names: Sequence[str]
    spec: CropSpec
    markup: str
    skipped: dict[str, str] = field(default_factory=dict)
    content_hash: str = ""
    directory: Path | None = None
    groups: Sequence[str | None] | None = None

    def __post_init__(self) -> None:
        n, m = len(self.names), self.spec.size
        shapes = {"crops": (n, m, m, 3), "boxes": (n, 4), "landmarks": (n, *self.landmarks.shape[1:])}
        for name, expected in shapes.items():
            if getattr(self, name).shape != expected:
                raise CacheError(
                    f"`{name}` must have shape {expected} for {n} faces of {m} px. "
                    f"Received: shape {getattr(self, name).shape}"
                )
        if self.groups is not None and len(self.groups) != n:
            raise CacheError(f"`groups` must be one per face, {n}. Received: {len(self.groups)} groups")
        if self.crops.dtype != np.uint8:
            raise CacheError(f"`crops` must be uint8. Received: dtype {self.crops.dtype}")

    def __len__(self) -> int:
        return len(self.names)

    def __reduce__(self):
        # A memory-mapped cache is pickled as its path, not as a gigabyte of crops.
        if self.directory is not None:
            return CropCache.open, (self.directory, False)
        return super().__reduce__()

    @classmethod
    def open(cls, directory, verify: bool = True) -> CropCache:
        """Opens a cache without loading it into memory.

        Args:
            directory: As given to `build_cache`.
            verify: Whether to compare the digest of all crops.

        Raises:
            FileNotFoundError: If there is no cache.
            CacheError: If it is damaged or of another version of this library.
        """
        directory = Path(directory)
        try:
            meta = json.loads((directory / "meta.json").read_text("utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            raise FileNotFoundError(f"There is no crop cache. Received: directory='{directory}'") from None
        except ValueError as error:
            raise CacheError(
                f"The cache's meta.json is damaged ({error}). Received: directory={str(directory)!r}"
            ) from error
        if not isinstance(meta, dict) or meta.get("version") != VERSION:
            raise CacheError(f"The cache is not of version {VERSION}. Received: directory={str(directory)!r}")
        try:
            for file, digest in meta["sha256"].items():
                if (verify or file != "crops.npy") and sha256(directory / file) != digest:
                    raise CacheError(f"{file} differs from what was written")
            crops = np.load(directory / "crops.npy", mmap_mode="r") if meta["names"] else _no_crops(meta)
            return cls(
                # A plain view, since slices of NumPy's memmap class are slower.
                crops=crops.view(np.ndarray),
                landmarks=np.load(directory / "landmarks.npy"),
                boxes=np.load(directory / "boxes.npy"),
                names=tuple(meta["names"]),
                spec=CropSpec.from_config(meta["spec"]),
                markup=meta["markup"],
                skipped=meta["skipped"],
                content_hash=meta["content_hash"],
                directory=directory,
                groups=tuple(meta["groups"]) if "groups" in meta else None,
            )
        except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
            raise CacheError(f"The cache is damaged: {error}. Received: directory='{directory}'") from error


def _no_crops(meta: dict) -> np.ndarray:
    size = meta["spec"]["size"]
    return np.zeros((0, size, size, 3), "uint8")
