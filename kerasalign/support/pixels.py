"""Values of pixels: what range an array of a photo or of crops holds, and its conversion to 0..255."""

from __future__ import annotations

import numpy as np

# Largest value of an array in 0..1: rounding, and division by 254 instead of 255, go a little beyond 1.
_UNIT_LIMIT = 1.01
# Floats in 0..255 whose largest value is at most this are no photo that shows anything.
_BLACK = 16
# Depths that cameras store in 16 bits, aligned to the lowest bit. A photo that uses all 16 bits has larger values.
_DEPTHS = (8, 10, 12)


def to_uint8(array: np.ndarray) -> np.ndarray:
    """Converts the values of a photo to uint8.

    Args:
        array: Any shape. uint8 stays as it is; bool and floats in 0..1 are multiplied by 255; floats and integers in
            0..255 are rounded. uint16 is scaled from 8, 10, 12 or 16 bits: the fewest that hold its largest value.

    Returns:
        uint8, of the same shape.

    Raises:
        ValueError: If the range is none of these, or not certain. The message is what is wrong, without the array.
    """
    if array.dtype == np.uint8:
        return array
    if array.dtype == bool:
        return array.astype("uint8") * np.uint8(255)
    if array.dtype.kind not in "iuf":
        raise ValueError("an array must hold numbers")
    low, high = array.min(), array.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError(f"values of a {array.dtype} array must be finite, these are in {low}..{high}")
    if array.dtype == np.uint16:
        bits = next((depth for depth in _DEPTHS if high < 2**depth), 16)
        return array.astype("uint8") if bits == 8 else scale_to_uint8(array, 2**bits - 1)
    problem = range_problem(low, high)
    if array.dtype.kind == "f" and low >= 0 and 0 < high <= _UNIT_LIMIT:
        return scale_to_uint8(np.minimum(array, 1), 1)
    if problem or (array.dtype.kind == "f" and _UNIT_LIMIT < high <= _BLACK and (array != np.rint(array)).any()):
        raise ValueError(
            f"values of a {array.dtype} array must lie in 0..255 or 0..1, these lie in {low}..{high}{problem}"
        )
    return np.rint(array).astype("uint8")


def range_problem(low: float, high: float) -> str:
    """What to do about values that do not lie in 0..255; empty where they do."""
    if low < 0 and low >= -1.01 and high <= _UNIT_LIMIT:
        return ": multiply them by 127.5 and add 127.5"
    return ": scale them to 0..255" if low < 0 or high > 255 else ""


def check_crop_values(crops: np.ndarray) -> None:
    """Checks that crops have values in 0..255.

    Args:
        crops: `(B, S, S, 3)` of any dtype.

    Raises:
        ValueError: If they are no numbers, are not finite, lie outside of 0..255, or are floats in 0..1 or -1..1.
    """
    if crops.dtype == np.uint8 or not crops.size:
        return
    if crops.dtype.kind not in "iuf":
        raise ValueError(f"`crops` must hold numbers in 0..255. Received: crops of {crops.dtype}")
    low, high = float(crops.min()), float(crops.max())
    problem = range_problem(low, high) or ("" if np.isfinite(low) and np.isfinite(high) else ": they are not finite")
    if not problem and crops.dtype.kind == "f" and 0 < high <= _UNIT_LIMIT:
        problem = ": multiply them by 255"
    if problem:
        raise ValueError(
            f"`crops` must hold values in 0..255{problem}. Received: crops of {crops.dtype} in {low:g}..{high:g}"
        )


def scale_to_uint8(array: np.ndarray, white: float) -> np.ndarray:
    """Values in 0..white as uint8 in 0..255, rounded."""
    return np.rint(array * (255 / np.float32(white))).astype("uint8")
