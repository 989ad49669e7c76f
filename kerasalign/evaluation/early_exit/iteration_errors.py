"""Errors of every iteration of a cascade on test faces, from which the sweep and the calibration are computed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, Literal, Protocol as Interface, runtime_checkable

import numpy as np

from kerasalign.data.boxes import matching_face, source_face
from kerasalign.datasets import FaceSample
from kerasalign.detection import Detector, get_detector
from kerasalign.evaluation.model import NamedModel
from kerasalign.evaluation.protocols import check_protocols, read_splits, split_of
from kerasalign.evaluation.report import evaluate_faces
from kerasalign.geometry import CropSpec
from kerasalign.markups import Markup, get_markup
from kerasalign.metrics import BoxSource, Protocol, get_protocol
from kerasalign.models.musica.exit_rule import exit_rule

_BATCH = 64


@runtime_checkable
class Cascade(NamedModel, Interface):
    """A model in iterations that estimates its own error after each, such as `MuSiCa`.

    Attributes:
        mean_shape: `(N, 2)` start shape.
        config: Its `patches` are the indices of the landmarks that have a patch.
    """

    mean_shape: np.ndarray
    config: Any

    def with_thresholds(self, success: float | None, failure: float | None = None) -> Cascade:
        """The same network with other thresholds of early exit, in percent."""
        ...


@dataclass(frozen=True, eq=False)
class CascadeErrors:
    """Errors and estimates of F faces after each of I iterations, all of which ran.

    Args:
        model: The model's name.
        protocol: How `nmes` were made.
        names: Name of each face.
        nmes: `(F, I)` NME in percent by the protocol.
        estimates: `(F, I)` the model's own estimates in percent, in its own units.
        own: `(F, I)` true errors in the unit of `estimates`: mean L1 distance over the L1 distance of the outer
            eye corners, percent; or the inter-ocular NME for a model that estimates that.
        macs: `"paper"` and `"full"` to the multiply-adds of a face that quits after 1..I iterations.
        ocular: `(F, I)` NME in percent of the inter-ocular distance, whatever the protocol divides by.
        landmarks: `(F, I, N, 2)` in pixels of the photo.
        attention: `(I, P)` attention of each patch, mean over its features and the faces.
        samples: The faces.
        missed: Names of the faces that the detector did not find; they are in nothing above.
        unit: Unit of `estimates` and `own`: `"l1"` or `"nme"`, as `error_norm` of MuSiCa.

    Raises:
        ValueError: If the arrays do not fit each other, there is no face, or a number is not finite.
    """

    model: str
    protocol: Protocol
    names: tuple[str, ...]
    nmes: np.ndarray
    estimates: np.ndarray
    own: np.ndarray
    macs: Mapping[str, tuple[int, ...]]
    ocular: np.ndarray
    landmarks: np.ndarray = field(default_factory=lambda: np.zeros((0, 0, 0, 2)))
    attention: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    samples: tuple[FaceSample, ...] = ()
    missed: tuple[str, ...] = ()
    unit: str = "l1"

    def __post_init__(self) -> None:
        shape = np.shape(self.nmes)
        for name in ("nmes", "estimates", "own", "ocular"):
            value = np.asarray(getattr(self, name), "float64")
            if value.shape != shape or value.ndim != 2 or not value.size or not np.isfinite(value).all():
                raise ValueError(
                    f"`{name}` must be (F, I) finite numbers, F and I as of `nmes`, {shape}. "
                    f"Received: shape {value.shape}, {int((~np.isfinite(value)).sum())} not finite"
                )
            object.__setattr__(self, name, value)
        if len(self.names) != shape[0]:
            raise ValueError(f"`names` must be one per face, {shape[0]}. Received: {len(self.names)} names")
        wrong = {name: len(values) for name, values in self.macs.items() if len(values) != shape[1]}
        if wrong:
            raise ValueError(f"`macs` must be one number per iteration, {shape[1]}. Received: {wrong}")

    def __len__(self) -> int:
        return len(self.names)

    @property
    def iterations(self) -> int:
        """Number of iterations of a full run."""
        return self.nmes.shape[1]

    def quits(self, threshold: float | None) -> np.ndarray:
        """`(F,)` iteration, from 1, at which each face quits: the first whose estimate is below T_s, else the last."""
        return exit_rule(self.estimates, threshold) + 1


def cascade_errors(
    model: Cascade,
    data_dir,
    protocol: str | Protocol,
    box_source: str | None = None,
    detector: Detector | None = None,
    name: str = "",
    on_error: Literal["raise", "skip"] = "raise",
    reader_options: Mapping[str, object] | None = None,
) -> CascadeErrors:
    """Runs every iteration of a cascade on the test faces of a protocol.

    Args:
        model: A `MuSiCa`; its thresholds are ignored.
        data_dir: Folder of the protocol's data set in its official layout.
        protocol: A protocol, or its name.
        box_source: Boxes instead of the protocol's own; see `Protocol`.
        detector: The detector of a box source `"detector:NAME"`; by default the library's detector of that name.
        name: The model's name in reports; by default its own.
        on_error: `"raise"`, or `"skip"` for faces whose annotation is broken.
        reader_options: As in `evaluate_model`.

    Raises:
        ValueError: If the model is no cascade, the protocol's markup is not its own or it averages groups of
            faces, or no face is found.
    """
    if not isinstance(model, Cascade):
        raise ValueError(f"`model` must be a cascade that estimates its error, such as MuSiCa. Received: model={model}")
    protocol = get_protocol(protocol)
    if protocol.strata:
        raise ValueError(
            "`protocol` must weigh every face the same: an operating point is a mean over faces. "
            f"Received: protocol='{protocol.name}'"
        )
    if box_source is not None:
        protocol = protocol.with_box_source(box_source)
    check_protocols(model, [protocol])
    samples = read_splits([protocol], data_dir, on_error, reader_options)[split_of(protocol)]
    measured, landmarks, estimates, own, attention = [], [], [], [], []
    every: dict[str, Any] = {"early_exit": False}
    for batch in _batches(_crops(samples, protocol.boxes, detector, model.crop_spec)):
        out = model.predict_crops(np.stack([crop for _, crop, _ in batch]), **every)
        for (sample, _, matrix), points in zip(batch, out["cascade_landmarks"]):
            measured.append(sample)
            own.append(
                _l1_errors(points, model.crop_spec.to_crop(matrix, sample.landmarks), get_markup(protocol.markup))
            )
            flat = model.crop_spec.to_photo(matrix, points.reshape(-1, 2))
            landmarks.append(flat.reshape(points.shape))
        estimates.append(out["cascade_error"])
        attention.append(out["attention"])
    if not measured:
        raise ValueError(
            f"No face of {protocol} was found by {protocol.boxes.describe()}. Received: data_dir={data_dir}"
        )
    ocular = replace(protocol, normalizer="inter_ocular", normalizer_box="landmarks")
    names = tuple(sample.name for sample in measured)
    known = set(names)
    points = np.stack(landmarks)
    unit, in_ocular = getattr(model.config, "error_norm", "l1"), _nmes(ocular, measured, points)
    return CascadeErrors(
        model=name or model.name,
        protocol=protocol,
        names=names,
        nmes=_nmes(protocol, measured, points),
        estimates=np.concatenate(estimates),
        own=in_ocular if unit == "nme" else np.stack(own),
        macs=_macs(model, points.shape[1]),
        ocular=in_ocular,
        landmarks=points,
        attention=np.concatenate(attention).mean(0),
        samples=tuple(measured),
        missed=tuple(sample.name for sample in samples if sample.name not in known),
        unit=unit,
    )


def _macs(model, iterations: int) -> dict[str, tuple[int, ...]]:
    from kerasalign.models.musica.macs import count_macs  # Keras loads here, not before

    return {
        convention: tuple(count_macs(model, convention, i + 1) for i in range(iterations))
        for convention in ("paper", "full")
    }


def _l1_errors(points: np.ndarray, target: np.ndarray, markup: Markup) -> np.ndarray:
    """`(I,)` true errors of a face in percent, in the unit of the estimates.

    The unit is an L1 distance, which depends on the axes: both arrays are in pixels of the crop.
    """
    right, left = (target[list(side)].mean(0) for side in markup.eye_groups("inter_ocular"))
    return 100 * np.nanmean(np.abs(points - target).sum(-1), axis=-1) / np.abs(right - left).sum()


def _nmes(protocol: Protocol, samples: list[FaceSample], landmarks: np.ndarray) -> np.ndarray:
    per_iteration = []
    for points in landmarks.swapaxes(0, 1):
        by_face = {sample.name: shape for sample, shape in zip(samples, points)}
        per_iteration.append(evaluate_faces(protocol, samples, by_face, "landmarks", n_bootstrap=1).nmes)
    return np.stack(per_iteration, 1)


def _crops(
    samples: list[FaceSample], source: BoxSource, detector: Detector | None, spec: CropSpec
) -> Iterator[tuple[FaceSample, np.ndarray, np.ndarray]]:
    """Each face with its crop and the matrix from photo to crop; faces that a detector misses are left out."""
    if source.kind == "detector" and detector is None:
        detector = get_detector(source.detail)
    for _, group in groupby(samples, key=lambda sample: str(sample.image)):
        faces = list(group)
        image = faces[0].read_image()
        if detector is None or source.kind != "detector":
            for sample in faces:
                yield sample, *spec.extract(image, *source_face(sample, source))
            continue
        detections = detector.detect(image)
        tight = [detector.map_to("landmarks")(detection.box) for detection in detections]
        for sample in faces:
            match = matching_face(tight, detections, sample)
            if match is not None:
                yield sample, *spec.extract(image, detector.map_to(spec.box)(match.box), match.angle)


def _batches(stream: Iterator) -> Iterator[list]:
    batch = []
    for item in stream:
        batch.append(item)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
