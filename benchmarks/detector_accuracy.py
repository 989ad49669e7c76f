"""What detectors find on real photos and what their boxes are worth to the landmarks; prints JSON.

    python benchmarks/detector_accuracy.py --data DIR [--faceless DIR] [--detectors kerasalign mtcnn] [--out FILE]

DIR of `--data` holds 300W. The first detector searches all `--splits`, and the last of them once more with the photos
turned by `--turns`; the others search the first split. `--faceless` is a folder of photos without faces. Landmarks are
those of `--preset` on the protocol's test faces: with boxes from the annotation and with each detector's, as they are
and cropped once more by the landmarks. A face that a detector misses has none; how many is told.
"""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from common import finish

import kerasalign
from kerasalign.datasets import read_dataset
from kerasalign.detection.training import false_boxes, recall
from kerasalign.evaluation import evaluate_model
from kerasalign.inference import get_detector
from kerasalign.support.images import list_images


def landmarks(model, args, box_source: str) -> dict:
    """NME with boxes of a source, cropped once and twice."""
    rows = {}
    for refine in (0, 1):
        report = evaluate_model(model, args.data, [args.protocol], box_source=box_source, refine=refine)
        found = report.evaluations[0]
        rows[f"refine={refine}"] = {
            "nme": round(float(found.nme), 4),
            "faces": len(found.nmes),
            "missed": len(report.missed),
            "parts": {part: round(float(value), 4) for part, value in found.parts.items()},
        }
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder of 300W")
    parser.add_argument("--splits", nargs="*", default=["test", "train"], help="of photos to search")
    parser.add_argument("--turns", type=float, nargs="*", default=[-45, -30, -15, 15, 30, 45], help="degrees")
    parser.add_argument("--faceless", help="folder of photos without faces")
    parser.add_argument("--detectors", nargs="*", default=["kerasalign", "mtcnn"])
    parser.add_argument("--preset", default="musica19-synth")
    parser.add_argument("--protocol", default="300w-common-inter_ocular")
    parser.add_argument("--out", help="JSON file")
    args = parser.parse_args()

    model = kerasalign.load(args.preset)
    found = {}
    for place, name in enumerate(args.detectors):
        detector, splits = get_detector(name), args.splits[:1] if place else args.splits
        found[name] = {split: recall(detector, read_dataset("300w", args.data, split)) for split in splits}
        for degrees in args.turns if not place else ():
            found[name].setdefault("turned", {})[f"{degrees:g}"] = recall(
                detector, read_dataset("300w", args.data, splits[-1]), degrees=degrees
            )
        if args.faceless:
            found[name]["faceless"] = false_boxes(detector, list_images(args.faceless, recursive=True))
        found[name]["landmarks"] = landmarks(model, args, f"detector:{name}")
    found["annotation"] = {"landmarks": landmarks(model, args, "landmarks")}
    finish({"preset": args.preset, "protocol": args.protocol, "detectors": found}, args.out)


if __name__ == "__main__":
    main()
