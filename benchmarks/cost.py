"""Processor time of a photo, from its file to the landmarks of its faces, by preset and runtime; prints JSON.

    python benchmarks/cost.py PHOTOS [--presets musica19-synth ...] [--runtimes onnxruntime litert keras] [--count 48]
        [--side 640] [--rounds 3] [--note TEXT] [--out FILE]

Photos are prepared as in `throughput.py`. Each preset aligns them as a list, with the library's own detector in the
same runtime and one thread a pass, as an actor of `kerasalign.distributed` does. Contestants take turns; medians count.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from common import finish, medians, pin_threads
from throughput import prepared

from kerasalign.distributed import AlignTable


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", help="folder of photos, with its sub-folders")
    parser.add_argument("--presets", nargs="+", default=["musica19-synth", "lwbafa128-300w"])
    parser.add_argument("--runtimes", nargs="+", default=["onnxruntime", "litert", "keras"])
    parser.add_argument("--count", type=int, default=48)
    parser.add_argument("--side", type=int, default=640)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--note", default="", help="kept in the result")
    parser.add_argument("--out", help="JSON file")
    args = parser.parse_args()
    pin_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        files = [str(file) for file in prepared(args.photos, args.count, args.side, Path(folder))]
        if not files:
            parser.error(f"there are no photos in {args.photos}")
        work = {
            f"{preset} {runtime}": AlignTable(preset, runtime=runtime)
            for preset in args.presets
            for runtime in args.runtimes
        }
        faces = sum(map(len, next(iter(work.values())).results(files)["scores"]))
        wall, cpu = medians({name: lambda t=table: t.results(files) for name, table in work.items()}, args.rounds, 1)
    finish(
        {
            "note": args.note,
            "photos": len(files),
            "faces": faces,
            "side": args.side,
            "rounds": args.rounds,
            "processor_ms_per_photo": {name: round(1e3 * spent / len(files), 2) for name, spent in cpu.items()},
            "ms_per_photo": {name: round(1e3 * spent / len(files), 2) for name, spent in wall.items()},
        },
        args.out,
    )


if __name__ == "__main__":
    main()
