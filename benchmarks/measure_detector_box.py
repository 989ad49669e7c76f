"""How a face detector's box maps to the tight box of the 68 landmarks, on the 300W training photos.

    python benchmarks/measure_detector_box.py --data DIR --output benchmarks/results/detector_box_mtcnn.json
    python benchmarks/measure_detector_box.py --data DIR --detector yunet:face_detection_yunet_2023mar.onnx
        --output benchmarks/results/detector_box_yunet.json

The medians it writes are the constants of the detector's adapter.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from kerasalign.datasets import read_dataset
from kerasalign.detection import get_detector
from kerasalign.geometry import BoxMap, box_center, box_iou, box_size
from kerasalign.markups import get_markup
from kerasalign.support.files import written_beside
from kerasalign.support.images import load_image

PACKAGES = ("mtcnn", "mediapipe", "tensorflow", "numpy", "opencv-python-headless")


# Attributes of a detector that its numbers depend on.
SETTINGS = ("max_side", "margin", "min_score", "max_overlap")


def measure(samples, detector) -> dict:
    """Detects every photo's annotated face and compares boxes and rotations; returns the numbers."""
    pairs, seconds, rolls = [], [], []
    for sample in samples:
        image = load_image(sample.image)
        start = time.perf_counter()
        found = detector.detect(image)
        seconds.append(time.perf_counter() - start)
        truth = sample.box("landmarks")
        best = max(found, key=lambda face: box_iou(face.box, truth), default=None)
        if best is None or box_iou(best.box, truth) < 0.1:
            pairs.append((truth, truth * np.nan))
            continue
        pairs.append((truth, best.box))
        # MediaPipe's points are others; its adapter takes the rotation from the eyes, too.
        eyes = roll_of(best.points[0], best.points[1]) if len(best.points) else best.angle
        rolls.append((roll(sample), eyes))
    truth, boxes = (np.array(side) for side in zip(*pairs))
    hit = np.isfinite(boxes).all(1)
    size = (boxes[:, 2:] - boxes[:, :2])[hit]
    ratio = (truth[:, 2:] - truth[:, :2])[hit] / size
    shift = ((truth[:, :2] + truth[:, 2:]) / 2 - (boxes[:, :2] + boxes[:, 2:]) / 2)[hit] / size
    scale, offset = np.median(ratio, 0), np.median(shift, 0)
    mapped = [BoxMap(tuple(scale), tuple(offset))(box) for box in boxes[hit]]
    overlaps = np.zeros(len(truth))
    overlaps[hit] = [box_iou(a, b) for a, b in zip(mapped, truth[hit])]
    good = overlaps > 0.4
    kept = good[hit]
    both = list(zip(mapped, truth[hit]))
    centers = [np.abs(box_center(a) - box_center(b)).max() / box_size(b).max() for a, b in both]
    longer = [box_size(a).max() / box_size(b).max() for a, b in both]
    truth_roll, found_roll = np.array(rolls).T
    return {
        "faces": len(truth),
        "recall_iou_0.4": float(good.mean()),
        "box_map": {"scale": scale.round(3).tolist(), "shift": offset.round(3).tolist()},
        "scale_quartiles": np.percentile(ratio, [25, 75], axis=0).T.round(3).tolist(),
        "shift_quartiles": np.percentile(shift, [25, 75], axis=0).T.round(3).tolist(),
        "iou_after_mapping": percentiles(overlaps[good]),
        "center_error_of_longer_side": percentiles(np.array(centers)[kept]),
        "longer_side_ratio": percentiles(np.array(longer)[kept]),
        "roll_degrees": {
            "annotated_abs": percentiles(np.abs(truth_roll[kept])),
            "residual_abs": percentiles(np.abs(truth_roll - found_roll)[kept]),
        },
        "milliseconds_per_photo": {
            "median": float(np.median(seconds) * 1e3),
            "p90": float(np.percentile(seconds, 90) * 1e3),
        },
    }


def _has(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def percentiles(values: np.ndarray) -> dict:
    """Median and the outer tenths."""
    return dict(zip(("p10", "median", "p90"), np.percentile(values, [10, 50, 90]).round(4).tolist()))


def roll_of(right: np.ndarray, left: np.ndarray) -> float:
    """In-plane rotation of the line from the right to the left eye, degrees, clockwise."""
    return float(np.degrees(np.arctan2(*(left - right)[::-1])))


def roll(sample) -> float:
    """The rotation that the annotated eyes show."""
    right, left = get_markup(sample.markup).eye_groups("inter_pupil")
    return roll_of(sample.landmarks[list(right)].mean(0), sample.landmarks[list(left)].mean(0))


def rounded(value):
    """The same numbers with four decimals."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return round(value, 4) if isinstance(value, float) else value


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="folder of the 300W layout")
    parser.add_argument("--limit", type=int, default=600, help="faces, drawn evenly from the sorted list")
    parser.add_argument("--detector", default="mtcnn", help="as in `get_detector`")
    parser.add_argument("--output", help="JSON file to write")
    args = parser.parse_args()
    samples = sorted(read_dataset("300w", args.data, split="train"), key=lambda sample: sample.name)
    if len(samples) > args.limit:
        samples = [samples[i] for i in np.linspace(0, len(samples) - 1, args.limit).round().astype(int)]
    detector = get_detector(args.detector)
    detector.detect(load_image(samples[0].image))  # builds the networks; not timed
    report = {
        "what": "box of the detector mapped to the tight box of the 68 landmarks; ratios are landmark box / "
        "detector box, shifts are in detector box widths and heights",
        "command": f"python benchmarks/measure_detector_box.py --data DIR --limit {args.limit} "
        f"--detector {args.detector.partition(':')[0]}",
        "data": "300W training photos of HELEN and LFPW, cut around the face",
        "detector": {"name": detector.name}
        | {name: vars(detector)[name] for name in SETTINGS if name in vars(detector)},
        "versions": {"python": platform.python_version()} | {name: version(name) for name in PACKAGES if _has(name)},
        "results": rounded(measure(samples, detector)),
        # Times are of this processor under this load.
        "machine": {"cores": os.cpu_count(), "load_average": round(os.getloadavg()[1], 1)},
    }
    text = json.dumps(report, indent=2) + "\n"
    print(text)
    if args.output:
        with written_beside(args.output) as draft:
            draft.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
