"""Whether a large error estimate tells false finds of the detector from faces, on whole photos.

    python benchmarks/false_finds.py PHOTOS FOUND.json --out benchmarks/results/false_finds.json

FOUND.json has the faces that another detector found: `{"photo.jpg": {"faces": [{"box": [x0, y0, x1, y1], "score":
0.9}]}}`. What overlaps one of them of score 0.8 or more by a third is a face; what overlaps none of any score is
called a false find, though some are faces that the other one missed: `--sheet` draws them, to be looked at. In between
is neither. `--start` and `--step` choose photos.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from common import finish

import kerasalign
from kerasalign.geometry import box_iou, tight_box
from kerasalign.hub import read_manifest
from kerasalign.inference import align_iter

LIMITS = (1.0, 1.5, 2.0, 3.0, 4.0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("found", type=Path)
    parser.add_argument("--preset", default=read_manifest().default)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--step", type=int, default=2)
    parser.add_argument("--sheet", type=Path, help="folder for drawings of what may be false finds")
    parser.add_argument("--out")
    args = parser.parse_args()
    model = kerasalign.load(args.preset)
    reference = json.loads(args.found.read_text("utf-8"))
    names = sorted(reference)[args.start :: args.step]
    true, false = [], []
    for name, faces in zip(names, align_iter(model, [args.photos / name for name in names])):
        others = [(np.array(face["box"]), face["score"]) for face in reference[name]["faces"]]
        for face in faces:
            overlaps = [(box_iou(tight_box(face.landmarks), box), score) for box, score in others]
            overlaps += [(box_iou(face.box, box), score) for box, score in others]
            if any(overlap >= 1 / 3 and score >= 0.8 for overlap, score in overlaps):
                true.append(face.error)
            elif not any(overlap > 0.05 for overlap, _ in overlaps):
                false.append(face.error)
                if args.sheet:
                    args.sheet.mkdir(parents=True, exist_ok=True)
                    face.draw(160, 2.2).save(args.sheet / f"{face.error:06.2f}_{face.score:.2f}_{len(false)}.png")
    threshold = model.error_calibration.failure_threshold
    true, false = np.array(true), np.array(false)
    limits = {
        f"{factor:g} times the threshold": {
            "max_error": round(factor * threshold, 2),
            "faces_lost": int((true > factor * threshold).sum()),
            "false_finds_left_out": int((false > factor * threshold).sum()),
        }
        for factor in LIMITS
    }
    finish(
        {
            "preset": args.preset,
            "photos": len(names),
            "threshold": threshold,
            "faces": len(true),
            "possible_false_finds": len(false),
            "median_error": {"faces": round(float(np.median(true)), 2), "others": round(float(np.median(false)), 2)},
            "largest_error_of_a_face": round(float(true.max()), 2),
            "limits": limits,
        },
        args.out,
    )


if __name__ == "__main__":
    main()
