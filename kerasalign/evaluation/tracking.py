"""Evaluation on videos: the detector finds a face once, the tracker follows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Literal

from kerasalign.data.boxes import matching_face
from kerasalign.datasets import FaceSample
from kerasalign.detection import get_detector
from kerasalign.evaluation.model import NamedModel
from kerasalign.evaluation.protocols import Published, by_name, check_protocols, read_splits
from kerasalign.evaluation.report import ModelReport, make_report
from kerasalign.geometry import tight_box
from kerasalign.inference import Face
from kerasalign.inference.video import FaceTracker, OneEuroFilter
from kerasalign.metrics import Protocol, get_protocol


def evaluate_tracking(
    model: NamedModel,
    data_dir,
    protocols: Sequence[str | Protocol],
    *,
    detector="kerasalign",
    smooth: OneEuroFilter | None = None,
    name: str = "",
    published: Published | None = None,
    on_error: Literal["raise", "skip"] = "raise",
    n_bootstrap: int = 1000,
    reader_options: Mapping[str, object] | None = None,
    **options,
) -> ModelReport:
    """Follows the annotated face through every video that protocols name.

    Boxes come from the detector and the tracker alone, not from the annotation. In each frame the tracked face that
    overlaps the annotated face is measured. A frame without such a face has no NME and counts among the missed.

    Args:
        model: A `LandmarkModel` whose crops are made from the box of the landmarks.
        data_dir: Folder of a data set of videos: its samples have the attributes `video` and `frame`.
        protocols: Protocols of that data set, or their names.
        detector: A detector or its name; as in `align`.
        smooth: Smoothing of the landmarks over time; by default none.
        name: The model's name in the report; by default its own.
        published: Protocol name to a paper's `nme`, `fr`, `auc`.
        on_error: `"raise"`, or `"skip"` for frames whose annotation is broken.
        n_bootstrap: Resamples of the confidence intervals.
        reader_options: As in `evaluate_model`.
        **options: Options of `FaceTracker`.

    Returns:
        A `ModelReport`; the box source of its protocols ends in `_tracked`.

    Raises:
        ValueError: If the data set has no videos, the protocols are of several data sets or another markup, or no face
            is found.

    Example:

        report = evaluate_tracking(model, "data/300vw", ["300vw-category3-inter_pupil"])
    """
    detector = get_detector(detector)
    source = f"detector:{detector.name}_tracked"
    chosen = [get_protocol(protocol).with_box_source(source) for protocol in protocols]
    check_protocols(model, chosen, convert=True)
    faces = read_splits(chosen, data_dir, on_error, reader_options)
    samples = list(by_name(faces).values())
    if not all("video" in sample.attributes for sample in samples):
        raise ValueError(f"`protocols` must be of a data set of videos. Received: protocols={list(map(str, chosen))}")
    tracked = _track(model, samples, detector, smooth, options)
    landmarks = {name: face.to(chosen[0].markup).landmarks for name, face in tracked.items()}
    return make_report(
        model, chosen, faces, landmarks, n_bootstrap, name=name, published=published, reader_options=reader_options
    )


def _track(model, samples: list[FaceSample], detector, smooth, options) -> dict[str, Face]:
    """Name to tracked face, of every frame in which the annotated face was tracked."""
    tracked = {}
    for _, frames in groupby(samples, key=lambda sample: sample.attributes["video"]):
        tracker = FaceTracker(model, detector, smooth=smooth, **options)
        for sample in frames:
            # The data set gives no times; its videos have about 25 frames a second.
            tracks = tracker.update(sample.read_image(), sample.attributes["frame"] / 25)
            faces = [track.smoothed for track in tracks]
            face = matching_face([tight_box(face.landmarks) for face in faces], faces, sample)
            if face is not None:
                tracked[sample.name] = face
    return tracked
