"""Photos that come with the library: for tutorials, tests and first steps."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

__all__ = ["example_photos"]

_HERE = Path(__file__).parent


def example_photos(directory: str | os.PathLike[str]) -> Path:
    """Copies the photos that come with the library into a folder: `group.jpg` and `portraits/*.jpg`.

    `portraits/` holds eight official portraits of members of the US Congress, 335 x 410 pixels, named by their
    identifiers in the Biographical Directory of the Congress. `group.jpg`, 1008 x 480 pixels, shows seven people and
    was put together from such portraits. All are works of the US government, in the public domain.

    Args:
        directory: Folder to copy them to. Files of the same names are replaced; others stay.

    Returns:
        The folder.

    Example:

        photos = kerasalign.example_photos("photos")
        faces = model.align(photos / "group.jpg")
    """
    folder = Path(directory)
    for photo in _HERE.rglob("*.jpg"):
        target = folder / photo.relative_to(_HERE)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(photo, target)
    return folder
