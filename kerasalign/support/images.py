"""Reading any photo as `(H, W, 3)` uint8 RGB."""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

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
# Formats of phones; Pillow reads them with a plugin that the user registers, such as pillow-heif.
_PLUGIN_SUFFIXES = (".heic", ".heif")


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
        return repr(os.fspath(source))
    if isinstance(source, (bytes, bytearray, memoryview)):
        return f"<{len(source)} bytes>"
    if isinstance(source, Image.Image):
        return f"<PIL image {source.mode} {source.width}x{source.height}>"
    if isinstance(source, np.ndarray):
        return f"<array {source.shape} {source.dtype}>"
    return f"<{type(source).__name__}>"


def load_image(source) -> np.ndarray:
    """Reads a photo.

    The EXIF orientation is applied, as in an image viewer. Transparent parts become
    white. Grayscale is repeated to three channels, CMYK and other color spaces are converted, 16-bit values
    are divided by 257. Animations give their first frame.

    Args:
        source: A path, `bytes`, a binary file object, a PIL image, or an array `(H, W)`, `(H, W, 1)`,
            `(H, W, 3)` RGB or `(H, W, 4)` RGBA: uint8, uint16 in 0..65535, bool, or other integers and
            floats in 0..255 (floats are rounded).

    Returns:
        `(H, W, 3)` uint8 RGB, C-contiguous.

    Raises:
        ImageError: If it cannot be read; the message names the file and the reason.
    """
    if isinstance(source, Image.Image):
        return _decode(source, source)
    if isinstance(source, (str, os.PathLike)):
        return _read_bytes(source, _file_bytes(source))
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _read_bytes(source, bytes(source))
    if hasattr(source, "read"):
        data = source.read()
        if not isinstance(data, bytes):
            raise ImageError(source, "a file object must be opened in binary mode")
        return _read_bytes(source, data)
    if hasattr(source, "__array__"):
        return _from_array(source, np.asarray(source))
    raise ImageError(source, "expected a path, bytes, a binary file object, a PIL image or an array")


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
    if not root.is_dir():
        raise ImageError(folder, "it is not a folder" if root.exists() else "there is no such folder")
    found = []
    for directory, folders, names in os.walk(root, onerror=on_unlisted or _warn_unlisted):
        folders[:] = [name for name in folders if recursive and not name.startswith(".")]
        paths = (Path(directory, name) for name in names if not name.startswith("."))
        # Named pipes and devices are no photos.
        found += [path for path in paths if path.is_file()]
    kinds = {*IMAGE_SUFFIXES, *(kind for kind in _PLUGIN_SUFFIXES if kind in Image.registered_extensions())}
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


def _file_bytes(source) -> bytes:
    path = Path(source)
    try:
        if path.is_dir():
            raise ImageError(source, "it is a folder, not a file")
        return path.read_bytes()
    except ImageError:
        raise
    except FileNotFoundError:
        raise ImageError(source, "there is no such file") from None
    except OSError as error:
        raise ImageError(source, f"the file cannot be opened ({error.strerror or error})") from error
    except ValueError as error:  # a null character in the path, for one
        raise ImageError(source, f"it is not a path ({error})") from error


def _read_bytes(source, data: bytes) -> np.ndarray:
    if not data:
        raise ImageError(source, "the file is empty")
    try:
        image = Image.open(io.BytesIO(data))
    except Image.DecompressionBombError:
        limit = f"more than {2 * (Image.MAX_IMAGE_PIXELS or 0):,} pixels, at which Pillow stops for safety"
        raise ImageError(source, f"it has {limit}: make it smaller, or set PIL.Image.MAX_IMAGE_PIXELS higher") from None
    except UnidentifiedImageError:
        raise ImageError(source, "the file is not an image of a known format") from None
    except Exception as error:  # Pillow's parsers raise what they like on damaged headers
        raise ImageError(source, f"the file's header is damaged ({error})") from error
    with image:
        return _decode(source, image)


def _decode(source, image: Image.Image) -> np.ndarray:
    try:
        image.load()
    except Exception as error:  # truncated or damaged data: OSError, SyntaxError, struct.error, ...
        raise ImageError(source, f"the image data is damaged or cut off ({error})") from error
    image = _upright(source, image)
    if image.mode == "F" or image.mode.startswith("I"):  # one channel, 16 or 32 bits
        values = np.asarray(image)
        deep = image.mode.startswith("I;16") or (image.mode == "I" and 255 < values.max() <= 65535)
        if deep and values.min() >= 0:
            values = values.astype("uint16")
        return _from_array(source, values)
    try:
        if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
            image = image.convert("RGBA")
        elif image.mode != "RGB":
            image = image.convert("RGB")
    except Exception as error:
        raise ImageError(source, f"colors of mode {image.mode} cannot be converted ({error})") from error
    return _from_array(source, np.asarray(image))


def _upright(source, image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception as error:  # damaged EXIF data is common, and no reason to lose the photo
        _log.warning("Ignored the damaged EXIF data of %s (%s).", source_name(source), error)
        return image


def _from_array(source, array: np.ndarray) -> np.ndarray:
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4) or array.size == 0:
        raise ImageError(source, "an array must be (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) and not empty")
    array = _to_uint8(source, array)
    if array.shape[2] == 4:
        # White is what a viewer shows behind a cut-out portrait.
        alpha = array[..., 3:].astype("uint16")
        array = ((array[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype("uint8")
    elif array.shape[2] == 1:
        array = np.repeat(array, 3, axis=2)
    return np.array(array, order="C")


def _to_uint8(source, array: np.ndarray) -> np.ndarray:
    if array.dtype == np.uint8:
        return array
    if array.dtype == bool:
        return array.astype("uint8") * np.uint8(255)
    if array.dtype == np.uint16:
        return ((array.astype("uint32") + 128) // 257).astype("uint8")
    if array.dtype.kind not in "iuf":
        raise ImageError(source, "an array must hold numbers")
    low, high = array.min(), array.max()
    if not (np.isfinite(low) and np.isfinite(high)) or low < 0 or high > 255:
        raise ImageError(source, f"values of a {array.dtype} array must lie in 0..255, not in {low}..{high}")
    if array.dtype.kind == "f" and 0 < high <= 1:
        # Such a photo would be black; it is one in 0..1.
        raise ImageError(
            source, f"values of a {array.dtype} array must lie in 0..255, these lie in 0..1; multiply them by 255"
        )
    return np.round(array).astype("uint8")
