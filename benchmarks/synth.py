"""Speed of the face renderer on generated heads; prints JSON.

Pictures a second of wall-clock time with one and two threads, and pictures a CPU second (so that it hardly matters
what else the machine does), after one picture that is not counted. Without `--head` the analytic head is rendered;
an ICT-FaceKit head has three times its triangles.

    python benchmarks/synth.py --head ICT-FaceKit --size 256 --out benchmarks/results/synth.json
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2

from kerasalign.synth import SceneConfig, analytic_head, draw_scene, ict_facekit, render
from kerasalign.synth.rendering.picture import VERSION


def measured(head, config: SceneConfig, size: int, count: int, threads: int) -> dict:
    """Pictures a second with some threads."""

    def one(index: int) -> None:
        render(head, draw_scene(head, config, 0, index), size)

    wall, cpu = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(one, range(count)))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {
        "threads": threads,
        "images_per_second": round(count / wall, 1),
        "images_per_cpu_second": round(count / cpu, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--head", help="ICT-FaceKit checkout or compact .npz")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    head = ict_facekit(options.head) if options.head else analytic_head()
    config = SceneConfig()
    render(head, draw_scene(head, config, 0, 0), options.size)
    result = {
        "command": shlex.join(["python", *sys.argv]),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "renderer": VERSION,
        "head": head.name,
        "size": options.size,
        "count": options.count,
        "runs": [measured(head, config, options.size, options.count, threads) for threads in (1, 2)],
    }
    text = json.dumps(result, indent=1)
    print(text)
    if options.out:
        options.out.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
