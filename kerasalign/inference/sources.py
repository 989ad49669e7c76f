"""What a source of `align` stands for: one photo, or many."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np

from kerasalign.support.checks import one_of
from kerasalign.support.images import list_images, photo_suffixes
from kerasalign.support.web import is_address

COLORS = ("rgb", "bgr")


def photo_list(source: Any, recursive: bool = False) -> list[Any] | None:
    """The photos that a source stands for; `None` for a single photo.

    Args:
        source: A folder, a pattern such as `"photos/*.jpg"`, a list or tuple, an array `(B, H, W, 3)`, or a photo.
        recursive: Whether to search the sub-folders of a folder.

    Raises:
        ValueError: If nothing matches a pattern.
    """
    if isinstance(source, (list, tuple)):
        return list(source)
    if isinstance(source, np.ndarray) and source.ndim == 4:
        return list(source)
    if is_folder(source):
        return list_images(source, recursive)
    if is_pattern(source):
        return matching(source)
    return None


def is_folder(source: Any) -> bool:
    """Whether a source is the path of a folder."""
    try:
        return isinstance(source, (str, os.PathLike)) and os.fspath(source) != "" and Path(source).is_dir()
    except (OSError, ValueError):  # the name is too long, for instance; reading it will raise a clearer error
        return False


def is_pattern(source: Any) -> TypeGuard[str | os.PathLike[str]]:
    """Whether a source is a pattern of paths, and no file of that name."""
    if not isinstance(source, (str, os.PathLike)) or (isinstance(source, os.PathLike) and not isinstance(source, Path)):
        return False
    text = os.fspath(source)
    if is_address(text) or len(text) > 4096 or not glob.has_magic(text):
        return False
    try:
        return not Path(text).exists()
    except (OSError, ValueError):
        return False


def matching(pattern: str | os.PathLike[str]) -> list[Path]:
    """The photos whose paths match a pattern, by name; `**` stands for folders of any depth.

    Raises:
        ValueError: If there is none.
    """
    # `Path.glob` wants the folder apart, and knows no pattern in it.
    found = map(Path, glob.iglob(str(Path(pattern).expanduser()), recursive=True))  # noqa: PTH207
    photos = sorted(path for path in found if path.suffix.lower() in photo_suffixes() and path.is_file())
    if not photos:
        raise ValueError(f"No photo matches this pattern. Received: source={os.fspath(pattern)!r}")
    return photos


def in_rgb(source: Any, color: str) -> Any:
    """A source whose arrays are RGB, given those of `color`; files know their colors themselves.

    Args:
        source: Anything that `align` or `align_video` takes.
        color: `"rgb"`, or `"bgr"` as OpenCV has it.

    Raises:
        ValueError: If `color` is neither.
    """
    one_of("color", color, COLORS)
    if color == "rgb":
        return source
    if isinstance(source, np.ndarray):
        return _swapped(source)
    if isinstance(source, (list, tuple)):
        return [_swapped(item) if isinstance(item, np.ndarray) else item for item in source]
    if isinstance(source, Iterator) and not hasattr(source, "read"):
        return _each(source)
    return source


def _each(photos: Iterable[Any]) -> Iterator[Any]:
    for photo in photos:
        yield _swapped(photo) if isinstance(photo, np.ndarray) else photo


def _swapped(array: np.ndarray) -> np.ndarray:
    """The same pixels with red and blue exchanged, without a copy; gray arrays as they are."""
    channels = array.shape[-1] if array.ndim > 2 else 1
    if channels == 4:
        return array[..., [2, 1, 0, 3]]
    return array[..., ::-1] if channels == 3 else array
