"""Embeddings of face crops by any recognizer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerasalign.support.images import load_image


def embed_faces(
    embed: Callable[[np.ndarray], Any], photos: Sequence[Any] | np.ndarray, batch_size: int = 64, mirror: bool = True
) -> np.ndarray:
    """Unit-length embeddings of face crops.

    Args:
        embed: The recognizer: from `(B, H, W, 3)` uint8 RGB crops to `(B, D)` embeddings, such as a Keras model or a
            function that runs ONNX Runtime. It normalizes pixels itself.
        photos: Crops of one size: arrays, paths or encoded bytes.
        batch_size: Crops per call.
        mirror: Whether to add the embedding of the mirrored crop before normalization, as published numbers do.

    Returns:
        `(M, D)` float32.

    Raises:
        ImageError: If a photo cannot be read.
        ValueError: If the crops differ in size, or an embedding is not finite or is zero.
    """
    if not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
        raise ValueError(f"`batch_size` must be an integer of at least 1. Received: batch_size={batch_size!r}")
    vectors_of_batches = []
    for start in range(0, len(photos), batch_size):
        crops = [load_image(photo) for photo in photos[start : start + batch_size]]
        sizes = {crop.shape[:2] for crop in crops}
        if len(sizes) != 1:
            raise ValueError(f"`photos` must be crops of one size; align them first. Received: {sorted(sizes)[:3]}")
        batch = np.stack(crops)
        vectors = _as_vectors(embed(batch), len(batch))
        if mirror:
            vectors = vectors + _as_vectors(embed(np.ascontiguousarray(batch[:, :, ::-1])), len(batch))
        vectors_of_batches.append(vectors)
    if not vectors_of_batches:
        raise ValueError("`photos` must hold at least one crop. Received: none")
    total = np.concatenate(vectors_of_batches)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    bad = np.flatnonzero(~(np.isfinite(length) & (length > 0)))
    if bad.size:
        raise ValueError(
            "`embed` must give finite embeddings that are not zero. "
            f"Received: {total[bad[0]][:4].tolist()}... of photo {bad[0]}"
        )
    return (total / length).astype("float32")


def _as_vectors(output: Any, count: int) -> np.ndarray:
    if not isinstance(output, np.ndarray):
        from keras import ops

        output = ops.convert_to_numpy(output)
    vectors = np.asarray(output, "float64")
    if vectors.ndim != 2 or len(vectors) != count:
        raise ValueError(
            f"`embed` must give ({count}, D) embeddings for {count} crops. Received: shape {vectors.shape}"
        )
    return vectors
