"""DeformConv2D beside Conv2D of the same size and ONNX Runtime's own DeformConv, batch 1; prints JSON.

    python benchmarks/deform_conv2d.py [--threads 1] [--rounds 20] [--out FILE]

3x3, 256 filters on maps of 64x64x256, the size in SDU's stacks, with offsets of up to three pixels. Contestants take
turns in every round; times are medians, and ratios of CPU seconds tell more than the clock where other programs run
beside. DeformConv2D predicts its offsets with a convolution of its own; ONNX Runtime's operator is given them, so the
layer is also timed on given offsets. Memory is what the first run adds to the resident set at its peak, in a process of
its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from common import finish, medians

from kerasalign.layers import DeformConv2D


def native(layer: DeformConv2D, shape: tuple[int, ...], threads: int):
    """ONNX Runtime's DeformConv with the layer's weights, as a function of images and offsets in ONNX's order."""
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    _, height, width, channels = shape
    kernel = np.ascontiguousarray(np.asarray(layer.kernel).transpose(3, 2, 0, 1))
    node = helper.make_node("DeformConv", ["x", "w", "offset", "b"], ["y"], pads=[1, 1, 1, 1], kernel_shape=[3, 3])
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, count, height, width))
        for name, count in (("x", channels), ("offset", 2 * layer.taps))
    ]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, layer.filters, height, width))]
    weights = [numpy_helper.from_array(kernel, "w"), numpy_helper.from_array(np.asarray(layer.bias), "b")]
    graph = helper.make_graph([node], "deform_conv", inputs, outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
    return lambda images, offsets: session.run(None, {"x": images, "offset": offsets})[0]


def contestants(shape: tuple[int, ...], filters: int):
    """A convolution, the deformable layer, and the same on given offsets, compiled; with their inputs."""
    rng = np.random.default_rng(0)
    images = tf.constant(rng.normal(size=shape).astype("float32"))
    conv, layer = keras.layers.Conv2D(filters, 3, padding="same"), DeformConv2D(filters)
    conv.build(shape)
    layer.build(shape)
    # As after training: offsets that differ from pixel to pixel.
    layer.offset.kernel.assign(rng.normal(scale=1 / (9 * shape[-1]) ** 0.5, size=layer.offset.kernel.shape))
    offsets = rng.normal(size=(*shape[:3], 1, layer.taps, 2)).clip(-3, 3)
    offsets = tf.constant(offsets.astype("float32"))
    compiled = {
        "conv2d": tf.function(lambda: conv(images)),
        "deform_conv2d": tf.function(lambda: layer(images)),
        "deform_conv2d_given_offsets": tf.function(lambda: layer.deformed(images, offsets)),
    }
    return layer, images, offsets, compiled


def resident(key: str) -> int:
    """Bytes of a line of /proc/self/status."""
    line = next(line for line in Path("/proc/self/status").read_text("utf-8").splitlines() if line.startswith(key))
    return 1024 * int(line.split()[1])


def peak(shape: tuple[int, ...], filters: int, name: str) -> int:
    """Bytes that a run of a contestant adds to the resident set at its peak."""
    # Code is loaded by a small run; of the large one only the first tells, because allocators keep what was freed.
    contestants((1, 8, 8, shape[-1]), filters)[-1][name]()
    run = contestants(shape, filters)[-1][name].get_concrete_function()
    Path("/proc/self/clear_refs").write_text("5", "utf-8")
    before = resident("VmRSS")
    run()
    return resident("VmHWM") - before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=64)
    parser.add_argument("--channels", type=int, default=256)
    parser.add_argument("--filters", type=int, default=256)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--note", default="", help="kept in the result")
    parser.add_argument("--out", help="JSON file")
    parser.add_argument("--peak", help=argparse.SUPPRESS)
    args = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    shape = (1, args.side, args.side, args.channels)
    if args.peak:
        print(json.dumps(peak(shape, args.filters, args.peak)))
        return

    layer, images, offsets, compiled = contestants(shape, args.filters)
    planes = np.ascontiguousarray(np.asarray(images).transpose(0, 3, 1, 2))
    moves = np.ascontiguousarray(np.asarray(offsets).reshape(*offsets.shape[:3], -1).transpose(0, 3, 1, 2))
    run = native(layer, shape, args.threads)
    ours = np.asarray(compiled["deform_conv2d_given_offsets"]()).transpose(0, 3, 1, 2)
    difference = float(np.abs(ours - run(planes, moves)).max())
    runs = {name: lambda one=one: one().numpy() for name, one in compiled.items()}
    wall, cpu = medians(runs | {"onnxruntime": lambda: run(planes, moves)}, args.rounds)

    memory = {}
    for name in compiled:
        told = subprocess.run(
            [sys.executable, *sys.argv, "--peak", name], check=True, capture_output=True, text=True
        ).stdout
        memory[name] = json.loads(told.splitlines()[-1])
    im2col = 4 * args.side**2 * layer.taps * args.channels
    finish(
        {
            "note": args.note,
            "images": list(shape),
            "filters": args.filters,
            "threads": args.threads,
            "rounds": args.rounds,
            "ms": {name: round(1e3 * seconds, 1) for name, seconds in wall.items()},
            "cpu_ms": {name: round(1e3 * seconds, 1) for name, seconds in cpu.items()},
            "times_conv2d": round(wall["deform_conv2d"] / wall["conv2d"], 2),
            "times_conv2d_cpu": round(cpu["deform_conv2d"] / cpu["conv2d"], 2),
            "times_onnxruntime_given_offsets": round(wall["deform_conv2d_given_offsets"] / wall["onnxruntime"], 2),
            "largest_difference_to_onnxruntime": difference,
            "im2col_mb": round(im2col / 1e6, 1),
            "peak_mb": {name: round(size / 1e6, 1) for name, size in memory.items()},
            "peak_times_im2col": round(memory["deform_conv2d"] / im2col, 2),
        },
        args.out,
    )


if __name__ == "__main__":
    main()
