"""The image pyramid that MuSiCa's iterations look at."""

from __future__ import annotations

from kerasalign.layers import PyramidLevel


def image_pyramid(levels: dict[int, PyramidLevel], crops, mean, scale) -> dict[int, tuple]:
    """The image of each level, with the statistics that an iteration needs to standardize it.

    Args:
        levels: Layers by level, the finest first; each further one halves the level before it.
        crops: `(B, S, S, 3)`.
        mean: `(B, 1)` mean of each crop.
        scale: `(B, 1)` factor that standardizes each crop.

    Returns:
        Level to `(image, mean, scale)`. At level 0 the image is the crop itself; the images of the other levels are
        standardized already, and their `mean` and `scale` are `None`.
    """
    images, image = {0: (crops, mean, scale)}, None
    for level, layer in levels.items():
        image = layer(crops, mean, scale) if image is None else layer(image)
        images[level] = (image, None, None)
    return images
