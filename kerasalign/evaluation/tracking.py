"""A model on the videos of a data set, as it would run on them: faces are found once and followed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

import numpy as np

from kerasalign.datasets import FaceSample
from kerasalign.detection import get_detector
from kerasalign.evaluation.evaluate import ModelReport, by_name, check_protocols, read_splits, report_on, same_face
from kerasalign.geometry import tight_box
from kerasalign.inference.video import FaceTracker, OneEuroFilter
from kerasalign.metrics import Protocol, get_protocol


def evaluate_tracking(
    model,
    data_dir,
    protocols: Sequence[str | Protocol],
    *,
    detector="kerasalign",
    smooth: OneEuroFilter | None = None,
    name: str = "",
    published: Mapping[str, Mapping[str, float | None]] | None = None,
    on_error: str = "raise",
    n_bootstrap: int = 1000,
    reader_options: Mapping[str, object] | None = None,
    **options,
) -> ModelReport:
    """Follows the annotated face through every video that protocols name.

    Nothing of the annotation is used: the detector finds the faces, the tracker follows them, and of those in a frame
    the one counts that lies on the annotated face. A frame without one has no NME and counts among the missed.

    Args:
        model: A `LandmarkModel` whose crops are made from the box of the landmarks.
        data_dir: Folder of a data set of videos: its samples have the attributes `video` and `frame`.
        protocols: Protocols of that data set, or their names.
        detector: As in `align`.
        smooth: Settings of the smoothing; `None`: none.
        name: The model's name, for the report.
        published: Protocol name to a paper's `nme`, `fr`, `auc`.
        on_error: `"raise"`, or `"skip"` for frames whose annotation is broken.
        n_bootstrap: Resamples of the confidence intervals.
        reader_options: As in `evaluate_model`.
        **options: Of `FaceTracker`.

    Returns:
        A `ModelReport`; the box source of its protocols ends in `_tracked`.

    Raises:
        ValueError: If the data set has no videos, the protocols are of several data sets or another markup, or no face
            is found.

    Example:

        report = evaluate_tracking(model, "data/300vw", ["300vw-category3-inter_pupil"])
    """
    finder = get_detector(detector)
    source = f"detector:{finder.name}_tracked"
    chosen = [get_protocol(protocol).with_box_source(source) for protocol in protocols]
    check_protocols(model, chosen)
    faces = read_splits(chosen, data_dir, on_error, reader_options)
    samples = list(by_name(faces).values())
    if not all("video" in sample.attributes for sample in samples):
        raise ValueError(f"`protocols` must be of a data set of videos. Received: protocols={list(map(str, chosen))}")
    found = _followed(model, samples, finder, smooth, options)
    return report_on(
        model, chosen, faces, found, n_bootstrap, name=name, published=published, reader_options=reader_options
    )


def _followed(model, samples: list[FaceSample], detector, smooth, options) -> dict[str, np.ndarray]:
    """Landmarks of the annotated face of every frame in which it was followed."""
    found = {}
    for _, frames in groupby(samples, key=lambda sample: sample.attributes["video"]):
        tracker = FaceTracker(model, detector, smooth=smooth, **options)
        for sample in frames:
            # Frames of the data set have no times; 25 a second is what its videos have about.
            tracks = tracker.update(sample.read_image(), sample.attributes["frame"] / 25)
            shown = [track.smoothed for track in tracks]
            for face in same_face([tight_box(face.landmarks) for face in shown], shown, sample):
                found[sample.name] = face.landmarks
    return found
