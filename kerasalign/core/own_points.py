"""Annotations of points that a user defines: their check and their mean."""

from __future__ import annotations

import warnings

import numpy as np

from kerasalign.geometry import CropSpec, apply_affine
from kerasalign.markups import Markup


def check_landmarks(landmarks, markup: Markup) -> np.ndarray:
    """Annotations as `(F, N, 2)` float64, NaN where a point is not annotated.

    Args:
        landmarks: `(F, N, 2)`, or `(N, 2)` for one face, x then y, in pixels of photos or crops.
        markup: Their point scheme.

    Raises:
        ValueError: If they are of another shape, or no face has two points.
    """
    landmarks = np.asarray(landmarks, "float64")
    faces = landmarks[None] if landmarks.ndim == 2 else landmarks
    if faces.ndim != 3 or faces.shape[1:] != (markup.num_points, 2):
        raise ValueError(
            f"`landmarks` must be (F, {markup.num_points}, 2) for markup '{markup.name}'. "
            f"Received: shape {landmarks.shape}"
        )
    if (np.isfinite(faces).all(-1).sum(-1) < 2).all():
        raise ValueError(f"`landmarks` must hold faces with two points or more. Received: shape {landmarks.shape}")
    return faces


def mean_landmarks(landmarks: np.ndarray, markup: Markup) -> np.ndarray:
    """Mean of annotations, `(N, 2)`, rounded to two decimals.

    A point without any annotation takes its place in the markup's mean shape, which is moved and scaled to the others.
    """
    annotated = np.isfinite(landmarks).all(-1, keepdims=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a point without annotations has no mean
        mean = np.nanmean(np.where(annotated, landmarks, np.nan), 0)
    has_mean = np.isfinite(mean).all(-1)
    measured, schematic = mean[has_mean], markup.mean_shape[has_mean]
    scale = np.ptp(measured, axis=0).max() / max(np.ptp(schematic, axis=0).max(), 1e-6)
    placed = (markup.mean_shape - schematic.mean(0)) * scale + measured.mean(0)
    return np.round(np.where(has_mean[:, None], mean, placed), 2)


def in_crops(landmarks: np.ndarray, crop: CropSpec) -> np.ndarray:
    """Annotations `(F, N, 2)` in pixels of the crops that are cut by their own boxes; flat faces are left out.

    In pixels of a photo every pair of points seems to move together, because faces do.
    """
    cut = []
    for face in landmarks:
        box = np.concatenate([face.min(0), face.max(0)])
        if (box[2:] > box[:2]).all():
            cut.append(apply_affine(crop.transform(box), face))
    return np.array(cut).reshape(-1, *landmarks.shape[1:])
