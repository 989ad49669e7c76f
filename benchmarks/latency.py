"""Time of one face, batch 1, of presets beside the floor that memory and arithmetic set; prints JSON.

    python benchmarks/latency.py [PRESET ...] [--runs 100] [--out FILE]

The floor is the larger of two times: reading the float32 weights once at the bandwidth of a matrix-vector product over
256 MB, and the multiply-adds of a full run at the rate of a large matrix product; both measured here, on the threads
that the network gets. Weights do not matter for time, so networks are untrained. Presets take turns in blocks of 20
faces, the first five of which do not count: a network in use finds its code and what fits of its weights in the caches.
"""

import argparse
import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from common import finish

import kerasalign
from kerasalign.core.profile import profile

BLOCK, WARM_UP = 15, 5


def fastest(run, count: int = 15) -> float:
    """Seconds of the quickest of some runs: the machine's capacity, not its mood."""
    times = []
    for _ in range(count):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def capacity() -> tuple[float, float]:
    """Bytes a second that a matrix-vector product reads, and multiply-adds a second of a matrix product."""
    from keras import ops

    from kerasalign.core.compiled import compiled

    def product(a, b, training=False):
        return ops.matmul(a, b)

    run = compiled(product)
    vector, wide = ops.ones((1, 4096)), ops.ones((4096, 16384))
    square = ops.ones((2048, 2048))
    read = fastest(lambda: ops.convert_to_numpy(run(vector, wide)))
    multiply = fastest(lambda: ops.convert_to_numpy(run(square, square)))
    return 4 * 4096 * 16384 / read, 2048**3 / multiply


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("presets", nargs="*", help="by default every preset of the manifest")
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--note", default="", help="kept in the result")
    parser.add_argument("--out", help="JSON file")
    args = parser.parse_args()

    models = {name: kerasalign.load(name, weights=None) for name in args.presets or kerasalign.list_models()}
    crops = {
        name: np.random.default_rng(0).integers(1, 256, (1, m.crop_spec.size, m.crop_spec.size, 3)).astype("uint8")
        for name, m in models.items()
    }
    times = {name: [] for name in models}
    for _ in range(-(-args.runs // BLOCK)):
        for name, model in models.items():
            for turn in range(BLOCK + WARM_UP):
                start = time.perf_counter()
                model.predict_crops(crops[name])
                if turn >= WARM_UP:
                    times[name].append(time.perf_counter() - start)
    bandwidth, rate = capacity()
    rows = {}
    for name, model in models.items():
        counted = profile(model)
        reading, multiplying = 4 * counted.parameters / bandwidth, counted.macs / rate
        floor = max(reading, multiplying)
        median = statistics.median(times[name])
        rows[name] = {
            "ms": round(1e3 * median, 2),
            "ms_fastest": round(1e3 * min(times[name]), 2),
            "floor_ms": round(1e3 * floor, 2),
            "floor_set_by": "memory" if reading > multiplying else "arithmetic",
            "times_floor": round(median / floor, 2),
            "parameters": counted.parameters,
            "macs": counted.macs,
        }
    finish(
        {
            "note": args.note,
            "runs": args.runs,
            "gigabytes_per_second": round(bandwidth / 1e9, 1),
            "gigamacs_per_second": round(rate / 1e9, 1),
            "presets": rows,
        },
        args.out,
    )


if __name__ == "__main__":
    main()
