"""Time of one face of the bundled default beside MediaPipe Face Mesh and dlib's 68-point predictor; prints JSON.

    python benchmarks/peers.py PHOTOS [--preset NAME] [--peer-python PYTHON] [--threads 1] [--count 10] [--rounds 20]
        [--threshold 4.5] [--note TEXT] [--out FILE]

The peers need not be installed beside kerasalign, whose numpy MediaPipe does not take: they run in `--peer-python`.

    python3.11 -m venv peers
    peers/bin/pip install mediapipe==0.10.21 dlib-bin face-recognition-models "setuptools<81"
    python benchmarks/peers.py PHOTOS --peer-python peers/bin/python

Of every photo the largest face is cut out as a picture of `--side` pixels, two and a half times as wide as its box;
all contestants get that picture, and those that take a box the same one. `network` is the network on a crop that is
cut already; `align` is `model.align(picture, boxes=...)`, with the crop and the way back; `photo` finds the face as
well, by the library's own detector; `early exit` stops at the threshold. MediaPipe finds the face itself; `landmarks
alone` shows it the same picture twice and times the second time, when it follows what it has. dlib's predictor cuts
for itself. In every round every face goes once to each contestant, in turn; medians are over all faces and rounds, of
the clock and of the processors' time, which tells more where other programs run beside. All processes are kept on the
first `--threads` processors. Distances between the outer eye corners of ours and of a peer say that both saw the same
face; no more than that, since nobody annotated them.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from common import finish, load_pinned, pin_threads
from peer_worker import now, since

from kerasalign.geometry import CropSpec, apply_affine
from kerasalign.hub import read_manifest
from kerasalign.inference import KerasAlignDetector, get_detector
from kerasalign.support.images import list_images, load_image

SCALE = 2.5


class Peers:
    """The other process."""

    def __init__(self, python: str, log):
        worker = Path(__file__).with_name("peer_worker.py")
        self.process = subprocess.Popen(
            [python, str(worker)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        )
        told = self._answer()
        self.names, self.missing, self.versions = told["peers"], told["missing"], told["versions"]

    def _answer(self) -> dict:
        # What their libraries print is not for us.
        for line in self.process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        raise RuntimeError(f"{self.process.args[0]} ended with code {self.process.wait()}; see the log.")

    def run(self, name: str, picture: Path, box: np.ndarray) -> tuple[tuple[float, float], np.ndarray | None]:
        """Milliseconds of the clock and of the processors, and `(68, 2)` landmarks."""
        asked = {"peer": name, "picture": str(picture), "box": box.tolist()}
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        told = self._answer()
        return (told["ms"], told["cpu_ms"]), None if told["landmarks"] is None else np.array(told["landmarks"])

    def close(self) -> None:
        """Ends the process."""
        self.process.stdin.close()
        self.process.wait()


def cut_faces(folder: str, detector, count: int, side: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pictures of faces, and the boxes of their landmarks in them."""
    spec, to_box = CropSpec(size=side, scale=SCALE), detector.map_to("landmarks")
    made = []
    for path in list_images(folder, recursive=True):
        photo = load_image(path)
        found = detector.detect(photo)
        if found:
            box = to_box(found[0].box)
            picture, matrix = spec.extract(photo, box)
            made.append((picture, apply_affine(matrix, box.reshape(2, 2)).ravel()))
        if len(made) == count:
            break
    return made


def contestants(preset: str, threads: int, threshold: float) -> tuple[dict, dict]:
    """Our ways from a picture and its box to landmarks by name, and what could not be loaded."""
    made, missing = {}, {}
    forms = {
        "keras": ("keras", "none"),
        "onnxruntime": ("onnxruntime", "none"),
        "litert": ("litert", "none"),
        "onnxruntime, int8": ("onnxruntime", "int8"),
    }
    for form, (runtime, quantize) in forms.items():
        try:
            model = load_pinned(preset, runtime, threads, quantize)
        except ImportError as error:
            missing[form] = str(error)
            continue
        made[form] = model
        if hasattr(model, "with_thresholds"):
            made[f"{form}, early exit"] = model.with_thresholds(threshold)
    return made, missing


def measure(models: dict, peers: Peers, faces: list, rounds: int, folder: Path) -> tuple[dict, dict, dict, dict]:
    """By contestant: milliseconds of every run, eye corners' distances and iterations, and how often it saw no face."""
    times, distances, iterations, unseen = {}, {}, {}, {}
    for number, (picture, _) in enumerate(faces):
        np.save(folder / f"{number}.npy", picture)

    def note(name: str, milliseconds: tuple[float, float], turn: int) -> None:
        if turn:
            times.setdefault(name, []).append(milliseconds)

    for turn in range(rounds + 1):  # the first does not count
        for number, (picture, box) in enumerate(faces):
            for name, model in models.items():
                crop = model.crop_spec.extract(picture, box)[0][None]
                start = now()
                model.predict_crops(crop)
                note(f"{name}: network", since(start), turn)
                start = now()
                (face,) = model.align(picture, boxes=[box])
                note(f"{name}: align", since(start), turn)
                iterations.setdefault(name, []).append(face.iterations)
                start = now()
                found = model.align(picture, detector=KerasAlignDetector.name)
                note(f"{name}: photo", since(start), turn)
                unseen[name] = unseen.get(name, 0) + (not len(found))
            sides = model.markup.eye_groups("inter_ocular")
            ours = np.array([face.landmarks[list(side)].mean(0) for side in sides])
            for name in peers.names:
                milliseconds, points = peers.run(name, folder / f"{number}.npy", box)
                note(name, milliseconds, turn)
                far = np.nan if points is None else float(np.linalg.norm(points[[36, 45]] - ours, axis=1).mean())
                distances.setdefault(name, []).append(far)
    return times, distances, iterations, unseen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", help="folder of photos, with its sub-folders")
    parser.add_argument("--preset", default=read_manifest().default)
    parser.add_argument("--peer-python", default=sys.executable, help="a Python that has the peers")
    parser.add_argument("--detector", default="kerasalign", help="what finds the faces beforehand")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--count", type=int, default=10, help="faces")
    parser.add_argument("--side", type=int, default=480, help="of the pictures")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--threshold", type=float, default=4.5, help="of early exit, in percent")
    parser.add_argument("--note", default="", help="kept in the result")
    parser.add_argument("--out", help="JSON file")
    args = parser.parse_args()

    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: args.threads])
    pin_threads(args.threads)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "peers.log"
        with log.open("w") as stream:
            peers = Peers(args.peer_python, stream)
        models, missing = contestants(args.preset, args.threads, args.threshold)
        missing |= peers.missing
        for name, why in missing.items():
            print(f"Left out: {name}. {why}", file=sys.stderr)
        faces = cut_faces(args.photos, get_detector(args.detector), args.count, args.side)
        if not faces:
            parser.error(f"there are no photos with faces in {args.photos}")
        try:
            times, distances, iterations, unseen = measure(models, peers, faces, args.rounds, Path(folder))
        except RuntimeError:
            print(log.read_text("utf-8", errors="replace")[-2000:], file=sys.stderr)
            raise
        peers.close()
    middle, middle_cpu = (
        {name: median(pair[kind] for pair in spent) for name, spent in times.items()} for kind in (0, 1)
    )
    finish(
        {
            "note": args.note,
            "preset": args.preset,
            "threshold": args.threshold,
            "threads": args.threads,
            "faces": len(faces),
            "picture": args.side,
            "rounds": args.rounds,
            "ms": {
                name: {
                    "median": round(middle[name], 2),
                    "least": round(min(spent)[0], 2),
                    "cpu_median": round(middle_cpu[name], 2),
                }
                for name, spent in times.items()
            },
            "times_peer": {
                peer: {name: round(middle[name] / middle[peer], 2) for name in middle if ":" in name}
                for peer in peers.names
            },
            "times_peer_cpu": {
                peer: {name: round(middle_cpu[name] / middle_cpu[peer], 2) for name in middle if ":" in name}
                for peer in peers.names
            },
            "mean_iterations": {name: round(float(np.mean(counts)), 2) for name, counts in iterations.items()},
            "eye_corners_px_from_ours": {
                name: {"median": round(float(np.nanmedian(far)), 1), "not_found": int(np.isnan(far).sum())}
                for name, far in distances.items()
            },
            "no_face": unseen,
            "missing": missing,
            "peer_versions": peers.versions,
        },
        args.out,
    )


if __name__ == "__main__":
    main()
