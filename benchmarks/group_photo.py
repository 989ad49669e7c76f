"""Time of a photo of many people, found and aligned in ONNX Runtime; prints JSON.

    python benchmarks/group_photo.py [PHOTOS] [--preset musica19-synth] [--threads 2] [--rounds 15] [--threshold 4.5]
        [--out FILE]

Faces of the folder, by default those of `example_photos`, are cut out with their surroundings and set in five columns
and four rows on a picture of 1280 x 1024 px. `search` finds the faces; `network` takes their crops to landmarks;
`photo` is `model.align(picture)` with default settings, `once` without a second crop, `early exit` stops at the
threshold. Contestants take turns in every round. How many faces are found stands beside.
"""

import argparse
import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from common import finish, load_pinned, medians, pin_threads

import kerasalign
from kerasalign.geometry import CropSpec
from kerasalign.inference import KerasAlignDetector, get_detector
from kerasalign.support.images import list_images, load_image

COLUMNS, ROWS, CELL = 5, 4, 256
# Side of a cut-out in sides of its face's box.
SCALE = 2.0


def group_picture(folder: Path, detector) -> np.ndarray:
    """The picture; the faces of the folder are taken in turn."""
    spec, to_box, cells = CropSpec(size=CELL, scale=SCALE), detector.map_to("landmarks"), []
    for path in list_images(folder, recursive=True):
        photo = load_image(path)
        cells += [spec.extract(photo, to_box(face.box))[0] for face in detector.detect(photo)]
    chosen = [cells[i % len(cells)] for i in range(COLUMNS * ROWS)]
    return np.concatenate([np.concatenate(chosen[i * COLUMNS : (i + 1) * COLUMNS], 1) for i in range(ROWS)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="?", help="by default those of example_photos")
    parser.add_argument("--preset", default="musica19-synth")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threshold", type=float, default=4.5)
    parser.add_argument("--out")
    args = parser.parse_args()
    pin_threads(args.threads)
    detector = get_detector(KerasAlignDetector.name, runtime="onnxruntime")
    with tempfile.TemporaryDirectory() as folder:
        if args.photos is None:
            kerasalign.example_photos(folder)
        picture = group_picture(Path(args.photos or folder), detector)
    model = load_pinned(args.preset, "onnxruntime", args.threads)
    spec, found = model.crop_spec, detector.detect(picture)
    to_box = detector.map_to(spec.box)
    crops = np.stack([spec.extract(picture, to_box(face.box), face.angle)[0] for face in found])
    runs = {
        "search": lambda: detector.detect(picture),
        "network": lambda: model.predict_crops(crops),
        "photo": lambda: model.align(picture),
        "photo, once": lambda: model.align(picture, refine=0),
    }
    if hasattr(model, "with_thresholds"):
        early = model.with_thresholds(args.threshold)
        runs["network, early exit"] = lambda: early.predict_crops(crops)
        runs["photo, early exit"] = lambda: early.align(picture)
    wall, cpu = medians(runs, args.rounds)
    finish(
        {
            "preset": args.preset,
            "picture": list(picture.shape[1::-1]),
            "people": COLUMNS * ROWS,
            "found": len(found),
            "threads": args.threads,
            "threshold": args.threshold,
            "ms": {name: round(1e3 * seconds, 1) for name, seconds in wall.items()},
            "cpu_ms": {name: round(1e3 * seconds, 1) for name, seconds in cpu.items()},
        },
        args.out,
    )


if __name__ == "__main__":
    main()
