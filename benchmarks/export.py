"""Every form that a preset is exported in: size, distance from Keras, time of one crop; prints JSON.

    python benchmarks/export.py [PRESET] [--out FILE]

Distances are over the 16 crops of the bundled portrait that every export is compared on. The times of a file and of
Keras are medians of calls in turn, on whatever threads the runtimes choose, so their ratio says more than either.
"""

import argparse
import os
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from common import finish

import kerasalign

# Format, weights, one file per iteration.
FORMS = {
    "ONNX": ("onnx", "none", False),
    "ONNX, float16": ("onnx", "float16", False),
    "ONNX, int8": ("onnx", "int8", False),
    "ONNX, a file per iteration": ("onnx", "none", True),
    "ONNX, a file per iteration, int8": ("onnx", "int8", True),
    "LiteRT": ("litert", "none", False),
    "LiteRT, float16": ("litert", "float16", False),
    "LiteRT, int8": ("litert", "int8", False),
}
SUFFIX = {"onnx": ".onnx", "litert": ".tflite"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("preset", nargs="?", default="musica19-synth")
    parser.add_argument("--out", help="JSON file")
    args = parser.parse_args()
    model = kerasalign.load(args.preset)
    rows = {}
    with TemporaryDirectory() as folder:
        for number, (name, (format, quantize, early_exit)) in enumerate(FORMS.items()):
            path = Path(folder) / f"{number}{'' if early_exit else SUFFIX[format]}"
            report = kerasalign.export(model, path, format, quantize, early_exit=early_exit)
            rows[name] = {
                "bytes": report.bytes, "max_px": round(report.parity.max_error, 4),
                "mean_px": round(report.parity.mean_error, 4), "tolerance_px": report.tolerance,
                "ms": round(report.milliseconds, 2), "keras_ms": round(report.keras_milliseconds, 2),
            }  # fmt: skip
    finish({"preset": args.preset, "crops": report.parity.crops, "forms": rows}, args.out)


if __name__ == "__main__":
    main()
