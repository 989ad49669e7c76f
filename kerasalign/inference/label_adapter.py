"""Moves a model's landmarks to where a user's annotations have them; learned from a few annotated photos."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kerasalign.geometry import apply_affine, estimate_similarity
from kerasalign.inference.faces import Faces
from kerasalign.markups import Markup, get_markup
from kerasalign.support.bounded import read_json
from kerasalign.support.files import write_json

_RIDGES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
_FOLDS = 5


@dataclass(frozen=True, eq=False)
class LabelAdapter:
    """Moves landmarks to where a user's annotations have them.

    Where the points of an eyebrow or a jaw lie is a convention: people and data sets differ by several percent of the
    distance of the eyes, and a model follows its training data. The adapter learns the difference in a frame in which
    the face is upright and of unit size, so that it holds for every photo. It changes no weight of the model: keep it
    beside the model and apply it to the results.

    Args:
        markup: Markup of the points.
        offsets: `(N, 2)` shift of each point in the face's frame, whose unit is the longer side of the face's box.
        slope: `(2 N, 2 N)` matrix of a further shift that is linear in the face's difference from `center`; `None`: no
            such shift.
        center: `(N, 2)` mean face in that frame.

    Example:

        annotated = np.stack([...])                             # (F, 68, 2) points that you set on F photos
        predicted = np.stack([face.landmarks for face in ...])  # the model's points on the same photos
        adapter = LabelAdapter.fit(predicted, annotated)
        faces = adapter.adapted(model.align("group.jpg"))
    """

    markup: Markup
    offsets: np.ndarray
    slope: np.ndarray | None
    center: np.ndarray

    @classmethod
    def fit(
        cls, predicted: np.ndarray, annotated: np.ndarray, markup: str | Markup = "68", kind: str = "auto"
    ) -> LabelAdapter:
        """Learns an adapter from faces with predicted and annotated points.

        Args:
            predicted: `(F, N, 2)` points of the model, in pixels of any image.
            annotated: `(F, N, 2)` points that people set, in the same pixels; NaN where there is none. A point without
                any annotation is not moved.
            markup: Markup of both.
            kind: `"offset"`: one shift per point; about ten photos are enough. `"linear"`: a ridge regression on the
                whole face; it takes about a hundred. `"auto"`: the one with the smaller error in cross-validation.

        Returns:
            The adapter. It also learns from mirrored faces, so that it is symmetric.

        Raises:
            ValueError: If shapes are wrong, or `"linear"` is given fewer than ten faces.

        Reference:
            The linear map is ridge regression (Hoerl and Kennard, Technometrics 1970).
        """
        markup = get_markup(markup)
        predicted, annotated = np.asarray(predicted, "float64"), np.asarray(annotated, "float64")
        shape = (markup.num_points, 2)
        for name, value in (("predicted", predicted), ("annotated", annotated)):
            if value.ndim != 3 or value.shape[1:] != shape or not len(value):
                raise ValueError(
                    f"`{name}` must be (F, {shape[0]}, 2), at least one face. Received: shape {value.shape}"
                )
        if len(predicted) != len(annotated) or not np.isfinite(predicted).all():
            raise ValueError(
                "`predicted` must be known for every face of `annotated`. "
                f"Received: shapes {predicted.shape} and {annotated.shape}"
            )
        if kind not in ("auto", "offset", "linear"):
            raise ValueError(f"`kind` must be 'auto', 'offset' or 'linear'. Received: kind={kind!r}")
        if kind == "linear" and len(predicted) < 10:
            raise ValueError(f"`kind='linear'` needs at least ten faces. Received: {len(predicted)} faces")
        shapes, shifts = _to_frame(predicted, annotated, markup)
        center = shapes.mean((0, 1))
        inputs = (shapes - center).reshape(*shapes.shape[:2], -1)
        targets = shifts.reshape(*shifts.shape[:2], -1)
        ridge = np.inf
        if kind == "linear" or (kind == "auto" and len(predicted) >= 10):
            choices = _RIDGES if kind == "linear" else (*_RIDGES, np.inf)
            ridge = choices[int(np.argmin(_cross_validate(inputs, targets, choices)))]
        offsets, (slope,) = _fit_ridge(inputs, targets, (ridge,))
        return cls(markup, offsets.reshape(shape), slope, center)

    def apply(self, landmarks: np.ndarray) -> np.ndarray:
        """Moves landmarks.

        Args:
            landmarks: `(..., N, 2)` in pixels of any image.

        Returns:
            `(..., N, 2)` float64 in the same pixels.

        Raises:
            ValueError: If they have another shape.
        """
        landmarks = np.asarray(landmarks, "float64")
        n = self.markup.num_points
        if landmarks.shape[-2:] != (n, 2):
            raise ValueError(f"`landmarks` must be (..., {n}, 2). Received: shape {landmarks.shape}")
        moved = [self._move(face) for face in landmarks.reshape(-1, n, 2)]
        return np.array(moved).reshape(landmarks.shape)

    def adapted(self, faces: Faces) -> Faces:
        """The faces of a photo with moved landmarks.

        Raises:
            ValueError: If they are of another markup.
        """
        if faces.markup.name != self.markup.name:
            raise ValueError(f"`faces` must be of markup '{self.markup.name}'. Received: {faces.markup!r}")
        return faces.with_landmarks(self.apply(faces.landmarks))

    def _move(self, face: np.ndarray) -> np.ndarray:
        matrix = estimate_similarity(face, _frame(self.markup))
        shift = self.offsets
        if self.slope is not None:
            shape = apply_affine(matrix, face) - self.center
            shift = shift + (shape.ravel() @ self.slope).reshape(shift.shape)
        return face + shift @ np.linalg.inv(matrix[:, :2]).T

    def save(self, path: str | os.PathLike) -> None:
        """Writes the adapter to a JSON file."""
        slope = None if self.slope is None else self.slope.tolist()
        write_json(
            path,
            {
                "kind": "kerasalign label adapter",
                "markup": self.markup.name,
                "offsets": self.offsets.tolist(),
                "slope": slope,
                "center": self.center.tolist(),
            },
        )

    @classmethod
    def load(cls, path: str | os.PathLike) -> LabelAdapter:
        """Reads an adapter from a file that `save` wrote.

        Raises:
            ValueError: If the file is no label adapter.
        """
        content = read_json(path)
        if not isinstance(content, dict) or content.get("kind") != "kerasalign label adapter":
            raise ValueError(f"`path` must be a label adapter's file. Received: path={str(path)!r}")
        slope = content["slope"]
        return cls(
            get_markup(content["markup"]),
            np.array(content["offsets"]),
            None if slope is None else np.array(slope),
            np.array(content["center"]),
        )


def _frame(markup: Markup) -> np.ndarray:
    """The markup's mean shape, made symmetric about x = 0: the frame that faces are mapped to."""
    shape = markup.mean_shape - markup.mean_shape.mean(0)
    return (shape + shape[np.asarray(markup.flip)] * [-1, 1]) / 2


def _to_frame(predicted, annotated, markup: Markup) -> tuple[np.ndarray, np.ndarray]:
    """Predicted shapes and their shifts to the annotations in the frame, `(F, 2, N, 2)` each: plain and mirrored."""
    shapes, shifts = [], []
    flip = np.asarray(markup.flip)
    frame = _frame(markup)
    for points, target in zip(predicted, annotated):
        matrix = estimate_similarity(points, frame)
        shape, shift = apply_affine(matrix, points), (target - points) @ matrix[:, :2].T
        shapes.append([shape, shape[flip] * [-1, 1]])
        shifts.append([shift, shift[flip] * [-1, 1]])
    return np.array(shapes), np.array(shifts)


def _fit_ridge(
    inputs: np.ndarray, targets: np.ndarray, ridges: Sequence[float]
) -> tuple[np.ndarray, list[np.ndarray | None]]:
    """Ridge regression of `(F, 2, D)` targets on inputs of the same shape.

    Returns:
        The offsets `(D,)`, and for each ridge the slope `(D, D)`; `None` for an infinite ridge.
    """
    x, y = inputs.reshape(-1, inputs.shape[-1]), targets.reshape(-1, targets.shape[-1])
    known = np.isfinite(y)
    offsets = np.where(known, y, 0.0).sum(0) / np.maximum(known.sum(0), 1)
    slopes = [None if np.isinf(ridge) else np.zeros((x.shape[1], y.shape[1])) for ridge in ridges]
    if all(slope is None for slope in slopes):
        return offsets, slopes
    # Columns that are known in the same faces share an eigendecomposition.
    groups: dict[bytes, list[int]] = {}
    for column in np.flatnonzero(known.any(0)):
        groups.setdefault(known[:, column].tobytes(), []).append(int(column))
    for columns in groups.values():
        rows = known[:, columns[0]]
        values, vectors = np.linalg.eigh(x[rows].T @ x[rows])
        projected = vectors.T @ (x[rows].T @ (y[rows][:, columns] - offsets[columns]))
        for ridge, slope in zip(ridges, slopes):
            if slope is not None:
                slope[:, columns] = vectors @ (projected / (values + ridge * values.mean())[:, None])
    return offsets, slopes


def _cross_validate(inputs: np.ndarray, targets: np.ndarray, ridges: Sequence[float]) -> list[float]:
    """Mean error of each ridge in cross-validation; a face and its mirror image are always left out together."""
    errors: list[list[np.ndarray]] = [[] for _ in ridges]
    for fold in range(_FOLDS):
        out = np.arange(len(inputs)) % _FOLDS == fold
        offsets, slopes = _fit_ridge(inputs[~out], targets[~out], ridges)
        for fold_errors, slope in zip(errors, slopes):
            shift = offsets + (0.0 if slope is None else inputs[out] @ slope)
            residual = (targets[out] - shift).reshape(-1, targets.shape[-1] // 2, 2)
            fold_errors.append(np.linalg.norm(residual, axis=-1).ravel())
    return [float(np.nanmean(np.concatenate(fold_errors))) for fold_errors in errors]
