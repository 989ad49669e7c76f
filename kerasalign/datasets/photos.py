"""Photos of a folder by name."""

from __future__ import annotations

from pathlib import Path

from kerasalign.datasets.errors import DatasetError
from kerasalign.support.images import photo_suffixes


def list_photos(folder: Path) -> dict[str, list[Path]]:
    """Name without extension to the photos of that name in a folder; the extension's case does not matter."""
    photos: dict[str, list[Path]] = {}
    kinds = photo_suffixes()
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in kinds and not path.name.startswith("."):
            photos.setdefault(path.stem, []).append(path)
    return photos


def find_photo(annotation: Path, photos: dict[str, list[Path]], stem: str) -> Path:
    """The one photo of that name.

    Raises:
        DatasetError: If there is none, or more than one: which of them was annotated cannot be known.
    """
    found = photos.get(stem, [])
    if not found:
        raise DatasetError(annotation, f"the photo {stem}.* of these points is not there")
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise DatasetError(annotation, f"more than one photo of that name: {names}")
    return found[0]
