"""Time of finding the faces of a photo, in every runtime, step by step and several together; prints JSON.

    python benchmarks/detector.py [--weights FILE] [--photo FILE] [--side 480] [--size 256] [--threads 2] [--runs 100]
        [--mtcnn] [--out FILE]

The photo, by default the bundled portrait, is scaled to `--side` pixels along its longer side. Steps: fit into the
square of the first look, network, faces from the maps; `all` is `detect` as `align` calls it; `of 8` is a photo's share
of eight that go through the network together. Contestants take turns in every round. `--weights` are by default the
library's own; `--untrained` takes a network that has learnt nothing, whose times are those of any other.
"""

import argparse
import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import cv2
import numpy as np
from common import finish, medians, pin_threads

from kerasalign.core.profile import profile
from kerasalign.detection.own.coding import find_faces
from kerasalign.detection.own.files import bundled_network, open_file, open_network, write_file
from kerasalign.detection.own.levels import COARSE, fit_photo
from kerasalign.detection.own.network import FaceDetector
from kerasalign.detection.own.second_look import LOOK_SIZE
from kerasalign.inference import KerasAlignDetector, get_detector
from kerasalign.runtimes.crops import PORTRAIT
from kerasalign.support.images import load_image

TOGETHER = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", help="weights file; by default the library's own")
    parser.add_argument("--untrained", action="store_true", help="a network that has learnt nothing")
    parser.add_argument("--photo", default=str(PORTRAIT))
    parser.add_argument("--side", type=int, default=480)
    parser.add_argument("--size", type=int, default=1024, help="largest size of the search")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--mtcnn", action="store_true", help="with MTCNN beside it")
    parser.add_argument("--note", default="", help="kept in the result")
    parser.add_argument("--out", help="JSON file")
    args = parser.parse_args()

    pin_threads(args.threads)
    photo = load_image(args.photo)
    scale = args.side / max(photo.shape[:2])
    photo = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    network = FaceDetector(dtype="float32")
    if not args.untrained:
        network.load_weights(args.weights or bundled_network().weights)
    maps, sizes = {"keras": open_network(network, "keras", COARSE)}, {}
    with tempfile.TemporaryDirectory() as folder:
        path = write_file(network, Path(folder) / "detector.onnx")
        maps["onnxruntime"], sizes["onnxruntime"] = open_file(path, args.threads), path.stat().st_size
        # LiteRT has a file for each size of pictures: those of both searches, and that of the second look.
        looks = {COARSE, LOOK_SIZE} | {1 << (min(args.side, args.size) - 1).bit_length()}
        files = {size: write_file(network, Path(folder) / f"{size}.tflite", size) for size in sorted(looks)}
        sizes["litert"] = sum(file.stat().st_size for file in files.values())
        by_size = {size: open_file(file, args.threads) for size, file in files.items()}
        maps["litert"] = lambda pictures: by_size[pictures.shape[1]](pictures)
    # In LiteRT the detector makes its own files, of squares.
    sources = maps | {"litert": network}
    runtimes = {"litert": "litert"}
    detectors, once = (
        {
            name: KerasAlignDetector(source, args.size, second_look=both, runtime=runtimes.get(name, "keras"))
            for name, source in sources.items()
        }
        for both in (True, False)
    )
    square, _ = fit_photo(photo, COARSE, square=True)
    squares = np.repeat(square[None], TOGETHER, 0)
    found = {name: function(squares[:1])[0] for name, function in maps.items()}
    boxes = {name: [face.box for face in detector.detect(photo)] for name, detector in detectors.items()}
    calls = {"fit": lambda: fit_photo(photo, COARSE), "faces": lambda: find_faces(found["keras"])}
    for name, detector in detectors.items():
        calls[f"{name}: network"] = lambda run=maps[name]: run(squares[:1])
        calls[f"{name}: network of {TOGETHER}"] = lambda run=maps[name]: run(squares)
        calls[f"{name}: first look"] = lambda detector=once[name]: detector.detect(photo)
        calls[f"{name}: all"] = lambda detector=detector: detector.detect(photo)
        calls[f"{name}: all of {TOGETHER}"] = lambda detector=detector: detector.detect_many([photo] * TOGETHER)
    if args.mtcnn:
        mtcnn = get_detector("mtcnn")
        calls["mtcnn: all"] = lambda: mtcnn.detect(photo)
    wall, cpu = medians(calls, args.runs, warm_up=5)
    counted = profile(network, COARSE)

    def share(times: dict[str, float]) -> dict[str, float]:
        return {
            name: round(1e3 * seconds / (TOGETHER if name.endswith(f"of {TOGETHER}") else 1), 2)
            for name, seconds in times.items()
        }

    finish(
        {
            "note": args.note,
            "photo": list(photo.shape[:2]),
            "size": args.size,
            "threads": args.threads,
            "runs": args.runs,
            "parameters": counted.parameters,
            "macs": counted.macs,
            "bytes": sizes,
            "faces": {name: len(some) for name, some in boxes.items()},
            "largest_difference_of_maps": {
                name: float(np.abs(value - found["keras"]).max()) for name, value in found.items()
            },
            "largest_difference_of_boxes_px": {
                name: float(np.abs(np.subtract(some, boxes["keras"])).max(initial=0.0))
                if len(some) == len(boxes["keras"])
                else None
                for name, some in boxes.items()
            },
            "ms_per_photo": share(wall),
            "cpu_ms_per_photo": share(cpu),
        },
        args.out,
    )


if __name__ == "__main__":
    main()
