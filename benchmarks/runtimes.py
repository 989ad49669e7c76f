"""Milliseconds of presets in every runtime, of one crop and of a batch; prints JSON.

    python benchmarks/runtimes.py [PRESET ...] [--batches 1 32] [--rounds 20] [--threads 2] [--out FILE]

Networks are untrained, since weights do not matter for time, and run all iterations; `predict_crops` is what is timed,
in turn from runtime to runtime. Files are exported for it. Of ONNX Runtime there is more, for one crop: `operators_ms`
is the sum of what its own profile says of the file's operators, and `times_operators` the whole beside it;
`times_plain` is the whole beside a plain network of as many multiply-adds, eight 3x3 convolutions of 64 channels, by
its operators' sum. Networks that are bound by memory, like MuSiCa, are many times that.
"""

import argparse
import json
import os
from collections import defaultdict
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import onnx
import onnxruntime
from common import finish, medians, pin_threads
from onnx import TensorProto, helper, numpy_helper

import kerasalign
from kerasalign.core.profile import profile
from kerasalign.runtimes import open_runtime, portrait_crops

PRESETS = ("musica19-synth", "musica-300w", "aan-300w", "scc-300w", "sdu-300w", "lwbafa-300w")
# Name of the format and of the file.
FILES = {"onnxruntime": ("onnx", "model.onnx"), "litert": ("litert", "model.tflite")}
LAYERS, CHANNELS, SIDE = 8, 64, 56


def plain_network(path: Path) -> int:
    """Writes a stack of convolutions and gives its multiply-adds."""
    kernel = np.random.default_rng(0).normal(0, 0.04, (CHANNELS, CHANNELS, 3, 3)).astype("float32")
    nodes, value = [], "x"
    for number in range(LAYERS):
        nodes += [
            helper.make_node("Conv", [value, "kernel"], [f"c{number}"], pads=[1, 1, 1, 1]),
            helper.make_node("Relu", [f"c{number}"], [f"r{number}"]),
        ]
        value = f"r{number}"
    shape = [1, CHANNELS, SIDE, SIDE]
    graph = helper.make_graph(
        nodes,
        "plain",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(value, TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(kernel, "kernel")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return LAYERS * SIDE**2 * CHANNELS**2 * 9


def operators_ms(path: Path, threads: int, runs: int, folder: Path) -> float:
    """Median over runs of the sum of the operators' times, as ONNX Runtime's profile tells them."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = threads, 3
    options.enable_profiling, options.profile_file_prefix = True, str(folder / "profile")
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    (wanted,) = session.get_inputs()
    value = np.random.default_rng(0).uniform(0, 255, [1, *wanted.shape[1:]]).astype("float32")
    for _ in range(runs):
        session.run(None, {wanted.name: value})
    times = defaultdict(list)
    for event in json.loads(Path(session.end_profiling()).read_text("utf-8")):
        if event.get("cat") == "Node" and event["name"].endswith("kernel_time"):
            times[event["name"]].append(event["dur"])
    return sum(median(spent) for spent in times.values()) / 1000


def measure(preset: str, batches: list[int], rounds: int, threads: int, rate: float, folder: Path) -> dict:
    """Milliseconds by batch and runtime, and of ONNX Runtime's operators."""
    model = kerasalign.load(preset, weights=None)
    crops = portrait_crops(model.crop_spec)
    networks = {"keras": model}
    (folder / preset).mkdir()
    for runtime, (format, name) in FILES.items():
        # An untrained network is no judge of what is exported; benchmarks/export.py is.
        report = kerasalign.export(model, folder / preset / name, format, input_dtype="float32", tolerance=np.inf)
        networks[runtime] = open_runtime(report.path, threads)
    row = {"parameters": profile(model).parameters, "macs": kerasalign.info(preset)["macs"], "ms": {}}
    for batch in batches:
        some = np.resize(crops, (batch, *crops.shape[1:]))
        runs = {
            name: (lambda network=network, some=some: network.predict_crops(some, batch_size=len(some)))
            for name, network in networks.items()
        }
        spent, _ = medians(runs, rounds if batch == 1 else max(rounds // 4, 3))
        row["ms"][str(batch)] = {name: round(1e3 * seconds, 2) for name, seconds in spent.items()}
    whole = medians({"onnxruntime": lambda: networks["onnxruntime"].predict_crops(crops[:1])}, rounds)[0]["onnxruntime"]
    operators = operators_ms(folder / preset / FILES["onnxruntime"][1], threads, rounds, folder)
    return row | {
        "operators_ms": round(operators, 2),
        "times_operators": round(1e3 * whole / operators, 2),
        "plain_ms": round(row["macs"] / rate, 2),
        "times_plain": round(1e3 * whole * rate / row["macs"], 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("presets", nargs="*", default=PRESETS)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 32])
    parser.add_argument("--rounds", type=int, default=20, help="of one crop; of a batch a quarter of them")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", help="JSON file")
    args = parser.parse_args()
    pin_threads(args.threads)
    with TemporaryDirectory() as name:
        folder = Path(name)
        macs = plain_network(folder / "plain.onnx")
        rate = macs / operators_ms(folder / "plain.onnx", args.threads, 50, folder)
        rows = {
            preset: measure(preset, args.batches, args.rounds, args.threads, rate, folder) for preset in args.presets
        }
    finish(
        {
            "threads": args.threads,
            "rounds": args.rounds,
            "plain_gigamacs_per_second": round(rate / 1e6, 1),
            "presets": rows,
        },
        args.out,
    )


if __name__ == "__main__":
    main()
