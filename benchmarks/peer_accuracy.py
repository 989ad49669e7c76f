"""NME of MediaPipe Face Mesh and of dlib's 68-point predictor by one of our protocols; prints JSON.

    python benchmarks/peer_accuracy.py 300W [--protocol NAME] [--peer-python PYTHON] [--count N] [--out FILE]

The peers run in `--peer-python`, as the head of peers.py says. Each gets the photo of the data set and finds the face
by itself; of several faces in a photo the one counts that overlaps the annotation most. A face that is not found has no
NME and is counted apart, as for our presets. Face Mesh has no 68 points: its vertices stand for them, and a mapping
that is learned from annotations would lower its NME. dlib's predictor was trained on 300W, on these photos too.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from common import finish
from peers import Peers

from kerasalign.datasets import read_dataset
from kerasalign.metrics import evaluate_landmarks, get_protocol
from kerasalign.support.images import load_image
from kerasalign.support.progress import track

PEERS = ("mediapipe, several faces", "dlib, with its detector")


def scores(samples: list, predicted: dict, protocol) -> dict:
    """The evaluation of the faces that a peer found, and the names of the others."""
    found = [sample for sample in samples if sample.name in predicted]
    evaluation = evaluate_landmarks(
        np.stack([predicted[sample.name] for sample in found]),
        np.stack([sample.landmarks for sample in found]),
        protocol,
        names=[sample.name for sample in found],
    )
    return {"missed": [s.name for s in samples if s.name not in predicted], "evaluation": evaluation.to_dict()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="folder of the data set")
    parser.add_argument("--protocol", default="300w-common-inter_ocular")
    parser.add_argument("--peer-python", default=sys.executable, help="a Python that has the peers")
    parser.add_argument("--count", type=int, help="only the first faces, to try it")
    parser.add_argument("--out", help="JSON file")
    args = parser.parse_args()

    protocol = get_protocol(args.protocol)
    samples = read_dataset(protocol.dataset.lower(), args.data, protocol.subset)[: args.count]
    predicted = {name: {} for name in PEERS}
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "peers.log").open("w") as log:
        peers = Peers(args.peer_python, log)
        for sample in track(samples, "faces"):
            picture = Path(folder) / "photo.npy"
            np.save(picture, load_image(sample.image))
            box = np.concatenate([sample.landmarks.min(0), sample.landmarks.max(0)])
            for name in PEERS:
                _, points = peers.run(name, picture, box)
                if points is not None:
                    predicted[name][sample.name] = points
        peers.close()

    def protocol_of(peer: str):
        return protocol.with_box_source(f"detector:{peer.partition(',')[0]}")

    versions = peers.versions
    finish(
        {
            "peers": {name: scores(samples, predicted[name], protocol_of(name)) for name in PEERS},
            "peer_versions": versions,
        },
        args.out,
    )


if __name__ == "__main__":
    main()
