"""Evaluations: scores with the protocol that they were measured by."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from kerasalign._version import __version__
from kerasalign.markups import get_markup
from kerasalign.metrics import scores
from kerasalign.metrics.nme import face_means, part_means, relative_errors
from kerasalign.metrics.protocol import Protocol, get_protocol
from kerasalign.support.checks import at_least
from kerasalign.support.files import write_json, written_beside


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Per-face NMEs by one protocol, and the scores computed from them.

    Made by `evaluate_landmarks` or `combine`.

    Args:
        protocol: How the numbers were made.
        names: Unique name of each face.
        nmes: `(B,)` NME of each face, percent.
        part_nmes: Facial part to `(B,)` NME over its points, percent; NaN for a face without such points.
        own_box_source: The box source that the model's crops are made for, if known.
        n_bootstrap: Resamples of the confidence interval.
        seed: Random seed of the resampling.
        strata: Group of each face, for a protocol that averages groups, and for no other.
    """

    protocol: Protocol
    names: tuple[str, ...]
    nmes: np.ndarray
    part_nmes: Mapping[str, np.ndarray]
    own_box_source: str | None = None
    n_bootstrap: int = 1000
    seed: int = 0
    strata: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.protocol, Protocol):
            raise ValueError(
                "`protocol` must be a Protocol: an NME means nothing without the normalizer, "
                f"subset and boxes it was made with. Received: protocol={self.protocol!r}"
            )
        if len(self.names) != len(self.nmes) or len(self.nmes) == 0:
            raise ValueError(
                f"`names` must name each of one or more faces. "
                f"Received: {len(self.names)} names of {len(self.nmes)} faces"
            )
        if len(set(self.names)) != len(self.names):
            twice = next(name for name in self.names if self.names.count(name) > 1)
            raise ValueError(f"`names` must be unique, or a face counts twice. Received: {twice!r} more than once")
        if (self.strata is not None) != bool(self.protocol.strata):
            needed = "must" if self.protocol.strata else "must not"
            raise ValueError(
                f"`strata` {needed} be given for protocol '{self.protocol.name}' ({self.protocol}). "
                f"Received: strata={self.strata!r}"
            )
        if self.strata is not None and len(self.strata) != len(self.nmes):
            raise ValueError(
                f"`strata` must be one group per face, {len(self.nmes)} in all. Received: {len(self.strata)} groups"
            )

    def __len__(self) -> int:
        return len(self.nmes)

    @cached_property
    def weights(self) -> np.ndarray:
        """`(B,)` weight of each face in the scores, of mean 1; all 1 unless the protocol averages groups."""
        if self.strata is None:
            return np.ones(len(self))
        _, group, sizes = np.unique(self.strata, return_inverse=True, return_counts=True)
        return len(self) / (len(sizes) * sizes[group])

    @cached_property
    def nme(self) -> float:
        """Mean NME in percent. With groups, every score is the mean of the groups' scores."""
        return float((self.nmes * self.weights).mean())

    @cached_property
    def nme_ci(self) -> tuple[float, float]:
        """95 % bootstrap interval of `nme` over the faces, percent."""
        return scores.bootstrap_interval(self.nmes * self.weights, self.n_bootstrap, self.seed)

    @cached_property
    def fr(self) -> float:
        """Failure rate at the protocol's threshold, percent."""
        return self._over_groups(lambda nmes: scores.failure_rate(nmes, self.protocol.fr_threshold))

    @cached_property
    def auc(self) -> float:
        """Area under the CED by the protocol's range and method, 0..1."""
        method = self.protocol.auc_method
        return self._over_groups(lambda nmes: scores.auc(nmes, self.protocol.auc_threshold, method))

    @cached_property
    def parts(self) -> dict[str, float]:
        """Mean NME of each facial part over the faces that have it annotated, percent."""
        known = {part: np.isfinite(values) for part, values in self.part_nmes.items()}
        return {
            part: float(np.average(values[known[part]], weights=self.weights[known[part]]))
            for part, values in self.part_nmes.items()
            if known[part].any()
        }

    @property
    def notes(self) -> list[str]:
        """Remarks on the numbers: an incomplete test set, or boxes that the model is not made for."""
        notes = []
        expected = self.protocol.num_faces
        if expected and len(self) != expected:
            notes.append(
                f"{len(self)} faces instead of the {expected} of {self.protocol.dataset} "
                f"{self.protocol.subset}: not the official number."
            )
        if self.own_box_source and self.own_box_source != self.protocol.box_source:
            own = self.protocol.with_box_source(self.own_box_source).boxes.describe()
            notes.append(f"The model is made for boxes: {own}; evaluated with boxes: {self.protocol.boxes.describe()}.")
        return notes

    def ced(self, thresholds: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Thresholds in percent (by default 101 up to the protocol's AUC range) and the CED at them, 0..1."""
        if thresholds is None:
            thresholds = np.linspace(0.0, self.protocol.auc_threshold, 101)
        thresholds = np.asarray(thresholds, "float64")
        return thresholds, self._over_groups(lambda nmes: scores.ced(nmes, thresholds))

    def worst(self, k: int = 10) -> list[str]:
        """Names of the `k` faces with the largest NME, worst first; all of them if there are fewer."""
        at_least(0, k=k)
        return [self.names[i] for i in np.argsort(-self.nmes, kind="stable")[:k]]

    def subset(self, names: Sequence[str], protocol: str | Protocol) -> Evaluation:
        """The evaluation of a subset of the faces, such as a WFLW subset of the full test set.

        Args:
            names: Faces to keep.
            protocol: The protocol of the subset; its box source becomes this evaluation's.

        Raises:
            ValueError: If a name is unknown or the protocol measures something else.
        """
        position = {name: i for i, name in enumerate(self.names)}
        unknown = [name for name in names if name not in position]
        if unknown:
            raise ValueError(
                f"`names` must be faces of this evaluation; {len(unknown)} are not. Received: names={unknown[:3]}..."
            )
        protocol = get_protocol(protocol).with_box_source(self.protocol.box_source)
        _require_same_measure(self.protocol, protocol)
        keep = np.array([position[name] for name in names], dtype=int)
        parts = {part: values[keep] for part, values in self.part_nmes.items()}
        strata = None if self.strata is None else tuple(self.strata[i] for i in keep)
        return Evaluation(
            protocol, tuple(names), self.nmes[keep], parts, self.own_box_source, self.n_bootstrap, self.seed, strata
        )

    def to_dict(self) -> dict:
        """Everything but the per-face numbers, ready for JSON."""
        thresholds, fractions = self.ced()
        return {
            "protocol": self.protocol.to_dict(),
            "protocol_text": str(self.protocol),
            "faces": len(self),
            "nme": self.nme,
            "nme_ci": list(self.nme_ci),
            "nme_ci_level": 0.95,
            "fr": self.fr,
            "failures": int((self.nmes > self.protocol.fr_threshold).sum()),
            "auc": self.auc,
            "parts": self.parts,
            "ced": {"nme": thresholds.tolist(), "fraction": fractions.tolist()},
            "bootstrap": {"resamples": self.n_bootstrap, "seed": self.seed},
            "own_box_source": self.own_box_source,
            "notes": self.notes,
            "kerasalign": __version__,
        }

    def to_json(self, path: str | os.PathLike) -> Path:
        """Writes `to_dict` as JSON."""
        write_json(path, self.to_dict())
        return Path(path)

    def to_csv(self, path: str | os.PathLike) -> Path:
        """Writes one line per face: name, NME, NME of each part (percent, empty where unknown), protocol."""
        with written_beside(path) as draft, draft.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["name", "nme", *self.part_nmes, "protocol", "box_source"])
            for i, name in enumerate(self.names):
                values = [self.nmes[i], *(part[i] for part in self.part_nmes.values())]
                cells = [f"{value:.6f}" if np.isfinite(value) else "" for value in values]
                writer.writerow([name, *cells, self.protocol.name, self.protocol.box_source])
        return Path(path)

    @classmethod
    def from_csv(cls, path: str | os.PathLike) -> Evaluation:
        """Reads what `to_csv` wrote, such as to draw the CED of several runs on one axis.

        Raises:
            ValueError: If the file is of another form, of several protocols, or its protocol averages groups, which the
                file does not name.
        """
        with Path(path).open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        try:
            [(name, boxes)] = {(row["protocol"], row["box_source"]) for row in rows}
            parts = [column for column in rows[0] if column not in ("name", "nme", "protocol", "box_source")]
            nmes = np.array([float(row["nme"]) for row in rows])
            part_nmes = {part: np.array([float(row[part] or "nan") for row in rows]) for part in parts}
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"The file holds no faces of one evaluation ({error}). Received: path='{path}'") from error
        protocol = get_protocol(name).with_box_source(boxes)
        return cls(protocol, tuple(row["name"] for row in rows), nmes, part_nmes)

    def _over_groups(self, score):
        """A score of NMEs, averaged over the groups."""
        if self.strata is None:
            return score(self.nmes)
        groups = np.asarray(self.strata)
        return np.mean([score(self.nmes[groups == group]) for group in np.unique(groups)], axis=0)

    def __repr__(self) -> str:
        return f"Evaluation(nme={self.nme:.3f} %, {len(self)} faces, {self.protocol})"


def evaluate_landmarks(
    prediction: np.ndarray,
    target: np.ndarray,
    protocol: str | Protocol,
    names: Sequence[str] | None = None,
    boxes: np.ndarray | None = None,
    visibility: np.ndarray | None = None,
    own_box_source: str | None = None,
    n_bootstrap: int = 1000,
    seed: int = 0,
    strata: Sequence[str] | None = None,
) -> Evaluation:
    """Scores predicted landmarks under a protocol.

    Args:
        prediction: `(B, N, 2)` landmarks.
        target: `(B, N, 2)` ground truth in the same coordinates; NaN marks a point that is not annotated.
        protocol: A `Protocol` or the name of one.
        names: Unique name of each face; by default `"<subset>/<index>"`.
        boxes: `(B, 4)` boxes of the data set, in the same coordinates, for a protocol whose normalizer
            measures them (`normalizer_box="dataset"`), and for no other.
        visibility: `(B, N)` bool, for a protocol that counts visible points alone, and for no other.
        own_box_source: The box source that the model's crops are made for. A note of the evaluation names it where
            it differs from the protocol's.
        n_bootstrap: Resamples of the confidence interval.
        seed: Random seed of the resampling.
        strata: Group of each face, for a protocol that averages groups, and for no other.

    Raises:
        ValueError: If there is no protocol, an array does not fit it, an annotated point has no finite
            prediction, or a face cannot be normalized.
    """
    if protocol is None:
        raise ValueError(
            "`protocol` must be a Protocol or the name of one: an NME means nothing without the "
            "normalizer, subset and boxes it was made with. Received: protocol=None"
        )
    protocol = get_protocol(protocol)
    for given, needed, argument in (
        (boxes is not None, protocol.normalizer_box == "dataset", "boxes"),
        (visibility is not None, protocol.points == "visible", "visibility"),
    ):
        if given != needed:
            raise ValueError(
                f"`{argument}` {'must' if needed else 'must not'} be given for protocol "
                f"'{protocol.name}' ({protocol}). "
                f"Received: {argument} {'given' if given else 'not given'}"
            )
    relative = relative_errors(prediction, target, protocol.markup, protocol.normalizer, boxes)
    if visibility is not None:
        visibility = np.asarray(visibility, bool)
        if visibility.shape != relative.shape:
            raise ValueError(
                f"`visibility` must have the shape {relative.shape} of the landmarks. "
                f"Received: shape {visibility.shape}"
            )
        relative = np.where(visibility, relative, np.nan)
    nmes = face_means(relative)
    if np.isnan(nmes).any():
        raise ValueError(
            "`visibility` must leave an annotated point in every face. "
            f"Received: none in face {int(np.flatnonzero(np.isnan(nmes))[0])}"
        )
    if names is None:
        names = [f"{protocol.subset}/{i}" for i in range(len(nmes))]
    parts = part_means(relative, get_markup(protocol.markup))
    return Evaluation(
        protocol,
        tuple(names),
        nmes,
        parts,
        own_box_source,
        n_bootstrap,
        seed,
        None if strata is None else tuple(strata),
    )


def combine(evaluations: Sequence[Evaluation], protocol: str | Protocol) -> Evaluation:
    """One evaluation of several disjoint subsets together; its NME is their mean weighted by faces.

    `combine([common, challenging], "300w-full-inter_pupil")` is the full set of 300W.

    Args:
        evaluations: Evaluations by the same measure and box source, with no face in two of them.
        protocol: The protocol of the whole; its box source becomes that of the parts.

    Raises:
        ValueError: If there is none, they differ in measure or box source, or they share faces.
    """
    if not evaluations:
        raise ValueError("`evaluations` must hold at least one evaluation. Received: evaluations=[]")
    first = evaluations[0]
    protocol = get_protocol(protocol).with_box_source(first.protocol.box_source)
    for other in evaluations:
        _require_same_measure(protocol, other.protocol)
    own = {other.own_box_source for other in evaluations}
    names = tuple(name for other in evaluations for name in other.names)
    nmes = np.concatenate([other.nmes for other in evaluations])
    parts = {part: np.concatenate([other.part_nmes[part] for other in evaluations]) for part in first.part_nmes}
    strata = tuple(group for other in evaluations for group in other.strata or ()) if protocol.strata else None
    return Evaluation(
        protocol, names, nmes, parts, own.pop() if len(own) == 1 else None, first.n_bootstrap, first.seed, strata
    )


def _require_same_measure(first: Protocol, second: Protocol) -> None:
    different = first.differences(second)
    if first.box_source != second.box_source:
        different.append("box_source")
    if different:
        raise ValueError(
            f"Numbers made by different measures do not mix; these differ in {different}. "
            f"Received: '{first}' and '{second}'"
        )
