"""Every form that a preset is exported in: size, distance from Keras, time of one crop, NME; prints JSON.

    python benchmarks/export.py [PRESET] [--untrained] [--forms NAME ...] [--data 300w] [--out FILE]

Distances are over the 16 crops of the bundled portrait that every export is compared on. The times of a file and of
Keras are medians of calls in turn, on whatever threads the runtimes choose, so their ratio says more than either.
`seconds` is how long the export took, comparison included, `peak_mb` the most memory that the process ever had until
then. The row of a form that is refused, landmarks too far from Keras' or no large weight, says why. With `--data`
each file runs on the test faces too, as Keras does. An untrained network gets numbers where kernels begin as zeros: it
would give all crops the same landmarks. `spread_px` is how far Keras' landmarks are from their mean over the crops.
"""

import argparse
import math
import os
import resource
import time
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from common import finish

import kerasalign
from kerasalign.evaluation import evaluate_model
from kerasalign.layers import DeformConv2D
from kerasalign.runtimes import open_runtime, portrait_crops

# Format, weights, further options; of a cascade, and of a network with deformable convolutions, the last ones.
FORMS = {
    "ONNX": ("onnx", "none", {}),
    "ONNX, float16": ("onnx", "float16", {}),
    "ONNX, int8": ("onnx", "int8", {}),
    "LiteRT": ("litert", "none", {}),
    "LiteRT, float16": ("litert", "float16", {}),
    "LiteRT, int8": ("litert", "int8", {}),
    "ONNX, a file per iteration": ("onnx", "none", {"early_exit": True}),
    "ONNX, a file per iteration, int8": ("onnx", "int8", {"early_exit": True}),
    "ONNX, native DeformConv": ("onnx", "none", {"deform_conv": "native"}),
}
# Pixels that the landmarks of a trained network spread over the crops, at most.
SPREAD = 30.0
SUFFIX = {"onnx": ".onnx", "litert": ".tflite"}


def fits(model, options: dict) -> bool:
    """Whether a form is one of this model."""
    if "early_exit" in options:
        return hasattr(model, "with_thresholds")
    if "deform_conv" in options:
        return any(isinstance(layer, DeformConv2D) for layer in model._flatten_layers())
    return True


def stir(model) -> None:
    """Fills kernels that begin as zeros, so that landmarks depend on the crop."""
    random = np.random.default_rng(0)
    for weight in model.trainable_weights:
        if len(weight.shape) > 1 and not np.asarray(weight).any():
            weight.assign(random.normal(0, 0.1 * math.prod(weight.shape[:-1]) ** -0.5, weight.shape))


def mean_error(model, data: str, protocol: str) -> float:
    """NME of a network in Keras or in another runtime, in percent."""
    found = evaluate_model(model, data, [protocol], name="exported").evaluations[0]
    return round(float(found.nme), 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("preset", nargs="?", default="musica19-synth")
    parser.add_argument("--untrained", action="store_true", help="for a preset without weights")
    parser.add_argument("--forms", nargs="*", choices=FORMS, help="by default all that the preset has")
    parser.add_argument("--data", help="folder of the data set whose test faces the NME is of")
    parser.add_argument("--protocol", default="300w-common-inter_ocular")
    parser.add_argument("--out", help="JSON file")
    args = parser.parse_args()
    model = kerasalign.load(args.preset, weights=None if args.untrained else "auto")
    if args.untrained:
        stir(model)
    landmarks = model.predict_crops(portrait_crops(model.crop_spec), outputs=("landmarks",))["landmarks"]
    spread = np.linalg.norm(landmarks - landmarks.mean(0), axis=-1).mean()
    # Landmarks of an untrained network can lie far outside the crop: what is accepted grows with them.
    tolerance = float(spread) / 100 if args.untrained and spread > SPREAD else None
    forms = {name: FORMS[name] for name in args.forms or FORMS if fits(model, FORMS[name][2])}
    rows = {}
    with TemporaryDirectory() as folder:
        for number, (name, (format, quantize, options)) in enumerate(forms.items()):
            path = Path(folder) / f"{number}{'' if 'early_exit' in options else SUFFIX[format]}"
            start = time.perf_counter()
            try:
                report = kerasalign.export(model, path, format, quantize, tolerance=tolerance, **options)
            except ValueError as error:
                rows[name] = {"problem": str(error).rpartition(" was not kept: ")[2]}
                continue
            rows[name] = {
                "bytes": report.bytes,
                "max_px": round(report.parity.max_error, 4),
                "mean_px": round(report.parity.mean_error, 4),
                "tolerance_px": report.tolerance,
                "ms": round(report.milliseconds, 2),
                "keras_ms": round(report.keras_milliseconds, 2),
                "seconds": round(time.perf_counter() - start, 1),
                "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
            }
            if args.data:
                rows[name]["nme"] = mean_error(open_runtime(path), args.data, args.protocol)
    result = {"preset": args.preset, "untrained": args.untrained, "spread_px": round(float(spread), 4), "forms": rows}
    if args.data:
        result |= {"protocol": args.protocol, "keras_nme": mean_error(model, args.data, args.protocol)}
    finish(result, args.out)


if __name__ == "__main__":
    main()
