"""Report on balancing: histograms before and after, and the faces of highest and lowest score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerasalign.data.balance import mahalanobis, pdb_copies, shape_space
from kerasalign.support.checks import one_of


@dataclass(frozen=True)
class BalanceReport:
    """How often balanced training uses each face of a data set.

    Args:
        method: `"gdb"` or `"pdb"`.
        score: `(n,)` Mahalanobis distance (GDB), or first principal component (PDB) or its absolute value.
        weights: `(n,)` frequency of each face, mean 1.
        copies: `(n,)` the same as whole numbers of copies.
        edges: `(bins + 1,)` limits of the histogram of `score`.
        before: `(bins,)` faces per bin.
        after: `(bins,)` faces per bin weighted by frequency, scaled to the same total.
        top: Indices of the faces of highest score, highest first.
        bottom: Indices of the faces of lowest score, lowest first.
    """

    method: str
    score: np.ndarray
    weights: np.ndarray
    copies: np.ndarray
    edges: np.ndarray
    before: np.ndarray
    after: np.ndarray
    top: np.ndarray
    bottom: np.ndarray

    def summary(self) -> dict:
        """Plain dict without the per-face arrays."""
        return {
            "method": self.method,
            "faces": len(self.score),
            "list_length": int(self.copies.sum()),
            "most_copies": int(self.copies.max()),
            "weight_range": [float(self.weights.min()), float(self.weights.max())],
            "bins": [
                {"from": float(low), "to": float(high), "faces": int(b), "seen": float(a)}
                for low, high, b, a in zip(self.edges[:-1], self.edges[1:], self.before, self.after)
            ],
            "top": self.top.tolist(),
            "bottom": self.bottom.tolist(),
        }


def balance_report(
    landmarks: np.ndarray,
    method: str = "gdb",
    bins: int = 9,
    ends: int = 8,
    variance: float = 0.95,
    components: int | None = None,
    seed: int = 0,
    absolute: bool = False,
) -> BalanceReport:
    """Reports a balancing method on `(n, N, 2)` landmarks.

    Args:
        landmarks: Faces; NaN marks points that are not annotated.
        method: `"gdb"` or `"pdb"`.
        bins: Bins of the histogram; for PDB also the bins that it fills up.
        ends: How many faces of each end to name.
        variance: Fraction of the shape variance that GDB keeps.
        components: Number of components that GDB keeps instead.
        seed: Seed of PDB's random few.
        absolute: Whether faces turned to either side share a bin of PDB.

    Raises:
        ValueError: If there is no such method.
    """
    one_of("method", method, ("gdb", "pdb"))
    space = shape_space(landmarks)
    if method == "gdb":
        score = mahalanobis(space.scores, space.variances, space.keep(variance, components))
        weights = score / score.mean()
        copies = np.maximum(1, np.rint(score / np.median(score))).astype(int)
    else:
        score = np.abs(space.scores[:, 0]) if absolute else space.scores[:, 0]
        copies = pdb_copies(landmarks, bins, seed, absolute)
        weights = copies / copies.mean()
    edges = np.histogram_bin_edges(score, bins)
    order = np.argsort(score, kind="stable")
    return BalanceReport(
        method=method,
        score=score,
        weights=weights,
        copies=copies,
        edges=edges,
        before=np.histogram(score, edges)[0],
        after=np.histogram(score, edges, weights=weights)[0],
        top=order[::-1][:ends],
        bottom=order[:ends],
    )
