"""The report of an evaluation: numbers by protocol, and the pictures that explain them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image

from kerasalign.datasets import FaceSample
from kerasalign.evaluation.model import NamedModel
from kerasalign.evaluation.protocols import Published, by_name, split_of
from kerasalign.evaluation.tables import part_table, score_table
from kerasalign.metrics import Evaluation, Protocol, evaluate_landmarks
from kerasalign.support.files import write_json, written_beside
from kerasalign.support.tables import Table
from kerasalign.training.versions import versions

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class ModelReport:
    """A model's predictions on test faces and the evaluations made from them.

    Args:
        name: The model's name.
        evaluations: One per protocol.
        samples: Face name to its sample.
        faces: Split of the data set to the names of its faces.
        landmarks: Face name to `(N, 2)` predictions in pixels of the photo.
        missed: Names of the faces that the detector did not find. They have no NME; the evaluations are over
            the others, and say so.
        iterations: Mean number of iterations of a face; NaN for a model without iterations.
        published: Protocol name to the paper's numbers.
        reader_options: Options that the faces were read with.
        notes: Lines on the numbers.
    """

    name: str
    evaluations: tuple[Evaluation, ...]
    samples: Mapping[str, FaceSample]
    faces: Mapping[str, Sequence[str]]
    landmarks: Mapping[str, np.ndarray]
    missed: tuple[str, ...] = ()
    iterations: float = float("nan")
    published: Published = field(default_factory=dict)
    reader_options: Mapping[str, object] = field(default_factory=dict)
    notes: Sequence[str] = ()

    def fr_with_missed(self, evaluation: Evaluation) -> float:
        """Failure rate in percent when every face that the detector missed counts as a failure."""
        protocol = evaluation.protocol
        failed: dict[str, bool] = dict(zip(evaluation.names, (evaluation.nmes > protocol.fr_threshold).tolist()))
        failed |= dict.fromkeys(set(self.missed) & set(self.faces[split_of(protocol)]), True)
        groups: dict[object, list[bool]] = {}
        for name, failure in failed.items():
            group = self.samples[name].attributes[protocol.strata] if protocol.strata else None
            groups.setdefault(group, []).append(failure)
        return float(100 * np.mean([np.mean(group) for group in groups.values()]))

    def tables(self) -> list[Table]:
        """Scores beside the paper's, then NME by facial part: one table of each, a row or column per protocol."""
        tables = [score_table(self.evaluations, self.published), part_table(self.evaluations)]
        notes = list(self.notes)
        if self.missed:
            rates = dict.fromkeys(f"{self.fr_with_missed(e):.2f} % ({e.protocol.name})" for e in self.evaluations)
            notes.append(
                f"The detector missed {len(self.missed)} faces, which have no NME. "
                f"Counted as failures: FR {', '.join(rates)}."
            )
        if np.isfinite(self.iterations):
            notes.append(f"{self.iterations:.2f} iterations a face on average.")
        tables[-1] = replace(tables[-1], notes=[*tables[-1].notes, *notes])
        return tables

    def __str__(self) -> str:
        return "\n\n".join(map(str, self.tables()))

    def worst_faces(self, k: int = 20) -> Image.Image:
        """Draws prediction and ground truth of the `k` faces with the largest NME under the first protocol."""
        from kerasalign.plots.contact_sheet import contact_sheet

        first = self.evaluations[0]
        names = first.worst(k)
        nmes = dict(zip(first.names, first.nmes))
        return contact_sheet(
            [self.samples[name].read_image() for name in names],
            [self.landmarks[name] for name in names],
            titles=[f"{name} {nmes[name]:.1f} %" for name in names],
            markup=first.protocol.markup,
            truth=[self.samples[name].landmarks for name in names],
        )

    def to_dict(self) -> dict:
        """Everything but the per-face numbers, ready for JSON."""
        return {
            "model": self.name,
            "evaluations": [evaluation.to_dict() for evaluation in self.evaluations],
            "published": {name: dict(values) for name, values in self.published.items()},
            "missed": list(self.missed),
            "fr_with_missed": {e.protocol.name: self.fr_with_missed(e) for e in self.evaluations},
            "iterations": self.iterations if np.isfinite(self.iterations) else None,
            "reader_options": dict(self.reader_options),
            "notes": list(self.notes),
            "versions": versions(),
        }

    def save(self, directory, worst: int = 20, command: str = "") -> None:
        """Writes `report.json`, a CSV per protocol, `worst.jpg`, and `ced.png` where matplotlib is installed.

        Args:
            directory: The folder; created if it does not exist.
            worst: Number of faces on the contact sheet; 0 for none.
            command: The command that made the numbers, for the report.
        """
        directory = Path(directory)
        write_json(directory / "report.json", self.to_dict() | {"command": command})
        for evaluation in self.evaluations:
            evaluation.to_csv(directory / f"{evaluation.protocol.name}.csv")
        if worst:
            with written_beside(directory / "worst.jpg") as draft:
                self.worst_faces(worst).save(draft)
        try:
            from kerasalign.plots.ced import plot_ced

            for evaluation in self.evaluations:
                with written_beside(directory / f"{evaluation.protocol.name}_ced.png") as draft:
                    plot_ced([evaluation]).save(draft)
        except ImportError as error:
            logger.warning("No CED plot: %s", error)


def make_report(
    model: NamedModel,
    protocols: Sequence[Protocol],
    faces: Mapping[str, Sequence[FaceSample]],
    landmarks: Mapping[str, np.ndarray],
    n_bootstrap: int,
    *,
    name: str = "",
    published: Published | None = None,
    iterations: float = float("nan"),
    reader_options: Mapping[str, object] | None = None,
) -> ModelReport:
    """The report of predictions on the samples of `read_splits`.

    Args:
        model: The model that made them.
        protocols: The protocols.
        faces: Split to its samples.
        landmarks: Face name to `(N, 2)` predictions in pixels of the photo; faces that were not found are left out.
        n_bootstrap: Resamples of the confidence intervals.
        name: The model's name in the report; by default its own.
        published: Protocol name to a paper's numbers.
        iterations: Mean number of iterations of a face.
        reader_options: Options that the faces were read with.

    Raises:
        ValueError: If no face of a protocol was found.
    """
    samples, evaluations = by_name(faces), []
    for protocol in protocols:
        kept = [sample for sample in faces[split_of(protocol)] if sample.name in landmarks]
        if not kept:
            raise ValueError(
                f"No face of {protocol} was found by {protocol.boxes.describe()}. Received: {len(samples)} faces"
            )
        evaluations.append(evaluate_faces(protocol, kept, landmarks, model.crop_spec.box, n_bootstrap))
    own, measured = model.markup, protocols[0].markup
    converted = f"The network's points of markup '{own.name if own else None}' were converted to '{measured}'."
    return ModelReport(
        name=name or model.name,
        evaluations=tuple(evaluations),
        samples=samples,
        faces={split: [sample.name for sample in group] for split, group in faces.items()},
        landmarks=landmarks,
        missed=tuple(name for name in samples if name not in landmarks),
        iterations=iterations,
        published=published or {},
        reader_options=reader_options or {},
        notes=() if own and own.name == measured else (converted,),
    )


def evaluate_faces(
    protocol: Protocol,
    samples: Sequence[FaceSample],
    landmarks: Mapping[str, np.ndarray],
    own_box: str,
    n_bootstrap: int,
) -> Evaluation:
    """The evaluation of predictions on samples, with all that the protocol needs of the data set.

    Args:
        protocol: The protocol.
        samples: The faces to count.
        landmarks: Face name to `(N, 2)` predictions in pixels of the photo.
        own_box: The kind of box that the model's crops are made for.
        n_bootstrap: Resamples of the confidence interval.
    """
    boxes = np.stack([s.box("ground_truth") for s in samples]) if protocol.normalizer_box == "dataset" else None
    visibility = None
    if protocol.points == "visible":
        visibility = np.stack([np.asarray(s.visibility) for s in samples])
    return evaluate_landmarks(
        np.stack([landmarks[sample.name] for sample in samples]),
        np.stack([sample.landmarks for sample in samples]),
        protocol,
        names=[sample.name for sample in samples],
        boxes=boxes,
        visibility=visibility,
        own_box_source=own_box,
        n_bootstrap=n_bootstrap,
        strata=[str(s.attributes[protocol.strata]) for s in samples] if protocol.strata else None,
    )
