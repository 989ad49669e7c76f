"""Evaluation of a model on the test faces of a data set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Literal

import numpy as np

from kerasalign.data.boxes import matching_face, source_box, source_face
from kerasalign.datasets import FaceSample
from kerasalign.detection import Detection, Detector, get_detector
from kerasalign.evaluation.model import NamedModel
from kerasalign.evaluation.protocols import Published, by_name, check_protocols, read_splits
from kerasalign.evaluation.report import ModelReport, make_report
from kerasalign.inference import Face, align_iter
from kerasalign.metrics import BoxSource, Protocol, get_protocol


def evaluate_model(
    model: NamedModel,
    data_dir,
    protocols: Sequence[str | Protocol],
    *,
    box_source: str | None = None,
    detector: Detector | None = None,
    name: str = "",
    published: Published | None = None,
    on_error: Literal["raise", "skip"] = "raise",
    n_bootstrap: int = 1000,
    reader_options: Mapping[str, object] | None = None,
    **options,
) -> ModelReport:
    """Runs a model on the test faces that protocols name.

    Args:
        model: A `LandmarkModel`. If the protocols are of another markup that its own converts to, its landmarks are
            converted (98 points to 68), and the report says so.
        data_dir: Folder of the protocols' data set in its official layout.
        protocols: Protocols of one data set, or their names.
        box_source: Boxes instead of the protocols' own: `"landmarks"`, `"scaled:1.2"`, `"jittered:0.2,roll=30"`,
            `"dataset:KIND"`, `"detector:mtcnn"`; see `Protocol`.
        detector: The detector of a box source `"detector:NAME"`; by default the library's detector of that name.
        name: The model's name in the report; by default its own.
        published: Protocol name to a paper's `nme`, `fr`, `auc`.
        on_error: `"raise"`, or `"skip"` for faces whose annotation is broken.
        n_bootstrap: Resamples of the confidence intervals.
        reader_options: Options of the data set's reader, such as `{"stride": 10}`. Readers that take a `markup` get
            the protocols'.
        **options: Options of `model.predict_crops`.

    Raises:
        ValueError: If the protocols are of several data sets or box sources, their markup is neither the model's
            nor one that it converts to, the reader has no such option, or no face is found.
    """
    chosen = [get_protocol(protocol) for protocol in protocols]
    if box_source is not None:
        chosen = [protocol.with_box_source(box_source) for protocol in chosen]
    check_protocols(model, chosen, convert=True)
    faces = read_splits(chosen, data_dir, on_error, reader_options)
    groups = [list(group) for _, group in groupby(by_name(faces).values(), key=lambda sample: str(sample.image))]
    boxes = chosen[0].boxes
    if boxes.kind == "detector":
        aligned = _detected_faces(model, groups, detector or get_detector(boxes.detail), options)
    else:
        given = [_given_boxes(group, boxes) for group in groups]
        aligned = _given_faces(model, groups, given, options)
    landmarks, iterations = {}, []
    for sample, face in aligned:
        landmarks[sample.name] = face.to(chosen[0].markup).landmarks
        iterations.append(face.iterations)
    counts = np.asarray([count for count in iterations if count > 0])
    return make_report(
        model,
        chosen,
        faces,
        landmarks,
        n_bootstrap,
        name=name,
        published=published,
        iterations=float(counts.mean()) if len(counts) else float("nan"),
        reader_options=reader_options,
    )


class _Photos(Sequence):
    """The photo of each group of samples, read on access."""

    def __init__(self, groups: list[list[FaceSample]]):
        self.groups = groups

    def __len__(self) -> int:
        return len(self.groups)

    def __getitem__(self, index):
        return self.groups[index][0].read_image()


def _detected_faces(
    model: NamedModel, groups: list[list[FaceSample]], detector: Detector, options: Mapping
) -> Iterator[tuple[FaceSample, Face]]:
    """Each sample that a detector finds, with its aligned face."""
    to_tight = detector.map_to("landmarks")
    for group, faces in zip(groups, align_iter(model, _Photos(groups), detector=detector, **options)):
        boxes = [to_tight(face.box) for face in faces]
        for sample in group:
            face = matching_face(boxes, faces, sample)
            if face is not None:
                yield sample, face


def _given_faces(
    model: NamedModel, groups: list[list[FaceSample]], boxes: list[np.ndarray | list[Detection]], options: Mapping
) -> Iterator[tuple[FaceSample, Face]]:
    """Each sample with the face that was aligned in its box."""
    for group, faces in zip(groups, align_iter(model, _Photos(groups), boxes=boxes, **options)):
        yield from zip(group, faces)


def _given_boxes(group: list[FaceSample], source: BoxSource) -> np.ndarray | list[Detection]:
    """The boxes of the faces of a photo; detections, where they are turned."""
    if not source.roll:
        return np.stack([source_box(sample, source) for sample in group])
    faces = [source_face(sample, source) for sample in group]
    return [Detection(box, angle=angle) for box, angle in faces]
