"""The occlusion curve: error against the covered part of a face, as in figure 1 of SCC (arXiv 2006.11697)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from kerasalign.geometry import box_from_center, box_size, tight_box
from kerasalign.metrics.nme import face_means, relative_errors
from kerasalign.support.checks import at_least
from kerasalign.support.files import write_json


@dataclass(frozen=True)
class OcclusionCurve:
    """NME against the covered part of the face.

    Args:
        model: Name of the network.
        normalizer: The distance that errors are divided by.
        shares: Covered part of the landmarks' tight box, in 0..1, ascending.
        nme: Mean NME over all points, percent, one for each share.
        visible_nme: The same over the points that are not covered; NaN where none is left on any face.
        faces: Number of faces.
        placements: Rectangles per face and share.
        seed: Random seed of place and color.
    """

    model: str
    normalizer: str
    shares: tuple[float, ...]
    nme: tuple[float, ...]
    visible_nme: tuple[float, ...]
    faces: int
    placements: int
    seed: int

    def save(self, path) -> None:
        """Writes the curve as JSON."""
        write_json(path, asdict(self))


def occlusion_curve(
    model,
    crops: np.ndarray,
    landmarks: np.ndarray,
    shares: Sequence[float] = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5),
    placements: int = 3,
    normalizer: str = "inter_ocular",
    seed: int = 0,
    name: str | None = None,
    batch_size: int = 32,
) -> OcclusionCurve:
    """Measures a network on faces that a rectangle of one random color covers, for several sizes of the rectangle.

    Rectangles have the shape of the landmarks' box and lie inside it, around a random place. With one seed, faces and
    rectangles are the same for every network, so that curves can be compared.

    Args:
        model: A `LandmarkModel`.
        crops: `(B, S, S, 3)` uint8.
        landmarks: `(B, N, 2)` ground truth in crop pixels, NaN where a point is not annotated.
        shares: Parts of the box's area to cover, in 0..1.
        placements: Rectangles per face and share.
        normalizer: The distance that errors are divided by, also where the eyes are covered.
        seed: Seed of place and color.
        name: Name of the network in the result; by default the model's own.
        batch_size: Crops per forward pass.

    Raises:
        ValueError: If there is no face, a share is outside 0..1, or `placements` is below 1.

    Example:

        curves = [occlusion_curve(model, crops, landmarks) for model in (graph, baseline)]
        plot_occlusion(curves).save("occlusion.png")
    """
    crops, landmarks = np.asarray(crops), np.asarray(landmarks, "float64")
    shares = sorted(float(share) for share in shares)
    if not shares or shares[0] < 0 or shares[-1] > 1:
        raise ValueError(f"`shares` must be in 0..1, at least one. Received: shares={shares}")
    at_least(1, placements=placements)
    if not len(crops) or len(crops) != len(landmarks):
        raise ValueError(
            f"`crops` and `landmarks` must be as many, at least one. "
            f"Received: {len(crops)} crops, {len(landmarks)} landmarks"
        )
    rng = np.random.default_rng(seed)
    place = rng.random((placements, len(crops), 2))
    color = rng.integers(1, 256, (placements, len(crops), 3))
    every, visible = [], []
    for share in shares:
        errors, left = [], []
        for turn in range(placements):
            boxes = [covering_box(points, share, at) for points, at in zip(landmarks, place[turn])]
            covered = np.stack([cover(crop, box, fill) for crop, box, fill in zip(crops, boxes, color[turn])])
            found = model.predict_crops(covered, batch_size)["landmarks"]
            relative = relative_errors(found, landmarks, model.markup, normalizer)
            under = np.stack([inside(points, box) for points, box in zip(landmarks, boxes)])
            errors.append(face_means(relative))
            left.append(face_means(np.where(under, np.nan, relative)))
            if share == 0:
                break  # a rectangle of no area covers nothing
        every.append(float(np.mean(errors)))
        left = np.concatenate(left)
        visible.append(float(np.nanmean(left)) if np.isfinite(left).any() else float("nan"))
    return OcclusionCurve(
        name or model.name, normalizer, tuple(shares), tuple(every), tuple(visible), len(crops), placements, seed
    )


def covering_box(landmarks: np.ndarray, share: float, place) -> np.ndarray:
    """`(4,)` box inside the tight box of `(N, 2)` landmarks that covers a part of its area.

    Args:
        landmarks: `(N, 2)`.
        share: Part of the area, in 0..1.
        place: `(2,)` in 0..1, center of the rectangle in the box; the rectangle is moved to lie inside.
    """
    box = tight_box(landmarks)
    half = share**0.5 / 2
    return box_from_center(box[:2] + np.clip(place, half, 1 - half) * box_size(box), 2 * half * box_size(box))


def cover(crop: np.ndarray, box: np.ndarray, color) -> np.ndarray:
    """A copy of a `(S, S, 3)` crop with a box filled; an empty box fills nothing."""
    out = np.array(crop)
    size = len(out)
    x0, y0, x1, y1 = (int(np.clip(round(float(v) + 0.5), 0, size)) for v in box)
    out[y0:y1, x0:x1] = color
    return out


def inside(landmarks: np.ndarray, box: np.ndarray) -> np.ndarray:
    """`(N,)` bool: which landmarks lie in a box of positive size."""
    within = ((landmarks >= box[:2]) & (landmarks <= box[2:])).all(-1)
    return np.asarray(within & bool((box_size(box) > 0).all()))
