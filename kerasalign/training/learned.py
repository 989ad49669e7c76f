"""The mean shape of training faces."""

from __future__ import annotations

import numpy as np

from kerasalign.data.cache import CropCache
from kerasalign.markups import get_markup


def mean_shape(cache: CropCache, indices: np.ndarray, size: int) -> np.ndarray:
    """Returns the mean landmarks of faces, `(N, 2)`, in pixels of a crop without augmentation; two decimals.

    A point that no face annotates takes its place from the mean shape of the markup.

    Args:
        cache: Crops with landmarks; they are larger than those of the model, around the same center.
        indices: Faces of the cache.
        size: Side of the model's crop in pixels.
    """
    offset = (cache.spec.size - size) / 2
    shapes = np.asarray(cache.landmarks[indices], "float64") - offset
    annotated = np.asarray(np.isfinite(shapes).all(-1))
    count = annotated.sum(0)[:, None]
    mean = np.where(annotated[..., None], shapes, 0.0).sum(0) / np.maximum(count, 1)
    extent = np.ptp(mean[count[:, 0] > 0], axis=0).max()
    fallback = get_markup(cache.markup).mean_shape * extent + (size - 1) / 2
    return np.round(np.where(count > 0, mean, fallback), 2)
