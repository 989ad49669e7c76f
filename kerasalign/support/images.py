"""Reading any photo as `(H, W, 3)` uint8 RGB."""

from __future__ import annotations

import inspect
import io
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from kerasalign.support.bounded import PHOTO, read_bytes
from kerasalign.support.checks import shown
from kerasalign.support.decoding import copy_pixels, decode_large, takes_less_memory, turned_upright
from kerasalign.support.pixels import to_uint8
from kerasalign.support.web import WebError, fetch, is_address

_log = logging.getLogger(__name__)

IMAGE_SUFFIXES = (
    ".avif",
    ".bmp",
    ".gif",
    ".jfif",
    ".jpe",
    ".jpeg",
    ".jpg",
    ".pgm",
    ".png",
    ".ppm",
    ".tif",
    ".tiff",
    ".webp",
)
# Pillow's names of their formats; it imports the plug-ins of the last ones only when they are needed.
_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "PPM", "WEBP", "TIFF", "AVIF")
# Formats of phones; Pillow reads them with a plugin that the user registers, such as pillow-heif.
_PLUGIN_SUFFIXES = (".heic", ".heif")

_ORIENTATION = 274  # EXIF tag
# From so many pixels on, a JPEG or PNG is decoded in less memory.
_LARGE = 16_000_000
# No operating system takes longer paths.
_LONGEST_PATH = 32_767


class ImageError(ValueError):
    """A photo that cannot be read.

    Args:
        source: The photo as it was given.
        reason: What is wrong with it.
    """

    def __init__(self, source, reason: str) -> None:
        self.source = source
        self.reason = reason
        super().__init__(f"Cannot read the photo: {reason}. Received: source={source_name(source)}")


def source_name(source) -> str:
    """Short text that identifies a photo in messages: its path, or its type and size."""
    if isinstance(source, (str, os.PathLike)):
        return shown(os.fspath(source))
    if isinstance(source, (bytes, bytearray, memoryview)):
        return f"<{len(source)} bytes>"
    if isinstance(source, Image.Image):
        return f"<PIL image {source.mode} {source.width}x{source.height}>"
    if isinstance(source, np.ndarray):
        return f"<array {source.shape} {source.dtype}>"
    return f"<{type(source).__name__}>"


def load_image(source) -> np.ndarray:
    """Reads a photo.

    The EXIF orientation is applied, as in an image viewer. Transparent parts become white. Grayscale is repeated to
    three channels, CMYK and other color spaces are converted, deeper pixels are scaled to 8 bits. Animations give their
    first frame.

    Args:
        source: A path, an http(s) address (see `support.web`), `bytes`, a binary file object, a PIL image, or an array
            `(H, W)`, `(H, W, 1)`, `(H, W, 3)` RGB or `(H, W, 4)` RGBA: uint8, bool, integers in 0..255, uint16 of 8,
            10, 12 or 16 bits, or floats in 0..255 (which are rounded) or 0..1. A range that is not certain is refused;
            see `support.pixels.to_uint8`.

    Returns:
        `(H, W, 3)` uint8 RGB, C-contiguous.

    Raises:
        ImageError: If it cannot be read; the message names the file and the reason.
    """
    if isinstance(source, Image.Image):
        return _decode(source, source)
    if is_address(source):
        try:
            return _read_bytes(source, fetch(source))
        except WebError as error:
            raise ImageError(source, str(error)) from None
    if isinstance(source, (str, os.PathLike)):
        return _read_bytes(source, _file_bytes(source))
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _read_bytes(source, bytes(source))
    if hasattr(source, "read"):
        return _read_bytes(source, _stream_bytes(source))
    if hasattr(source, "__array__"):
        return _from_array(source, np.asarray(source))
    if inspect.isawaitable(source) or hasattr(source, "__aiter__"):
        raise ImageError(source, "it is asynchronous: give what `await` returns")
    raise ImageError(source, "expected a path, bytes, a binary file object, a PIL image or an array")


def decoded_bytes(source) -> int:
    """Bytes of a photo's pixels, from the header of a file; 0 where it is no path or bytes, or cannot be read."""
    try:
        if isinstance(source, (bytes, bytearray, memoryview)):
            source = io.BytesIO(source)
        elif not isinstance(source, (str, os.PathLike)):
            return 0
        with Image.open(source) as image:
            return 3 * image.width * image.height
    except Exception:  # reading it will say what is wrong
        return 0


def photo_suffixes() -> frozenset[str]:
    """Suffixes of the files that `load_image` reads, in lower case; of HEIC only where Pillow has a plugin for it."""
    return frozenset({*IMAGE_SUFFIXES, *(kind for kind in _PLUGIN_SUFFIXES if kind in Image.registered_extensions())})


def list_images(folder, recursive: bool = False, on_unlisted: Callable[[OSError], None] | None = None) -> list[Path]:
    """Lists the photos of a folder by their extensions, sorted by path; hidden files are left out.

    HEIC photos are listed if a Pillow plugin reads them, such as pillow-heif; otherwise a warning counts them.

    Args:
        folder: The folder.
        recursive: Whether to search subfolders too.
        on_unlisted: Is called with the error of a folder whose content cannot be listed; by default a warning is
            logged.

    Raises:
        ImageError: If there is no such folder.
    """
    root = Path(folder)
    if not os.fspath(folder):
        raise ImageError(folder, "the path is empty")
    if not root.is_dir():
        raise ImageError(folder, "it is not a folder" if root.exists() else "there is no such folder")
    found = []
    for directory, folders, names in os.walk(root, onerror=on_unlisted or _warn_unlisted):
        folders[:] = [name for name in folders if recursive and not name.startswith(".")]
        paths = (Path(directory, name) for name in names if not name.startswith("."))
        # Named pipes and devices are no photos.
        found += [path for path in paths if path.is_file()]
    kinds = photo_suffixes()
    unread = sum(path.suffix.lower() in {*_PLUGIN_SUFFIXES} - kinds for path in found)
    if unread:
        _log.warning(
            "Left out %d HEIC photos in %s: Pillow reads them after `pillow_heif.register_heif_opener()` of "
            "the package pillow-heif.",
            unread,
            root,
        )
    return sorted(path for path in found if path.suffix.lower() in kinds)


def _warn_unlisted(error: OSError) -> None:
    _log.warning("Left out the folder %s: it cannot be listed (%s).", error.filename, error.strerror)


def _stream_bytes(source) -> bytes:
    data = source.read()
    if inspect.isawaitable(data):
        getattr(data, "close", lambda: None)()  # a coroutine that nobody awaits warns
        raise ImageError(source, "its read() is asynchronous: give `await file.read()`")
    if not isinstance(data, bytes):
        raise ImageError(source, "a file object must be opened in binary mode")
    if not data and _position(source):
        raise ImageError(source, "the file object is at its end: call its seek(0) first")
    return data


def _position(source) -> int:
    try:
        return source.tell()
    except (AttributeError, OSError, ValueError):
        return 0


def _file_bytes(source) -> bytes:
    if not os.fspath(source):
        raise ImageError(source, "the path is empty")
    if isinstance(source, str) and (len(source) > _LONGEST_PATH or source.startswith("data:")):
        advice = "; a photo in base64 is given as `base64.b64decode(text)`, without the part before the comma"
        raise ImageError(source, f"a text of {len(source):,} characters is no path{advice}")
    try:
        return read_bytes(source, PHOTO)
    except IsADirectoryError:
        raise ImageError(source, "it is a folder, not a file") from None
    except FileNotFoundError:
        raise ImageError(source, "there is no such file") from None
    except OSError as error:
        raise ImageError(source, f"the file cannot be opened ({error.strerror or error})") from error
    except ValueError as error:  # a pipe, a file that is too large, or a null character in the path
        raise ImageError(source, str(error)) from error


def open_photo(source: str | os.PathLike | BinaryIO) -> Image.Image:
    """Opens an image of a format that the library reads: `Image.open` without the formats that start programs.

    Pillow reads EPS by starting Ghostscript, whatever the file's name. Formats of plug-ins that the user has registered
    are allowed.
    """
    own = [name for name, (opener, _) in Image.OPEN.items() if not opener.__module__.startswith("PIL.")]
    return Image.open(source, formats=[*_FORMATS, *own])


def _read_bytes(source, data: bytes) -> np.ndarray:
    if not data:
        raise ImageError(source, "the file is empty")
    try:
        image = open_photo(io.BytesIO(data))
    except Image.DecompressionBombError:
        limit = f"more than {2 * (Image.MAX_IMAGE_PIXELS or 0):,} pixels, at which Pillow stops for safety"
        raise ImageError(source, f"it has {limit}: make it smaller, or set PIL.Image.MAX_IMAGE_PIXELS higher") from None
    except UnidentifiedImageError:
        raise ImageError(source, "the file is not an image of a known format") from None
    except Exception as error:  # Pillow's parsers raise what they like on damaged headers
        raise ImageError(source, f"the file's header is damaged ({error})") from error
    with image:
        large = image.width * image.height >= _LARGE and takes_less_memory(image, data)
        return _decode_large(source, image, data) if large else _decode(source, image)


def _decode_large(source, image: Image.Image, data: bytes) -> np.ndarray:
    try:
        # Pillow decodes a whole PNG to look for an orientation that is not there.
        orientation = _orientation(source, image) if image.format != "PNG" else 1
        path = os.fspath(source) if isinstance(source, (str, os.PathLike)) and not is_address(source) else None
        return decode_large(image, data, orientation, path)
    except Exception as error:
        raise ImageError(source, f"the image data is damaged or cut off ({error})") from error


def _decode(source, image: Image.Image) -> np.ndarray:
    stored_in_16_bits = _stored_in_16_bits(image)
    try:
        image.load()
    except Exception as error:  # truncated or damaged data: OSError, SyntaxError, struct.error, ...
        raise ImageError(source, f"the image data is damaged or cut off ({error})") from error
    orientation = _orientation(source, image)
    deep = _deep_pixels(image, stored_in_16_bits)
    if deep is not None:
        return _from_array(source, turned_upright(deep, orientation))
    try:
        transparent = image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info
        mode = "RGBA" if transparent else "RGB"
        # Pillow copies also what has the mode already.
        image = image if image.mode == mode else image.convert(mode)
    except Exception as error:
        raise ImageError(source, f"colors of mode {image.mode} cannot be converted ({error})") from error
    return copy_pixels(image, orientation, _on_white)


def _stored_in_16_bits(image: Image.Image) -> bytes | None:
    """The file of a color image with 16 bits per channel, of which Pillow keeps the upper 8; else `None`."""
    tiles = getattr(image, "tile", None) or ()
    stored = image.mode in ("RGB", "RGBA", "LA") and any(";16" in str(tile[3]) for tile in tiles)
    stream = getattr(image, "fp", None)
    if not stored or stream is None:
        return None
    position = stream.tell()
    stream.seek(0)
    data = stream.read()
    stream.seek(position)
    return data


def _deep_pixels(image: Image.Image, stored_in_16_bits: bytes | None) -> np.ndarray | None:
    """The pixels of an image with more than 8 bits per channel; `None` for other images."""
    if stored_in_16_bits is not None:
        pixels = cv2.imdecode(np.frombuffer(stored_in_16_bits, "uint8"), cv2.IMREAD_UNCHANGED)
        if pixels is not None and pixels.dtype == np.uint16 and pixels.ndim == 3:
            # OpenCV has blue first.
            return pixels[..., [2, 1, 0, *range(3, pixels.shape[2])]]
    if image.mode == "F" or image.mode.startswith("I"):  # one channel, 16 or 32 bits
        values = np.asarray(image)
        deep = image.mode.startswith("I;16") or (image.mode == "I" and 255 < values.max() <= 65535)
        return values.astype("uint16") if deep and values.min() >= 0 else values
    return None


def _orientation(source, image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 is upright."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
        return value if value in range(1, 9) else 1
    except Exception as error:  # damaged EXIF data is common, and no reason to lose the photo
        _log.warning("Ignored the damaged EXIF data of %s (%s).", source_name(source), error)
        return 1


def _from_array(source, array: np.ndarray) -> np.ndarray:
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim == 4 and array.shape[-1] in (1, 3, 4):
        raise ImageError(source, "it is an array of several photos: give `list(array)`")
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4) or array.size == 0:
        raise ImageError(source, "an array must be (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) and not empty")
    try:
        array = to_uint8(array)
    except ValueError as error:
        raise ImageError(source, str(error)) from error
    return np.array(_on_white(array), order="C")


def _on_white(pixels: np.ndarray) -> np.ndarray:
    """`(H, W, 3)` of uint8 pixels of 1, 3 or 4 channels; white is what a viewer shows behind a cut-out portrait."""
    if pixels.shape[2] == 4:
        alpha = pixels[..., 3:].astype("uint16")
        return ((pixels[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype("uint8")
    return np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels
