"""Load on the example server by wrk (https://github.com/wg/wrk), over loopback; prints JSON.

    python benchmarks/serving.py PHOTO [--preset musica19-synth] [--runtime onnxruntime] [--seconds 20]
        [--connections 1 8 32] [--most 1 16] [--wait 2] [--note TEXT] [--out FILE]

Starts `examples/serving/app.py` by uvicorn for each number of photos that may share a pass, and sends it the photo from
so many connections at once, each of which waits for its answer. `wrk` runs on the same cores. Answers other than 200
are counted by wrk as errors, and end the benchmark.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from common import finish

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "serving"
PORT = 8765
SCRIPT = """
local file = io.open("{photo}", "rb")
wrk.method, wrk.body = "POST", file:read("*all")
wrk.headers["Content-Type"] = "image/jpeg"
"""
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


@contextmanager
def server(settings: dict[str, str]):
    """The example, until the block ends."""
    command = [sys.executable, "-m", "uvicorn", "--app-dir", str(EXAMPLE), "app:app", "--port", str(PORT)]
    process = subprocess.Popen([*command, "--log-level", "warning"], env=os.environ | settings)
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{PORT}/health", timeout=1)
                break
            except OSError:
                time.sleep(0.5)
        else:
            raise RuntimeError("the server did not start")
        yield
    finally:
        process.terminate()
        process.wait(30)


def milliseconds(text: str) -> float:
    """A time as wrk prints it."""
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return round(float(number) * UNITS[unit], 2)


def load(script: Path, connections: int, seconds: int) -> dict:
    """Requests a second, and latencies in milliseconds."""
    command = ["wrk", "--latency", "--timeout", "30s", "-t", "1", "-c", str(connections), "-d", f"{seconds}s"]
    told = subprocess.run(
        [*command, "-s", str(script), f"http://127.0.0.1:{PORT}/landmarks"], capture_output=True, text=True, check=True
    ).stdout
    if "Non-2xx" in told or "Socket errors" in told:
        raise RuntimeError(told)
    latency = dict(re.findall(r"^\s+(\d+)%\s+(\S+)", told, re.MULTILINE))
    return {
        "requests_per_second": float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1]),
        **{f"p{percent}_ms": milliseconds(latency[percent]) for percent in ("50", "90", "99")},
        "requests": int(re.search(r"(\d+) requests in", told)[1]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo", type=Path)
    parser.add_argument("--preset", default="musica19-synth")
    parser.add_argument("--runtime", default="onnxruntime")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--most", type=int, nargs="+", default=[1, 16], help="photos that may share a pass")
    parser.add_argument("--wait", default="2", help="milliseconds that a pass waits for more photos")
    parser.add_argument("--note", default="", help="kept in the result")
    parser.add_argument("--out", help="JSON file")
    args = parser.parse_args()
    version = subprocess.run(["wrk", "--version"], capture_output=True, text=True).stdout.split("\n")[0]
    runs = {}
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "post.lua"
        script.write_text(SCRIPT.format(photo=args.photo.resolve()), "utf-8")
        for most in args.most:
            settings = {"PRESET": args.preset, "RUNTIME": args.runtime, "MOST": str(most), "WAIT": args.wait}
            with server(settings):
                load(script, max(args.connections), 3)  # warms up
                runs[f"{most} together"] = {str(n): load(script, n, args.seconds) for n in args.connections}
    finish(
        {
            "note": args.note,
            "tool": version.partition(" [")[0],
            "preset": args.preset,
            "runtime": args.runtime,
            "photo_bytes": args.photo.stat().st_size,
            "wait_ms": float(args.wait),
            "seconds": args.seconds,
            "by_photos_together_and_connections": runs,
        },
        args.out,
    )


if __name__ == "__main__":
    main()
