"""Recall and false boxes of the library's own detector by its lowest score, on whole photos; prints JSON.

    python benchmarks/detector_min_score.py --photos DIR --faces FILE [--half looking] [--every 4] [--out FILE]

As `kerasalign detector measure --photos`, with one detector for each score.
"""

import argparse

from common import finish

from kerasalign.detection import KerasAlignDetector, box_map_of
from kerasalign.detection.training import measure_whole_photos, read_listed_photos

SCORES = (0.45, 0.5, 0.55, 0.6, 0.65)
KEPT = ("faces", "recall", "recall_20px", "recall_40px", "false_per_photo")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", required=True, help="folder of whole photos")
    parser.add_argument("--faces", required=True, nargs="+", help="JSON files of their faces")
    parser.add_argument("--faces-kind", default="yunet", help="kind of their boxes")
    parser.add_argument("--half", default="looking")
    parser.add_argument("--every", type=int, default=1, help="take one photo of so many")
    parser.add_argument("--weights", help="weights file; by default the library's own")
    parser.add_argument("--out", help="JSON file")
    args = parser.parse_args()

    photos = read_listed_photos(args.photos, args.faces, args.half)[:: args.every]
    curve = []
    for score in SCORES:
        detector = KerasAlignDetector(args.weights, min_score=score, runtime="onnxruntime")
        report = measure_whole_photos(detector, photos, box_map_of(args.faces_kind))
        curve.append({"min_score": score} | {key: report[key] for key in KEPT})
    finish({"half": args.half, "photos": len(photos), "curve": curve}, args.out)


if __name__ == "__main__":
    main()
