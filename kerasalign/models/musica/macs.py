"""Multiply-adds of MuSiCa, by the paper's convention and in full."""

from __future__ import annotations


def count_macs(model, convention: str = "full", iterations: int | None = None) -> int:
    """Multiply-adds of one face.

    Args:
        model: A `MuSiCa`.
        convention: `"full"` counts every product; `"paper"` leaves out the recurrent H x H product, which
            reproduces Table 1 (95, 48, 26, 138 and 69 million, rounded down).
        iterations: Number of iterations that run; all by default.

    Raises:
        ValueError: If the convention is unknown.

    Reference: arXiv 2108.00377, Table 1. The image pyramid is not counted, as in the paper.
    """
    if convention not in ("full", "paper"):
        raise ValueError(f"`convention` must be 'full' or 'paper'. Received: convention={convention!r}")
    first = model.patch_size - 2
    second = first // 2 - 2
    features = (second // 2) ** 2 * 64
    patch = first**2 * 27 * 32 + second**2 * 288 * 32 + features * model.hidden
    if model.local_attention:
        patch += features * features + features
    total = len(model.patches) * patch + model.hidden * (2 * model.num_landmarks + 1)
    if convention == "full":
        total += model.hidden**2
    return total * (len(model.levels) if iterations is None else iterations)
