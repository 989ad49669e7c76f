"""Injects faults by the hundred, and counts how many the library's promises survive.

    python benchmarks/faults.py --out benchmarks/results/faults.json

The kinds and their promises are those of docs/reliability.md; here places and values are random. One process tries all
of them, so that a fault that ends it shows as well.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import time
import warnings
from collections import Counter

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from common import finish
from fault_kinds import KINDS
from fault_more import MORE

# Told of each kind, beside its counts.
_SHOWN = 5


def try_kind(kind, seed: int) -> dict:
    """Outcome of every fault of a kind."""
    start, tried, failed, told = time.perf_counter(), Counter(), Counter(), []
    for name, inject in kind(random.Random(seed)):
        tried[name] += 1
        try:
            problem = inject()
        except BaseException as error:  # whatever escapes is a failure, and the others are tried
            problem = f"{type(error).__name__}: {error}"[:300]
        if problem is not None:
            failed[name] += 1
            told.append(f"{name}: {problem}")
    return {
        "about": " ".join((kind.__doc__ or "").split()),
        "tried": sum(tried.values()),
        "failed": sum(failed.values()),
        "faults": dict(tried),
        "failures": told[:_SHOWN],
        "seconds": round(time.perf_counter() - start, 1),
    }


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="*", help="names of the kinds; by default all")
    options = parser.parse_args()
    logging.getLogger("kerasalign").setLevel(logging.CRITICAL)
    warnings.simplefilter("ignore")
    chosen = [kind for kind in (*KINDS, *MORE) if not options.kinds or kind.__name__ in options.kinds]
    kinds = {}
    for kind in chosen:
        kinds[kind.__name__] = try_kind(kind, options.seed)
        logging.getLogger(__name__).warning("%s: %s", kind.__name__, kinds[kind.__name__])
    total = {key: sum(kind[key] for kind in kinds.values()) for key in ("tried", "failed")}
    finish({"seed": options.seed, **total, "kinds": kinds}, options.out)


if __name__ == "__main__":
    main()
