"""What benchmarks share: times of contestants that take turns, threads, and the end of a result."""

from __future__ import annotations

import json
import os
import platform
import shlex
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from kerasalign.support.files import write_json
from kerasalign.training.versions import versions


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


def pin_threads(count: int) -> None:
    """Threads of TensorFlow and OpenCV; call it before either has worked."""
    import cv2
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(count)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    cv2.setNumThreads(count)


def load_pinned(preset: str, runtime: str, threads: int, quantize: str = "none"):
    """A preset in a runtime that uses so many threads; for Keras they are those of `pin_threads`."""
    import kerasalign
    from kerasalign.runtimes import open_runtime

    model = kerasalign.load(preset, runtime=runtime, quantize=quantize)
    return model if runtime == "keras" else open_runtime(model.source, threads)


def processor() -> str:
    """Name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def finish(result: dict, out: str | None) -> None:
    """Prints a result as JSON with the command and the machine, and writes it to a file."""
    result = {
        "command": shlex.join(["python", *sys.argv]),
        **result,
        "processor": processor(),
        "cores": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 2),
        "versions": versions(),
    }
    print(json.dumps(result, indent=1))
    if out:
        write_json(out, result)
