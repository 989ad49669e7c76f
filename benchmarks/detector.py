"""Time of finding the faces of one photo, step by step, in Keras and in ONNX Runtime; prints JSON.

    python benchmarks/detector.py --weights FILE [--photo FILE] [--side 480] [--size 256] [--threads 2] [--out FILE]

The photo is scaled to `--side` pixels along its longer side; without one it is noise, which takes as long. Steps: fit
into the square, network, faces from the maps; `all` is `detect` as `align` calls it. The two take turns in every round.
"""

import argparse
import json
import os
import shlex
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import cv2
import numpy as np

from kerasalign.data.images import load_image
from kerasalign.detector.coding import find_faces
from kerasalign.detector.network import FaceDetector
from kerasalign.export.onnx_file import write_onnx
from kerasalign.files import write_json
from kerasalign.inference import KerasAlignDetector
from kerasalign.inference.runtimes.onnx_model import open_session
from kerasalign.models.profile import profile
from kerasalign.training.run import versions


def timed(times: dict, name: str, run):
    """Runs a step and notes its milliseconds."""
    start = time.perf_counter()
    result = run()
    times.setdefault(name, []).append(1e3 * (time.perf_counter() - start))
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", help="weights file; without one the network is untrained")
    parser.add_argument("--photo")
    parser.add_argument("--side", type=int, default=480)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--threads", type=int, default=2, help="of ONNX Runtime")
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--out", help="JSON file")
    args = parser.parse_args()

    if args.photo:
        photo = load_image(args.photo)
        scale = args.side / max(photo.shape[:2])
        photo = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    else:
        photo = np.random.default_rng(0).integers(0, 256, (args.side * 2 // 3, args.side, 3)).astype("uint8")
    network = FaceDetector(dtype="float32")
    if args.weights:
        network.load_weights(args.weights)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "detector.onnx"
        write_onnx(network, file, {})
        session = open_session(file, args.threads)
        onnx_bytes = file.stat().st_size
    detectors = {
        "keras": KerasAlignDetector(network, args.size),
        "onnxruntime": KerasAlignDetector(
            lambda pictures: session.run(["maps"], {"pictures": pictures.astype("float32")})[0], args.size
        ),
    }
    times = {name: {} for name in detectors}
    maps = {}
    for turn in range(args.runs + 5):
        for name, detector in detectors.items():
            noted = times[name] if turn >= 5 else {}
            timed(noted, "all", lambda d=detector: d.detect(photo))
            square, _ = timed(noted, "fit", lambda d=detector: d.fit(photo))
            maps[name] = timed(noted, "network", lambda d=detector, s=square: d._maps(s[None]))[0]
            timed(noted, "faces", lambda n=name: find_faces(maps[n]))
    counted = profile(network, args.size)
    result = {
        "command": shlex.join(["python", *sys.argv]), "photo": list(photo.shape[:2]), "size": args.size,
        "parameters": counted.parameters, "macs": counted.macs, "onnx_bytes": onnx_bytes, "runs": args.runs,
        "faces": len(detectors["keras"].detect(photo)),
        "largest_difference": float(np.abs(maps["keras"] - maps["onnxruntime"]).max()),
        "milliseconds": {
            name: {step: {"median": round(statistics.median(values), 2), "least": round(min(values), 2)}
                   for step, values in steps.items()} for name, steps in times.items()
        },
        "threads": args.threads, "cores": os.cpu_count(), "load_average": round(os.getloadavg()[0], 2),
        "versions": versions(),
    }  # fmt: skip
    print(json.dumps(result, indent=1))
    if args.out:
        write_json(args.out, result)


if __name__ == "__main__":
    main()
