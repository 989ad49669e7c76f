"""Time that early exit saves: faces of which a share quits after the first iteration, against all iterations.

    python benchmarks/early_exit.py [--faces 64] [--share 0.5] [--preset musica19-300w] [--out FILE]

Weights do not matter for time, so the network is untrained; its error estimates are set by its output bias and
the threshold is put where the wanted share of faces is below it. Both ways run in turn in one process.
"""

import argparse
import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from common import finish

import kerasalign


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="musica19-300w")
    parser.add_argument("--faces", type=int, default=64)
    parser.add_argument("--share", type=float, default=0.5, help="faces that quit after iteration 1")
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--out", help="JSON file")
    args = parser.parse_args()

    base = kerasalign.load(args.preset, weights=None)
    size = base.crop_spec.size
    crops = np.random.default_rng(0).integers(1, 256, (args.faces, size, size, 3)).astype("uint8")
    for number, iteration in enumerate(base.cascade):
        kernel, bias = iteration.regress.get_weights()
        bias[-1] = 0.05 if number == 0 else 0.5  # nobody quits at the second iteration
        iteration.regress.set_weights([kernel, bias])
    estimates = base.predict_crops(crops)["cascade_error"][:, 0]
    model = base.with_thresholds(float(np.quantile(estimates, args.share)))
    used = model.predict_crops(crops, batch_size=args.faces)["iterations"]

    def clock(early: bool) -> float:
        start = time.perf_counter()
        model.predict_crops(crops, batch_size=args.faces, early_exit=early)
        return time.perf_counter() - start

    for early in (True, False, True, False):
        clock(early)
    pairs = [(clock(True), clock(False)) for _ in range(args.runs)]
    ratios = [early / full for early, full in pairs]
    finish(
        {
            "preset": args.preset,
            "faces": args.faces,
            "quit_after_first": int((used == 1).sum()),
            "seconds_early": round(statistics.median(early for early, _ in pairs), 4),
            "seconds_full": round(statistics.median(full for _, full in pairs), 4),
            "ratio_median": round(statistics.median(ratios), 3),
            "ratio_range": [round(min(ratios), 3), round(max(ratios), 3)],
        },
        args.out,
    )


if __name__ == "__main__":
    main()
