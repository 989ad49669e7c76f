"""Balancing by head pose and expression: how often training uses each face.

Geometric data balancing (GDB, MuSiCa, arXiv 2108.00377) over-samples faces in proportion to the Mahalanobis
distance of their shape; pose-based data balancing (PDB, Feng et al., CVPR 2018) fills up a histogram of the
first principal component. The paper does not say how many components GDB keeps: `variance` decides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerasalign.support.checks import at_least


@dataclass(frozen=True)
class ShapeSpace:
    """Principal components of aligned shapes.

    Args:
        mean: `(N, 2)` mean of the aligned shapes, centered, Frobenius norm 1.
        components: `(R, 2N)` orthonormal rows, by falling variance.
        variances: `(R,)` variances along them, all positive.
        scores: `(n, R)` coordinates of the shapes.
    """

    mean: np.ndarray
    components: np.ndarray
    variances: np.ndarray
    scores: np.ndarray

    def keep(self, variance: float = 0.95, components: int | None = None) -> int:
        """Number of components that hold a fraction of the variance, or `components` if given, at most all."""
        if components is not None:
            at_least(1, components=components)
            return min(components, len(self.variances))
        if not 0 < variance <= 1:
            raise ValueError(f"`variance` must be in (0, 1]. Received: variance={variance!r}")
        share = np.cumsum(self.variances) / self.variances.sum()
        return int(min(np.searchsorted(share, variance - 1e-12) + 1, len(share)))


def principal_components(data: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Principal components of the rows of `(n, D)` data.

    Returns:
        `(R, D)` components, `(R,)` sample variances (divisor n - 1) and `(n, R)` scores, R the rank.
    """
    centered = data - data.mean(0)
    _, singular, components = np.linalg.svd(centered, full_matrices=False)
    rank = int((singular > singular.max(initial=0) * max(data.shape) * np.finfo("float64").eps).sum())
    components = components[:rank]
    return components, singular[:rank] ** 2 / (len(data) - 1), centered @ components.T


def align_shapes(landmarks: np.ndarray, passes: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Procrustes alignment by similarity transforms (no mirroring) to the mean, `passes` times.

    Args:
        landmarks: `(n, N, 2)`. A face's missing points (NaN) do not take part in its alignment and are filled
            in from the mean.
        passes: Number of alignments, each to the mean of the one before.

    Returns:
        `(n, N, 2)` aligned shapes and their `(N, 2)` mean, centered and of Frobenius norm 1.
    """
    known = np.asarray(np.isfinite(landmarks).all(-1))
    shapes = np.where(known[..., None], landmarks, 0.0)
    weight = known[..., None].astype("float64")
    shapes = shapes - (shapes * weight).sum(1, keepdims=True) / weight.sum(1, keepdims=True)
    # The first reference is the average of the centered, size-one shapes: faces are upright on the whole.
    norm = np.sqrt((shapes**2 * weight).sum((1, 2), keepdims=True))
    mean = _unit((shapes / norm * weight).sum(0) / np.maximum(weight.sum(0), 1.0))
    aligned = shapes
    for _ in range(passes):
        reference = mean[None] * weight
        offset = reference.sum(1, keepdims=True) / weight.sum(1, keepdims=True)
        reference = (reference - offset) * weight
        # Complex numbers: the best rotation and scale is one division.
        z = (shapes * weight) @ np.array([1.0, 1.0j])
        r = reference @ np.array([1.0, 1.0j])
        factor = (z.conj() * r).sum(1) / (abs(z) ** 2).sum(1)
        turned = z * factor[:, None]
        aligned = np.stack([turned.real, turned.imag], -1) + offset
        aligned = np.where(known[..., None], aligned, mean[None])
        mean = _unit(aligned.mean(0))
    return aligned, mean


def shape_space(landmarks: np.ndarray, passes: int = 2) -> ShapeSpace:
    """Aligns faces to their mean by similarity transforms and takes principal components.

    Args:
        landmarks: `(n, N, 2)` faces in any frame each; NaN marks points that are not annotated.
        passes: Passes of the alignment.

    Raises:
        ValueError: If there are fewer than two faces, or a face has fewer than two annotated points, or all
            faces have the same shape.
    """
    landmarks = np.asarray(landmarks, "float64")
    if landmarks.ndim != 3 or landmarks.shape[-1] != 2 or len(landmarks) < 2:
        raise ValueError(f"`landmarks` must be (n, N, 2) with at least two faces. Received: shape {landmarks.shape}")
    with np.errstate(invalid="ignore"):
        spread = np.nanmax(landmarks, 1, initial=-np.inf) - np.nanmin(landmarks, 1, initial=np.inf)
    bad = np.flatnonzero(~(spread.max(-1) > 0))
    if len(bad):
        raise ValueError(
            "`landmarks` must hold two annotated, different points per face. "
            f"Received: faces {bad[:10].tolist()} without"
        )
    aligned, mean = align_shapes(landmarks, passes)
    components, variances, scores = principal_components(aligned.reshape(len(aligned), -1))
    if not len(variances):
        raise ValueError("`landmarks` must differ in shape. Received: identical shapes")
    return ShapeSpace(mean, components, variances, scores)


def mahalanobis(scores: np.ndarray, variances: np.ndarray, components: int | None = None) -> np.ndarray:
    """Mahalanobis distance of `(n, R)` scores over their first `components`: `sqrt(sum b_k^2 / lambda_k)`."""
    kept = len(variances) if components is None else components
    return np.sqrt((scores[:, :kept] ** 2 / variances[:kept]).sum(1))


def gdb_weights(landmarks: np.ndarray, variance: float = 0.95, components: int | None = None) -> np.ndarray:
    """Sampling weights of geometric data balancing: Mahalanobis distance over its mean.

    Args:
        landmarks: `(n, N, 2)`.
        variance: Fraction of the shape variance to keep.
        components: Number of components to keep instead.

    Returns:
        `(n,)` float64 of mean 1.
    """
    space = shape_space(landmarks)
    distance = mahalanobis(space.scores, space.variances, space.keep(variance, components))
    return distance / distance.mean()


def gdb_copies(landmarks: np.ndarray, variance: float = 0.95, components: int | None = None) -> np.ndarray:
    """GDB as a repeat list: `max(1, round(d / median d))` copies of each face, `(n,)` int."""
    space = shape_space(landmarks)
    distance = mahalanobis(space.scores, space.variances, space.keep(variance, components))
    return np.maximum(1, np.rint(distance / np.median(distance))).astype(int)


def pose_bins(landmarks: np.ndarray, bins: int = 9, absolute: bool = False) -> np.ndarray:
    """Histogram bin of each face's first principal component, `(n,)` int in `0..bins-1`.

    Args:
        landmarks: `(n, N, 2)`.
        bins: Number of bins.
        absolute: Whether faces turned to either side share a bin, as where half of them are mirrored anyway (SCC).
    """
    at_least(1, bins=bins)
    score = shape_space(landmarks).scores[:, 0]
    score = np.abs(score) if absolute else score
    edges = np.linspace(score.min(), score.max(), bins + 1)
    return np.clip(np.searchsorted(edges, score, side="right") - 1, 0, bins - 1)


def pdb_copies(landmarks: np.ndarray, bins: int = 9, seed: int = 0, absolute: bool = False) -> np.ndarray:
    """Pose-based balancing: copies of each face such that every bin in use is as full as the fullest.

    A bin is filled by whole copies of all its faces and one more of a random few (`seed`). `absolute` is as in
    `pose_bins`.

    Returns:
        `(n,)` int, at least 1.
    """
    index = pose_bins(landmarks, bins, absolute)
    counts = np.bincount(index, minlength=bins)
    largest = counts.max()
    copies = largest // counts[index]
    rng = np.random.default_rng(seed)
    for b in np.flatnonzero(counts):
        members = np.flatnonzero(index == b)
        copies[rng.permutation(members)[: largest % counts[b]]] += 1
    return copies


def _unit(shape: np.ndarray) -> np.ndarray:
    shape = shape - shape.mean(0)
    return shape / np.linalg.norm(shape)
