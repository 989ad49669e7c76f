"""Pixels of opened images as upright arrays, in little more memory than the array's own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

# Steps over rows and columns that turn pixels upright, by EXIF orientation; from 5 on, rows and columns change places
# first.
_FLIPS = {1: (1, 1), 2: (1, -1), 3: (-1, -1), 4: (-1, 1), 5: (1, 1), 6: (1, -1), 7: (-1, -1), 8: (-1, 1)}
# Rows that are copied at a time.
_STRIP = 256
_AS_STORED = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION


def turned_upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """A view of stored pixels `(H, W, ...)` as a viewer shows them, by their EXIF orientation."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    rows, columns = _FLIPS[orientation]
    return pixels[::rows, ::columns]


def copy_pixels(
    image: Image.Image, orientation: int = 1, convert: Callable[[np.ndarray], np.ndarray] = np.asarray
) -> np.ndarray:
    """The pixels of a loaded RGB or RGBA image, upright, as a new array `(H, W, 3)`.

    They are copied in strips: Pillow's own conversion holds the photo three times.

    Args:
        image: The image.
        orientation: EXIF orientation.
        convert: Makes RGB of each strip, `(H, W, C)` uint8.
    """
    width, height = image.size
    size = (width, height) if orientation >= 5 else (height, width)
    pixels = np.empty((*size, 3), "uint8")
    rows, columns = _FLIPS[orientation]
    stored = pixels[::rows, ::columns]
    if orientation >= 5:
        stored = stored.swapaxes(0, 1)
    for top in range(0, height, _STRIP):
        bottom = min(top + _STRIP, height)
        stored[top:bottom] = convert(np.asarray(image.crop((0, top, width, bottom))))
    return pixels


def takes_less_memory(image: Image.Image, data: bytes) -> bool:
    """Whether `decode_large` can decode an opened file; not a PNG that may have an orientation."""
    if image.format == "PNG":
        stored = str([tile[3] for tile in getattr(image, "tile", ())])
        plain = image.mode == "RGB" and "transparency" not in image.info and ";16" not in stored
        return plain and not any(chunk in data for chunk in (b"eXIf", b"XML:com.adobe.xmp", b"Raw profile type"))
    return image.format in ("JPEG", "MPO") and image.mode in ("RGB", "L")


def decode_large(image: Image.Image, data: bytes, orientation: int = 1, path: str | None = None) -> np.ndarray:
    """The pixels of a JPEG or PNG, `(H, W, 3)` uint8 RGB, upright, in half of the memory that Pillow takes.

    Args:
        image: The opened file, whose data have not been read, of a kind that `takes_less_memory` names. It is spent
            afterwards.
        data: Content of the file.
        orientation: EXIF orientation.
        path: The file itself, where it is one.

    Raises:
        OSError: If the file is cut off or damaged.
        SyntaxError: If a checksum of a PNG is wrong.
    """
    size = (image.height, image.width)
    # OpenCV makes gray of what is missing. Pillow reads to the end: the checksums, or an eighth of the size.
    if image.format == "PNG":
        image.verify()
    else:
        image.draft(None, (1, 1))
        image.load()
    pixels = _read_into(size, data, path)
    if pixels is None:
        pixels = cv2.imdecode(np.frombuffer(data, "uint8"), _AS_STORED)
    if pixels is None:
        raise OSError("OpenCV cannot decode it")
    for top in range(0, len(pixels), _STRIP):
        strip = pixels[top : top + _STRIP]
        strip[...] = cv2.cvtColor(strip, cv2.COLOR_BGR2RGB)
    return np.ascontiguousarray(turned_upright(pixels, orientation))


def _read_into(size: tuple[int, int], data: bytes, path: str | None) -> np.ndarray | None:
    """The pixels `(H, W, 3)` in BGR by OpenCV's reader of files, or `None`.

    It writes into an array of ours; what `imdecode` decodes is copied once more as a whole.
    """
    try:
        if path is not None:
            return _read_file(path, size)
        with tempfile.TemporaryDirectory() as folder:
            file = str(Path(folder, "photo"))
            Path(file).write_bytes(data)
            return _read_file(file, size)
    # No space for the file, an older OpenCV that takes no array, or a damaged photo, of which `imdecode` tells.
    except (OSError, TypeError, cv2.error):
        return None


def _read_file(path: str, size: tuple[int, int]) -> np.ndarray | None:
    # On Windows OpenCV opens no names of other alphabets, and warns of every file that it cannot open.
    if not Path(path).is_file() or not (path.isascii() or os.name != "nt"):
        return None
    pixels = cv2.imread(path, np.zeros((*size, 3), "uint8"), _AS_STORED)  # type: ignore[call-overload]
    # What it could not open is returned as it was given: black.
    return pixels if pixels is not None and pixels.any() else None
