"""What a second crop by the landmarks' box buys and costs, with the library's own detector; prints JSON.

    python benchmarks/refine.py --data DIR [--split train] [--every 5] [--preset NAME] [--out FILE]

DIR holds 300W. NME (inter-ocular) of the faces that the detector finds, where no face is cropped again, where those are
whose landmarks disagree with their crop (the default), and where all are; and the share of faces that were. Of several
faces in a photo the one nearest to the annotation counts; a find of more than 30 % is none.
"""

import argparse
import os
from unittest.mock import patch

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from common import finish

import kerasalign
from kerasalign.datasets import read_dataset
from kerasalign.inference import KerasAlignDetector, align, pipeline
from kerasalign.metrics import nme

# By name: `refine`, and the overlap from which on a box agrees with a crop; above 1 none does.
WAYS = {"never": (0, 1.0), "where they disagree": (1, pipeline.AGREEING_IOU), "always": (1, 2.0)}
FOUND = 30.0


class Counting:
    """A model that counts the crops that it is given."""

    def __init__(self, model):
        self.model, self.crops = model, 0

    def __getattr__(self, name):
        return getattr(self.model, name)

    def predict_crops(self, crops, **options):
        """As the model's."""
        self.crops += len(crops)
        return self.model.predict_crops(crops, **options)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder of 300W")
    parser.add_argument("--split", default="train", help="of the photos")
    parser.add_argument("--every", type=int, default=5, help="take one photo of so many")
    parser.add_argument("--preset", default="musica19-synth")
    parser.add_argument("--out", help="JSON file")
    args = parser.parse_args()

    model, detector = kerasalign.load(args.preset, runtime="onnxruntime"), KerasAlignDetector(runtime="onnxruntime")
    samples = list(read_dataset("300w", args.data, args.split))[:: args.every]
    rows = {}
    for name, (refine, overlap) in WAYS.items():
        counting, found, errors = Counting(model), 0, []
        with patch.object(pipeline, "AGREEING_IOU", overlap):
            for sample in samples:
                faces = align(counting, sample.read_image(), detector=detector, refine=refine)
                found += len(faces)
                if len(faces):
                    target = np.repeat(sample.landmarks[None], len(faces), 0)
                    errors.append(float(nme(faces.landmarks, target, sample.markup, "inter_ocular").min()))
        kept = [error for error in errors if error <= FOUND]
        rows[name] = {
            "faces": len(kept),
            "nme": round(float(np.mean(kept)), 3),
            "cropped_again": round(counting.crops / found - 1, 3),
        }
    finish({"preset": args.preset, "split": args.split, "photos": len(samples), "refine": rows}, args.out)


if __name__ == "__main__":
    main()
