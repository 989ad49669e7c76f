"""Seconds from the start of a process to the first landmarks, of each runtime and detector; prints JSON.

    python benchmarks/cold_start.py [--preset NAME] [--photo FILE] [--runtimes keras onnxruntime litert]
        [--detectors kerasalign mtcnn boxes] [--weights FILE] [--runs 7] [--out FILE]

Each run is a process of its own, and they take turns. Times are from before Python starts (`process`) and from the
first import of the library (`import_to_landmarks`); parts of the latter are the import, `load`, and `align` of one
photo. Files for other runtimes are made before and cached, as they are after the first time; `--first` also notes how
long that first time takes, in an empty cache. `boxes` is a photo whose box is known. The modules that a run has
imported are told of TensorFlow, Keras and mtcnn. `--weights` are the detector's, by default the library's own.
"""

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from statistics import median

# The bundled portrait's own box, in its pixels.
BOX = (80.8, 83.5, 174.4, 173.5)
HEAVY = ("tensorflow", "keras", "mtcnn", "onnxruntime", "ai_edge_litert")


def worker(preset: str, runtime: str, detector: str, photo: str, weights: str) -> None:
    """One cold start; prints its seconds."""
    times = [time.perf_counter()]
    import kerasalign

    times.append(time.perf_counter())
    model = kerasalign.load(preset, runtime=runtime)
    times.append(time.perf_counter())
    options = {"boxes": [BOX]} if detector == "boxes" else {"detector": detector}
    if weights and detector == "kerasalign":
        from kerasalign.inference import KerasAlignDetector

        options = {"detector": KerasAlignDetector(weights, runtime=runtime)}
    faces = model.align(photo, **options)
    times.append(time.perf_counter())
    parts = dict(zip(("import", "load", "align"), (b - a for a, b in itertools.pairwise(times))))
    print(
        json.dumps(
            {
                "parts": parts,
                "faces": len(faces),
                "points": len(faces[0].landmarks) if len(faces) else 0,
                "imported": [name for name in HEAVY if name in sys.modules],
            }
        )
    )


def run(arguments: list[str], env: dict) -> dict:
    """Starts a worker and waits for it."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, __file__, "--worker", *arguments], capture_output=True, text=True, env=env)
    if done.returncode:
        raise RuntimeError(f"A run failed: {' '.join(arguments)}\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1]) | {"process": time.perf_counter() - start}


def summary(runs: list[dict]) -> dict:
    """Medians of some runs of one kind."""

    def seconds(value) -> float:
        return round(median(map(value, runs)), 3)

    return {
        "process": seconds(lambda one: one["process"]),
        "import_to_landmarks": seconds(lambda one: sum(one["parts"].values())),
        "slowest": round(max(sum(one["parts"].values()) for one in runs), 3),
        **{part: seconds(lambda one, part=part: one["parts"][part]) for part in runs[0]["parts"]},
        "faces": runs[0]["faces"],
        "imported": runs[0]["imported"],
    }


def main() -> None:
    # Not at the top: a worker must not find anything imported.
    from common import finish

    from kerasalign.hub import read_manifest
    from kerasalign.runtimes.crops import PORTRAIT

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default=read_manifest().default)
    parser.add_argument("--photo", default=str(PORTRAIT), help="by default the bundled portrait")
    parser.add_argument("--runtimes", nargs="+", default=["keras", "onnxruntime", "litert"])
    parser.add_argument("--detectors", nargs="+", default=["kerasalign", "mtcnn", "boxes"])
    parser.add_argument("--weights", default="", help="the detector's; by default the library's own")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--first", action="store_true", help="also time the very first process, which makes files")
    parser.add_argument("--note", default="", help="kept in the result")
    parser.add_argument("--out", help="JSON file")
    args = parser.parse_args()

    kinds = {
        f"{runtime}, {detector}": [args.preset, runtime, detector, args.photo, args.weights]
        for runtime in args.runtimes
        for detector in args.detectors
    }
    env = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    runs, first = {name: [] for name in kinds}, {}
    for name, arguments in kinds.items():
        if args.first:
            with tempfile.TemporaryDirectory() as home:
                first[name] = round(run(arguments, env | {"KERASALIGN_HOME": home})["process"], 1)
        run(arguments, env)
    for _ in range(args.runs):
        for name, arguments in kinds.items():
            runs[name].append(run(arguments, env))
    finish(
        {
            "note": args.note,
            "preset": args.preset,
            "runs": args.runs,
            "seconds": {name: summary(found) for name, found in runs.items()},
            **({"first_process_of_all": first} if first else {}),
        },
        args.out,
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        worker(*sys.argv[2:])
    else:
        main()
