"""Landmarks of a folder by Ray beside the same work by threads; prints JSON.

    python benchmarks/distributed.py PHOTOS [--count 2000] [--broken 0.01] [--side 640] [--rows-per-file 100]
        [--workers 2] [--preset musica19-synth] [--runtime onnxruntime] [--note TEXT] [--out FILE]

Copies of the folder's photos, brought to `--side` pixels, of which a share is cut off or no photo, are aligned three
times: by `model.align` in this process with as many threads; by `align_files` with as many actors; and by `align_files`
while one of the actors is killed after a third of the files. Rows are counted, the memory of the actors is watched, and
rates are of the whole, with the start of the actors but not that of Ray, and from the first finished file to the last.
"""

from __future__ import annotations

import argparse
import os
import signal
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import pyarrow.parquet as pq
from common import finish, load_pinned, pin_threads
from throughput import prepared

from kerasalign.distributed import align_files
from kerasalign.distributed.ray_engine import start_ray

ACTOR = "ray::MapWorker"


def make_folder(source: str, count: int, broken: float, side: int, folder: Path) -> int:
    """Writes the photos; returns how many are broken."""
    (folder / "few").mkdir()
    originals = [file.read_bytes() for file in prepared(source, 64, side, folder / "few")]
    photos, wrong = folder / "photos", 0
    photos.mkdir()
    every = round(1 / broken)
    for number in range(count):
        content = originals[number % len(originals)]
        if number % every == every // 2:
            content = content[: len(content) // 3] if wrong % 2 else b"no photo"
            wrong += 1
        (photos / f"{number:06}.jpg").write_bytes(content)
    return wrong


class Watch(threading.Thread):
    """Notes the memory and the processor time of the actors; kills one when so many files are finished."""

    def __init__(self, out: Path, kill_after: int | None) -> None:
        super().__init__(daemon=True)
        self.out, self.kill_after = out, kill_after
        self.memory: dict[int, list[tuple[int, float]]] = {}
        self.spent: dict[int, float] = {}
        self.killed = 0
        self.finished = threading.Event()

    def run(self) -> None:
        while not self.finished.wait(0.5):
            files = len(list(self.out.glob("*.parquet")))
            for process in Path("/proc").glob("[0-9]*"):
                try:
                    if not (process / "cmdline").read_bytes().decode().startswith(ACTOR):
                        continue
                    pages = int((process / "statm").read_text().split()[1])
                    times = (process / "stat").read_text().rpartition(")")[2].split()
                except (OSError, UnicodeDecodeError):
                    continue
                number = int(process.name)
                resident = pages * os.sysconf("SC_PAGE_SIZE") / 2**20
                self.memory.setdefault(number, []).append((files, round(resident, 1)))
                self.spent[number] = (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")
                if self.kill_after is not None and files >= self.kill_after and not self.killed:
                    os.kill(number, signal.SIGKILL)
                    self.killed = 1


def by_ray(folder: Path, name: str, args: argparse.Namespace, kill_after: int | None = None) -> dict:
    """One run of `align_files`."""
    out = folder / name
    out.mkdir()
    watch = Watch(out, kill_after)
    watch.start()
    start = time.time()
    report = align_files(
        folder / "photos",
        out,
        args.preset,
        runtime=args.runtime,
        rows_per_file=args.rows_per_file,
        concurrency=args.workers,
        progress=False,
    )
    seconds = time.time() - start
    watch.finished.set()
    watch.join()
    files = sorted(out.glob("*.parquet"), key=lambda file: file.stat().st_mtime)
    times = [file.stat().st_mtime for file in files]
    # The actors begin together: the first files of all of them are left out.
    rows = sum(pq.read_metadata(file).num_rows for file in files[args.workers :])
    paths = Counter(pq.read_table(out, columns=["path"]).column("path").to_pylist())
    third = len(files) // 3
    return {
        "rows": report.rows,
        "faces": report.faces,
        "problems": report.problems,
        "paths_once": sum(number == 1 for number in paths.values()),
        "actors_killed": watch.killed,
        "photos_per_second": round(report.rows / seconds, 2),
        "photos_per_second_from_the_first_file": round(rows / (times[-1] - times[args.workers - 1]), 2),
        "processor_ms_per_photo": round(1e3 * sum(watch.spent.values()) / report.rows, 2),
        "resident_mb_of_actors": [
            {
                "after_a_third": next((mb for done, mb in notes if done >= third), None),
                "most_later": max((mb for done, mb in notes if done >= third), default=None),
                "at_the_end": notes[-1][1],
            }
            for notes in watch.memory.values()
            if notes[-1][0] > third
        ],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", help="folder of photos, with its sub-folders")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--broken", type=float, default=0.01)
    parser.add_argument("--side", type=int, default=640)
    parser.add_argument("--rows-per-file", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--preset", default="musica19-synth")
    parser.add_argument("--runtime", default="onnxruntime")
    parser.add_argument("--note", default="", help="kept in the result")
    parser.add_argument("--out", help="JSON file")
    args = parser.parse_args()
    start_ray(args.workers)
    pin_threads(args.workers)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        broken = make_folder(args.photos, args.count, args.broken, args.side, folder)
        files = sorted((folder / "photos").iterdir())
        model = load_pinned(args.preset, args.runtime, args.workers)
        model.align(files[:8], progress=False)
        start = time.perf_counter(), time.process_time()
        batch = model.align(files, progress=False)
        seconds, spent = time.perf_counter() - start[0], time.process_time() - start[1]
        threads = {
            "faces": sum(map(len, batch)),
            "problems": len(batch.errors),
            "photos_per_second": round(len(files) / seconds, 2),
            "processor_ms_per_photo": round(1e3 * spent / len(files), 2),
        }
        ray = by_ray(folder, "ray", args)
        killed = by_ray(folder, "killed", args, kill_after=len(files) // args.rows_per_file // 3)
    finish(
        {
            "note": args.note,
            "preset": args.preset,
            "runtime": args.runtime,
            "photos": args.count,
            "broken": broken,
            "side": args.side,
            "rows_per_file": args.rows_per_file,
            "workers": args.workers,
            "threads": threads,
            "ray": ray,
            "ray_with_a_kill": killed,
            "ray_over_threads": {
                "whole": round(ray["photos_per_second"] / threads["photos_per_second"], 3),
                "from_the_first_file": round(
                    ray["photos_per_second_from_the_first_file"] / threads["photos_per_second"], 3
                ),
            },
        },
        args.out,
    )


if __name__ == "__main__":
    main()
