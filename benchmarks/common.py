"""What benchmarks share: times of contestants that take turns, and the end of a result."""

from __future__ import annotations

import json
import os
import shlex
import statistics
import sys
import time
from collections.abc import Callable, Mapping

from kerasalign.files import write_json
from kerasalign.training.run import versions


def medians(runs: Mapping[str, Callable], rounds: int, warm_up: int = 2) -> tuple[dict[str, float], dict[str, float]]:
    """Median seconds and CPU seconds of each run; they take turns, and the first rounds do not count."""
    wall, cpu = ({name: [] for name in runs} for _ in range(2))
    for turn in range(rounds + warm_up):
        for name, run in runs.items():
            start = time.perf_counter(), time.process_time()
            run()
            if turn >= warm_up:
                wall[name].append(time.perf_counter() - start[0])
                cpu[name].append(time.process_time() - start[1])
    return tuple({name: statistics.median(seconds) for name, seconds in times.items()} for times in (wall, cpu))


def finish(result: dict, out: str | None) -> None:
    """Prints a result as JSON with the command and the machine, and writes it to a file."""
    result = {
        "command": shlex.join(["python", *sys.argv]), **result, "cores": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 2), "versions": versions(),
    }  # fmt: skip
    print(json.dumps(result, indent=1))
    if out:
        write_json(out, result)
