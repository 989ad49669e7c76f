"""Memory of a process over 20,000 crops in each runtime, each in a process of its own.

python benchmarks/soak.py --out benchmarks/results/soak.json
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

RUNTIMES = ("keras", "onnxruntime", "litert")


def resident_mb() -> float:
    """Resident memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def soak(preset: str, runtime: str, crops: int, batch: int) -> dict:
    """Memory after each twentieth of the crops; batches change their size, as those of photos do."""
    import numpy as np

    import kerasalign

    model = kerasalign.load(preset, runtime=runtime)
    size, random = model.crop_spec.size, np.random.default_rng(0)
    images = random.integers(0, 256, (batch, size, size, 3)).astype("uint8")
    for count in range(1, batch + 1):
        model.predict_crops(images[:count])
    start, done, curve = time.perf_counter(), 0, [(0, round(resident_mb(), 1))]
    while done < crops:
        done += len(model.predict_crops(images[: int(random.integers(1, batch + 1))])["landmarks"])
        if done >= len(curve) * crops / 20:
            curve.append((done, round(resident_mb(), 1)))
    half = next(memory for count, memory in curve if count >= crops / 2)
    return {
        "runtime": runtime,
        "crops": done,
        "seconds": round(time.perf_counter() - start, 1),
        "mb_by_crops": curve,
        "grown_mb": round(curve[-1][1] - curve[0][1], 1),
        "grown_mb_second_half": round(curve[-1][1] - half, 1),
    }


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out")
    parser.add_argument("--preset", default="musica19-synth")
    parser.add_argument("--crops", type=int, default=20_000)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--runtime", help="measure this one in this process")
    options = parser.parse_args()
    if options.runtime:
        sys.stdout.write(json.dumps(soak(options.preset, options.runtime, options.crops, options.batch)) + "\n")
        return
    from common import finish

    rows = []
    for runtime in RUNTIMES:
        given = ["--preset", options.preset, "--crops", str(options.crops), "--batch", str(options.batch)]
        command = [sys.executable, sys.argv[0], *given, "--runtime", runtime]
        run = subprocess.run(command, check=True, capture_output=True, text=True)
        rows.append(json.loads(run.stdout.splitlines()[-1]))
    finish({"preset": options.preset, "batch": f"1 to {options.batch}", "runtimes": rows}, options.out)


if __name__ == "__main__":
    main()
