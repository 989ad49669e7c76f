"""Turns training runs of the face detector into the weights that come with the library.

    python tools/bundle_detector.py RUN [RUN ...] [--note TEXT]

Weights are those of the last RUN, which started from those before it. kerasalign/weights/detector.weights.h5 gets them
in float16, detector.onnx beside it the same network, and `detector` of weights_manifest.json the runs' settings.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from bundle_weights import MANIFEST, TOP, compact

from kerasalign.detection.own.files import write_file
from kerasalign.detection.training import FaceDetector
from kerasalign.support.files import sha256, written_beside
from kerasalign.training import save_weights

FILE = TOP / "kerasalign" / "weights" / "detector.weights.h5"
# Steps that a run was to take, and the last one that is in its curve: a run may have been stopped.
KEPT = ("steps", "batch_size", "learning_rate", "warmup", "ema_decay", "seed", "precision", "heads", "crowd")


def loaded(path: Path) -> FaceDetector:
    """A network with the weights of a file."""
    network = FaceDetector(dtype="float32")
    network.load_weights(path)
    return network


def training_data(settings: dict) -> list[dict]:
    """What the scenes were made of, with its terms."""
    pools = settings["pool"].get("pools", [settings["pool"]])
    real = {pool["photos"]: pool["heads"] for pool in pools if "photos" in pool}
    rendered = settings["heads"] - sum(real.values())
    return [
        {
            "name": f"scenes of {rendered:,} rendered heads",
            "terms": "renders of our own; head model ICT-FaceKit (MIT), backgrounds, environment maps and body "
            "(MakeHuman) CC0",
            "faces": rendered,
        },
        *(
            {
                "name": f"{count:,} real faces in the same scenes, labelled by musica19-synth",
                "terms": f"{photos}: attribution",
                "faces": count,
            }
            for photos, count in real.items()
        ),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--note", default="", help="what else went into them")
    args = parser.parse_args()

    save_weights(loaded(args.runs[-1] / "last.weights.h5"), FILE, "float16")
    digest = sha256(FILE)
    ready = write_file(loaded(FILE), FILE.with_name("detector.onnx"), digest=digest)
    cards = [json.loads((run / "run.json").read_text("utf-8")) for run in args.runs]
    settings = cards[-1]["settings"]
    manifest = json.loads(MANIFEST.read_text("utf-8"))
    entry = {
        "file": FILE.name,
        "source": "bundled",
        "sha256": digest,
        "bytes": FILE.stat().st_size,
        "dtype": "float16",
        "license": "Apache-2.0",
        "commercial_use": True,
        "training_data": training_data(settings),
        "training": {
            "recipe": "detector",
            "pool": settings["pool"],
            "note": args.note,
            "runs": [
                {name: card["settings"][name] for name in KEPT} | {"stopped_at": card["curve"][-1]["step"]}
                for card in cards
            ],
            "versions": cards[-1]["versions"],
        },
    }
    detector = {"weights": entry, "exported": {ready.name: sha256(ready)}}
    # Before the presets, which are many.
    presets = manifest.pop("presets")
    manifest = manifest | {"detector": detector, "presets": presets}
    with written_beside(MANIFEST) as draft:
        draft.write_text(compact(manifest), "utf-8")


if __name__ == "__main__":
    main()
