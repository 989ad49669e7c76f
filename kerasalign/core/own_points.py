"""Annotations of points that a user defines: their check and their mean."""

from __future__ import annotations

import warnings

import numpy as np

from kerasalign.geometry import CropSpec
from kerasalign.markups import Markup


def check_landmarks(landmarks, markup: Markup) -> np.ndarray:
    """Annotations as `(F, N, 2)` float64, NaN where a point is not annotated.

    Args:
        landmarks: `(F, N, 2)`, or `(N, 2)` for one face, x then y, in pixels of the model's crop.
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


def check_in_crop(landmarks: np.ndarray, spec: CropSpec) -> None:
    """Raises unless most annotations lie as faces do in a crop.

    Args:
        landmarks: `(F, N, 2)`, NaN where a point is not annotated.
        spec: The crop.

    Raises:
        ValueError: If the faces are much larger or smaller than in the crop, or lie elsewhere: they are in pixels of
            the photo, or in 0..1.
    """
    faces = [face[np.isfinite(face).all(-1)] for face in landmarks]
    boxes = np.array([[*face.min(0), *face.max(0)] for face in faces if len(face) > 1])
    sides = (boxes[:, 2:] - boxes[:, :2]).max(1)
    centers = (boxes[:, 2:] + boxes[:, :2]) / 2
    side, center = np.median(sides), np.median(centers, axis=0)
    # Points that do not span the face make a smaller box, and crops of a loader are shifted and scaled.
    if not 0.1 * spec.size <= side <= 1.5 * spec.size or (np.abs(center - (spec.size - 1) / 2) > spec.size / 2).any():
        raise ValueError(
            f"`landmarks` must be in pixels of the model's crop, of side {spec.size}; `model.crop_spec` cuts it. "
            f"Received: faces {side:.3g} px long around ({center[0]:.3g}, {center[1]:.3g})"
        )


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
