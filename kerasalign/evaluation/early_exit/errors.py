"""What every iteration of a cascade would give on test faces: the ground of the sweep and the calibration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby

import numpy as np

from kerasalign.datasets import FaceSample
from kerasalign.detection import get_detector
from kerasalign.evaluation.evaluate import check_protocols, evaluate_faces, given_box, read_splits, same_face, split_of
from kerasalign.geometry import CropSpec
from kerasalign.markups import Markup
from kerasalign.metrics import Protocol, get_protocol
from kerasalign.models.musica.exit_rule import exit_rule

_BATCH = 64


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
            eye corners, percent.
        macs: `"paper"` and `"full"` to the multiply-adds of a face that quits after 1..I iterations.
        ocular: `(F, I)` NME in percent of the inter-ocular distance, whatever the protocol divides by.
        landmarks: `(F, I, N, 2)` in pixels of the photo.
        attention: `(I, P)` attention of each patch, mean over its features and the faces.
        samples: The faces.
        missed: Names of the faces that the detector did not find; they are in nothing above.

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
    model,
    data_dir,
    protocol: str | Protocol,
    box_source: str | None = None,
    name: str = "",
    on_error: str = "raise",
    reader_options: Mapping[str, object] | None = None,
) -> CascadeErrors:
    """Runs every iteration of a MuSiCa on the test faces of a protocol.

    Args:
        model: A `MuSiCa`; its thresholds play no part.
        data_dir: Folder of the protocol's data set in its official layout.
        protocol: A protocol, or its name.
        box_source: Boxes instead of the protocol's own; see `Protocol`.
        name: The model's name, for reports.
        on_error: `"raise"`, or `"skip"` for faces whose annotation is broken.
        reader_options: As in `evaluate_model`.

    Raises:
        ValueError: If the model is no cascade, the protocol's markup is not its own or it averages groups of
            faces, or no face is found.
    """
    if not hasattr(model, "with_thresholds"):
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
    found, landmarks, estimates, own, attention = [], [], [], [], []
    for batch in _batches(_crops(samples, protocol.box_source, model.crop_spec)):
        out = model.predict_crops(np.stack([crop for _, crop, _ in batch]), early_exit=False)
        for (sample, _, matrix), points in zip(batch, out["cascade_landmarks"]):
            found.append(sample)
            own.append(_l1_errors(points, model.crop_spec.to_crop(matrix, sample.landmarks), model.markup))
            flat = model.crop_spec.to_photo(matrix, points.reshape(-1, 2))
            landmarks.append(flat.reshape(points.shape))
        estimates.append(out["cascade_error"])
        attention.append(out["attention"])
    if not found:
        raise ValueError(f"No face of {protocol} was found by {protocol.box_text()}. Received: data_dir={data_dir}")
    ocular = replace(protocol, normaliser="inter_ocular", normaliser_box="landmarks")
    names = tuple(sample.name for sample in found)
    known = set(names)
    landmarks = np.stack(landmarks)
    return CascadeErrors(
        model=name or model.name,
        protocol=protocol,
        names=names,
        nmes=_nmes(protocol, found, landmarks),
        estimates=np.concatenate(estimates),
        own=np.stack(own),
        macs=_macs(model, landmarks.shape[1]),
        ocular=_nmes(ocular, found, landmarks),
        landmarks=landmarks,
        attention=np.concatenate(attention).mean(0),
        samples=tuple(found),
        missed=tuple(sample.name for sample in samples if sample.name not in known),
    )


def _macs(model, iterations: int) -> dict[str, tuple[int, ...]]:
    from kerasalign.models.musica.macs import count_macs  # Keras loads here, not before

    return {
        convention: tuple(count_macs(model, convention, i + 1) for i in range(iterations))
        for convention in ("paper", "full")
    }


def _l1_errors(points: np.ndarray, target: np.ndarray, markup: Markup) -> np.ndarray:
    """`(I,)` what the estimates of a face are trained to be, in percent; in the crop, whose axes L1 goes by."""
    right, left = (target[list(side)].mean(0) for side in markup.normaliser("inter_ocular"))
    return 100 * np.nanmean(np.abs(points - target).sum(-1), axis=-1) / np.abs(right - left).sum()


def _nmes(protocol: Protocol, samples: list[FaceSample], landmarks: np.ndarray) -> np.ndarray:
    per_iteration = []
    for points in landmarks.swapaxes(0, 1):
        found = {sample.name: shape for sample, shape in zip(samples, points)}
        per_iteration.append(evaluate_faces(protocol, samples, found, "landmarks", n_bootstrap=1).nmes)
    return np.stack(per_iteration, 1)


def _crops(samples, box_source: str, spec: CropSpec) -> Iterator[tuple[FaceSample, np.ndarray, np.ndarray]]:
    """Each face with its crop and the map from photo to crop; faces that a detector misses are left out."""
    kind, _, detail = box_source.partition(":")
    detector = get_detector(detail) if kind == "detector" else None
    for _, group in groupby(samples, key=lambda sample: str(sample.image)):
        faces = list(group)
        image = faces[0].read_image()
        if detector is None:
            boxes = [(sample, given_box(sample, kind, detail), 0.0) for sample in faces]
        else:
            detections = detector.detect(image)
            tight = [detector.map_to("landmarks")(found.box) for found in detections]
            boxes = [
                (sample, detector.map_to(spec.box)(found.box), found.angle)
                for sample in faces
                for found in same_face(tight, detections, sample)
            ]
        for sample, box, angle in boxes:
            yield sample, *spec.extract(image, box, angle)


def _batches(stream: Iterator) -> Iterator[list]:
    batch = []
    for item in stream:
        batch.append(item)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
