"""A model on the test set of a data set: numbers by protocol, and the pictures that explain them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import numpy as np
from rich.console import Group

from kerasalign.datasets import FaceSample, get_dataset
from kerasalign.detection import get_detector
from kerasalign.evaluation.tables import part_table, score_table
from kerasalign.geometry import SAME_FACE_IOU, box_center, box_from_center, box_iou, box_size
from kerasalign.inference import align_iter
from kerasalign.metrics import Evaluation, Protocol, evaluate_landmarks, get_protocol
from kerasalign.support.files import write_json, written_beside
from kerasalign.training.reading import read_faces
from kerasalign.training.run import versions

logger = logging.getLogger(__name__)

# What a data set's reader calls the subset that a protocol names otherwise.
_SPLITS = {("wflw", "full"): "test", ("wflw", "pose"): "largepose", ("aflw2000-3d", "yaw_balanced"): "full"}


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
        iterations: Mean number of iterations of a face; NaN where the model does not say.
        published: Protocol name to the paper's numbers.
        reader_options: Options that the faces were read with.
    """

    name: str
    evaluations: tuple[Evaluation, ...]
    samples: Mapping[str, FaceSample]
    faces: Mapping[str, Sequence[str]]
    landmarks: Mapping[str, np.ndarray]
    missed: tuple[str, ...] = ()
    iterations: float = float("nan")
    published: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    reader_options: Mapping[str, object] = field(default_factory=dict)

    def fr_with_missed(self, evaluation: Evaluation) -> float:
        """Failure rate in percent when every face that the detector missed counts as a failure."""
        protocol = evaluation.protocol
        failed = dict(zip(evaluation.names, evaluation.nmes > protocol.fr_threshold))
        failed |= dict.fromkeys(set(self.missed) & set(self.faces[split_of(protocol)]), True)
        groups: dict[object, list[bool]] = {}
        for name, failure in failed.items():
            group = self.samples[name].attributes[protocol.strata] if protocol.strata else None
            groups.setdefault(group, []).append(failure)
        return float(100 * np.mean([np.mean(group) for group in groups.values()]))

    def table(self) -> Group:
        """Scores beside the paper's, then NME by facial part, as a `rich` renderable."""
        lines: list = [score_table([evaluation], self.published) for evaluation in self.evaluations]
        lines += [part_table([evaluation]) for evaluation in self.evaluations]
        if self.missed:
            rates = dict.fromkeys(f"{self.fr_with_missed(e):.2f} % ({e.protocol.name})" for e in self.evaluations)
            lines.append(
                f"The detector missed {len(self.missed)} faces, which have no NME. "
                f"Counted as failures: FR {', '.join(rates)}."
            )
        if np.isfinite(self.iterations):
            lines.append(f"{self.iterations:.2f} iterations a face on average.")
        return Group(*lines)

    def worst_faces(self, k: int = 20):
        """The `k` faces of the largest NME under the first protocol with prediction and truth drawn, a PIL image."""
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
        """All but per-face numbers, ready for JSON."""
        return {
            "model": self.name,
            "evaluations": [evaluation.to_dict() for evaluation in self.evaluations],
            "published": {name: dict(values) for name, values in self.published.items()},
            "missed": list(self.missed),
            "fr_with_missed": {e.protocol.name: self.fr_with_missed(e) for e in self.evaluations},
            "iterations": self.iterations if np.isfinite(self.iterations) else None,
            "reader_options": dict(self.reader_options),
            "versions": versions(),
        }

    def save(self, directory, worst: int = 20, command: str = "") -> None:
        """Writes `report.json`, a CSV per protocol, `worst.jpg`, and `ced.png` where matplotlib is installed.

        Args:
            directory: Folder; made if needed.
            worst: Faces on the contact sheet; 0 for none.
            command: What made the numbers, for the report.
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


def evaluate_model(
    model,
    data_dir,
    protocols: Sequence[str | Protocol],
    *,
    box_source: str | None = None,
    name: str = "",
    published: Mapping[str, Mapping[str, float | None]] | None = None,
    on_error: str = "raise",
    n_bootstrap: int = 1000,
    reader_options: Mapping[str, object] | None = None,
    **options,
) -> ModelReport:
    """Runs a model on the test faces that protocols name.

    Args:
        model: A `LandmarkModel`.
        data_dir: Folder of the protocols' data set in its official layout.
        protocols: Protocols of one data set, or their names.
        box_source: Boxes instead of the protocols' own: `"landmarks"`, `"scaled:1.2"`, `"dataset:KIND"`,
            `"detector:mtcnn"`; see `Protocol`.
        name: The model's name, for the report.
        published: Protocol name to a paper's `nme`, `fr`, `auc`.
        on_error: `"raise"`, or `"skip"` for faces whose annotation is broken.
        n_bootstrap: Resamples of the confidence intervals.
        reader_options: Options of the data set's reader, such as `{"stride": 10}`. Readers that take a `markup` get
            the protocols'.
        **options: Of `model.predict_crops`.

    Raises:
        ValueError: If the protocols are of several data sets or box sources, their markup is not the model's,
            the reader has no such option, or no face is found.
    """
    chosen = [get_protocol(protocol) for protocol in protocols]
    if box_source is not None:
        chosen = [protocol.with_box_source(box_source) for protocol in chosen]
    check_protocols(model, chosen)
    faces = read_splits(chosen, data_dir, on_error, reader_options)
    found, iterations = _predict(model, list(by_name(faces).values()), chosen[0].box_source, options)
    mean = float(np.mean(iterations)) if len(iterations) else float("nan")
    return report_on(
        model,
        chosen,
        faces,
        found,
        n_bootstrap,
        name=name,
        published=published,
        iterations=mean,
        reader_options=reader_options,
    )


def read_splits(
    protocols: Sequence[Protocol], data_dir, on_error: str = "raise", options: Mapping[str, object] | None = None
) -> dict[str, list[FaceSample]]:
    """The samples of every split that protocols of one data set and markup name; see `read_faces`."""
    data, markup = protocols[0].dataset.lower(), protocols[0].markup
    splits = dict.fromkeys(split_of(protocol) for protocol in protocols)
    return {split: read_faces(data, data_dir, split, markup, on_error, options) for split in splits}


def by_name(faces: Mapping[str, Sequence[FaceSample]]) -> dict[str, FaceSample]:
    """Face name to sample; splits may share faces, as WFLW's subsets do."""
    return {sample.name: sample for group in faces.values() for sample in group}


def report_on(
    model,
    protocols: Sequence[Protocol],
    faces: Mapping[str, Sequence[FaceSample]],
    found: Mapping[str, np.ndarray],
    n_bootstrap: int,
    **told,
) -> ModelReport:
    """The report of predictions on the samples of `read_splits`.

    Args:
        model: The model that made them.
        protocols: The protocols.
        faces: Split to its samples.
        found: Face name to `(N, 2)` landmarks in pixels of the photo, of the faces that were found.
        n_bootstrap: Resamples of the confidence intervals.
        **told: `name`, `published`, `iterations` and `reader_options` of the `ModelReport`.

    Raises:
        ValueError: If no face of a protocol was found.
    """
    samples, evaluations = by_name(faces), []
    for protocol in protocols:
        kept = [sample for sample in faces[split_of(protocol)] if sample.name in found]
        if not kept:
            raise ValueError(
                f"No face of {protocol} was found by {protocol.box_text()}. Received: {len(samples)} faces"
            )
        evaluations.append(evaluate_faces(protocol, kept, found, model.crop_spec.box, n_bootstrap))
    names = {split: [sample.name for sample in group] for split, group in faces.items()}
    missed = tuple(name for name in samples if name not in found)
    told |= {
        "name": told.get("name") or model.name,
        "published": told.get("published") or {},
        "reader_options": told.get("reader_options") or {},
    }
    return ModelReport(
        evaluations=tuple(evaluations), samples=samples, faces=names, landmarks=found, missed=missed, **told
    )


def split_of(protocol: Protocol) -> str:
    """What the data set's reader calls the protocol's subset."""
    return _SPLITS.get((protocol.dataset.lower(), protocol.subset), protocol.subset)


def usable_protocols(names: Iterable[str], data_dir) -> tuple[list[str], list[str]]:
    """Splits protocol names into those whose split is whole in a folder, and lines on the others."""
    usable, left_out = [], []
    for name in dict.fromkeys(names):
        protocol = get_protocol(name)
        missing = get_dataset(protocol.dataset.lower()).missing(Path(data_dir), split_of(protocol))
        if missing:
            left_out.append(f"{name}: not in {data_dir}: {', '.join(missing)}")
        else:
            usable.append(name)
    return usable, left_out


def check_protocols(model, protocols: Sequence[Protocol]) -> None:
    """Raises unless protocols can be measured in one pass of a model.

    Raises:
        ValueError: If they are of several data sets or box sources, or their markup is not the model's.
    """
    kinds = {"data sets": {p.dataset for p in protocols}, "box sources": {p.box_source for p in protocols}}
    for what, values in kinds.items():
        if len(values) != 1:
            raise ValueError(f"`protocols` must be of one kind, not several {what}. Received: {sorted(values)}")
    markup = protocols[0].markup
    if model.markup is None or model.markup.name != markup:
        raise ValueError(f"The protocols measure markup '{markup}'. Received: a model of markup {model.markup!r}")


def evaluate_faces(
    protocol: Protocol, samples: Sequence[FaceSample], found: Mapping[str, np.ndarray], own_box: str, n_bootstrap: int
) -> Evaluation:
    """The evaluation of predictions on samples, with what the protocol needs of the data set.

    Args:
        protocol: The protocol.
        samples: The faces to count.
        found: Face name to `(N, 2)` landmarks in pixels of the photo.
        own_box: The kind of box that the model's crops are made for.
        n_bootstrap: Resamples of the confidence interval.
    """
    boxes = np.stack([s.box("ground_truth") for s in samples]) if protocol.normaliser_box == "dataset" else None
    return evaluate_landmarks(
        np.stack([found[sample.name] for sample in samples]),
        np.stack([sample.landmarks for sample in samples]),
        protocol,
        names=[sample.name for sample in samples],
        boxes=boxes,
        visibility=np.stack([s.visibility for s in samples]) if protocol.points == "visible" else None,
        own_box_source=own_box,
        n_bootstrap=n_bootstrap,
        strata=[s.attributes[protocol.strata] for s in samples] if protocol.strata else None,
    )


class _Photos(Sequence):
    """Photos that are read when their turn comes."""

    def __init__(self, groups: list[list[FaceSample]]):
        self.groups = groups

    def __len__(self) -> int:
        return len(self.groups)

    def __getitem__(self, index: int) -> np.ndarray:
        return self.groups[index][0].read_image()


def _predict(model, samples: list[FaceSample], box_source: str, options) -> tuple[dict[str, np.ndarray], np.ndarray]:
    groups = [list(group) for _, group in groupby(samples, key=lambda sample: str(sample.image))]
    kind, _, detail = box_source.partition(":")
    landmarks, iterations = {}, []
    if kind == "detector":
        detector = get_detector(detail)
        to_tight = detector.map_to("landmarks")
        for group, faces in zip(groups, align_iter(model, _Photos(groups), detector=detector, **options)):
            for sample in group:
                for face in same_face([to_tight(face.box) for face in faces], faces, sample):
                    landmarks[sample.name] = face.landmarks
                    iterations.append(face.iterations)
    else:
        boxes = [np.stack([given_box(sample, kind, detail) for sample in group]) for group in groups]
        for group, faces in zip(groups, align_iter(model, _Photos(groups), boxes=boxes, **options)):
            for sample, face in zip(group, faces):
                landmarks[sample.name] = face.landmarks
                iterations.append(face.iterations)
    counts = np.asarray(iterations)
    return landmarks, counts[counts > 0]


def same_face(boxes: Sequence[np.ndarray], faces: Sequence, sample: FaceSample) -> list:
    """The detected face that is the sample's, by the overlap of its tight box: one, or none."""
    overlaps = [box_iou(box, sample.box("landmarks")) for box in boxes]
    return [faces[int(np.argmax(overlaps))]] if overlaps and max(overlaps) >= SAME_FACE_IOU else []


def given_box(sample: FaceSample, kind: str, detail: str) -> np.ndarray:
    """The box of a sample by a box source `KIND:DETAIL` that is no detector; see `Protocol`."""
    if kind == "dataset":
        return sample.box(detail or next(iter(sample.boxes), "detector"))
    box = sample.box("landmarks")
    return box_from_center(box_center(box), box_size(box) * float(detail)) if kind == "scaled" else box


def preset_protocols(preset) -> tuple[list[str], dict[str, dict[str, float | None]]]:
    """Protocols of a manifest entry, the paper's first, and the paper's numbers by protocol.

    A protocol by pupils is joined by that of the outer eye corners, which more papers report. An entry without a number
    of a paper has the protocols that it was measured by.
    """
    reported = [result.protocol for result in preset.paper_results or preset.measured]
    names = [*reported, *(name.replace("inter_pupil", "inter_ocular") for name in reported)]
    published = {r.protocol: {"nme": r.nme, "fr": r.fr, "auc": r.auc} for r in preset.paper_results}
    return list(dict.fromkeys(names)), published
