"""Whether annotations can be of a face in their photo: units, size of the photo, missing points, order of points."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from kerasalign.datasets.sample import FaceSample
from kerasalign.geometry import apply_affine, estimate_similarity, tight_box
from kerasalign.markups import Markup, get_markup

#: Name of the attribute of a `FaceSample` that holds the `(width, height)` of the photo that was annotated.
ANNOTATED_SIZE = "annotated_size"
#: A face with a larger part of its points outside of its photo is of no use.
UNUSABLE = 0.9
# Longer side in pixels that a face has at least.
_SMALLEST = 4.0
# Pairs of numbers that stand for a missing point where NaN cannot, also after 1 was subtracted.
_MARKERS = ((-1.0, -1.0), (-2.0, -2.0), (0.0, 0.0))
# Mean distance of points from the markup's mean shape, laid on them, in sizes of the shape: above it they are no face
# in this order. On 300W's common test faces it is 0.11 at most, and 0.28 at least in a random order; a profile may have
# more than a frontal face.
_NO_FACE = 0.25
# The other order fits so much better that left and right are swapped.
_SWAPPED = 0.6
# A photo whose longer side is at least this has no face whose points all lie in 0..100, in any photo of a set.
_PERCENT, _NOT_PERCENT = 100.0, 200


def face_problem(face: FaceSample, size: tuple[int, int], outside: float = 0.5) -> str | None:
    """What contradicts that these are the points of a face in its photo; `None` if nothing does.

    Args:
        face: The annotated face.
        size: Width and height of its photo, upright.
        outside: Largest part of the points that may lie outside of the photo.
    """
    annotated = face.attributes.get(ANNOTATED_SIZE)
    if annotated is not None and tuple(annotated) != tuple(size):
        (width, height), (w, h) = annotated, size
        turned = ", which has its EXIF rotation applied" if (width, height) == (h, w) else ""
        return f"face {face.name} was annotated on a photo of {width} x {height} px; this one has {w} x {h}{turned}"
    known = face.landmarks[np.isfinite(face.landmarks).all(-1)]
    if not len(known):
        return f"no point of face {face.name} is annotated"
    spread = float(np.ptp(known, axis=0).max())
    if spread < _SMALLEST:
        return (
            f"the points of face {face.name} lie within {spread:.3g} px: they must be in pixels, and not in one place"
        )
    marker = _missing_marker(known)
    if marker is not None:
        x, y = marker
        return f"a point of face {face.name} is ({x:g}, {y:g}), off the others: leave out what is not annotated"
    places, counts = np.unique(known, axis=0, return_counts=True)
    if counts.max() >= max(4, len(face.landmarks) // 8):
        x, y = places[counts.argmax()]
        return f"{counts.max()} points of face {face.name} lie at ({x:g}, {y:g})"
    out = ((known < -0.5) | (known > np.array(size) - 0.5)).any(-1)
    if out.mean() > outside:
        return f"{out.sum()} of {len(known)} points of face {face.name} lie outside of it"
    return None


def set_problem(
    faces: Sequence[FaceSample], size_of: Callable[[FaceSample], tuple[int, int] | None], looked_at: int = 50
) -> str | None:
    """What contradicts the units or the order of points of a whole set; `None` if nothing does.

    One face may be odd, so more than half must be: a profile is as far from the mean shape as a wrong order.

    Args:
        faces: The faces, of one markup.
        size_of: Width and height of a face's photo; `None` where they are not known.
        looked_at: How many faces are looked at, spread evenly.
    """
    some = [faces[i] for i in np.unique(np.linspace(0, len(faces) - 1, looked_at).astype(int))] if faces else []
    if not some:
        return None
    return _percent(some, size_of) or _order(some, get_markup(some[0].markup))


def _missing_marker(known: np.ndarray) -> tuple[float, float] | None:
    """The pair of numbers that stands for a missing point and lies off the other points; `None` if there is none."""
    for marker in _MARKERS:
        is_marker = (known == marker).all(-1)
        others = known[~is_marker]
        if is_marker.any() and len(others) > 1:
            low, high = others.min(0), others.max(0)
            margin = 0.1 * (high - low).max()
            if (np.array(marker) < low - margin).any() or (np.array(marker) > high + margin).any():
                return marker
    return None


def _percent(faces: Iterable[FaceSample], size_of: Callable[[FaceSample], tuple[int, int] | None]) -> str | None:
    annotated = [face for face in faces if np.isfinite(face.landmarks).all(-1).sum() > 1]
    if not annotated:
        return None
    for face in annotated:
        known = face.landmarks[np.isfinite(face.landmarks).all(-1)]
        if ANNOTATED_SIZE in face.attributes or np.ptp(known, axis=0).max() < _SMALLEST:
            return None
        size = size_of(face)
        if size is None or max(size) < _NOT_PERCENT or known.min() < 0 or known.max() > _PERCENT:
            return None
    return "all points lie in 0..100, in photos that are larger: they look like percent, and must be in pixels"


def _order(faces: Sequence[FaceSample], markup: Markup) -> str | None:
    if markup.num_points < 5:
        return None
    own = np.array([_residual(face.landmarks, markup) for face in faces])
    swapped = np.array([_residual(face.landmarks[list(markup.flip)], markup) for face in faces])
    own, swapped = own[np.isfinite(own)], swapped[np.isfinite(own)]
    if not len(own):
        return None
    if np.mean((swapped < _SWAPPED * own) & (own > _NO_FACE / 2.5)) > 0.5:
        return f"left and right are swapped: the points of most faces mirror the order of markup '{markup.name}'"
    if np.mean(own > _NO_FACE) > 0.5:
        return f"the points of most faces are not in the order of markup '{markup.name}'"
    return None


def _residual(landmarks: np.ndarray, markup: Markup) -> float:
    """Mean distance of points from the mean shape that is laid on them, in sizes of the shape; NaN for few points."""
    known = np.isfinite(landmarks).all(-1)
    if known.sum() < max(5, markup.num_points // 2):
        return np.nan
    points, shape = landmarks[known], markup.mean_shape[known]
    try:
        fitted = apply_affine(estimate_similarity(shape, points), shape)
        side = np.ptp(points, axis=0).max()
        tight_box(points)
    except ValueError:
        return np.nan
    return float(np.linalg.norm(fitted - points, axis=-1).mean() / side)
