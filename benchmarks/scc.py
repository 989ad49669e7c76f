"""What SCC costs beside its own backbone, in training and in inference; prints JSON.

    python benchmarks/scc.py [--batch 16] [--rounds 5] [--precision float32 mixed_bfloat16] [--out FILE]

The classifier is the same ResNet-34 with the same standardization, global average pooling and 1000 classes; both are
trained by the recipe's optimizer, without XLA. Inference compares the network with its own backbone cut off after the
last maps, batch 1. Weights do not matter for time, so networks are untrained. Contestants take turns in every round, so
that a busy spell of the machine hits all of them; times are medians. Ratios marked `cpu` are of CPU seconds, which tell
more than the clock where other programs run beside.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from common import finish, medians

import kerasalign
from kerasalign.core.compiled import compiled
from kerasalign.training import CoupledSGD


def backbone(model):
    """The model up to its last maps."""
    last = [layer for layer in model.layers if layer.name.startswith("backbone")][-1]
    return keras.Model(model.inputs, last.output)


def classifier(model, classes: int = 1000):
    """A plain classifier on a backbone of its own, as large as the model's."""
    maps = backbone(type(model).from_config(model.get_config()))
    pooled = keras.layers.GlobalAveragePooling2D(dtype=model.config.dtype)(maps.output)
    return keras.Model(maps.inputs, keras.layers.Dense(classes, dtype="float32")(pooled))


def measure(preset: str, precision: str, batch: int, rounds: int, inferences: int) -> dict:
    """Seconds and ratios at one precision."""
    config = kerasalign.load(preset, weights=None).get_config() | {"dtype": precision}
    model = kerasalign.models.build({"class": "SCC", **config})
    plain = classifier(model)
    size = model.crop_spec.size
    rng = np.random.default_rng(0)
    crops = rng.integers(1, 256, (batch, size, size, 3)).astype("uint8")
    landmarks = rng.uniform(0, size, (batch, model.num_landmarks, 2)).astype("float32")
    labels = rng.integers(0, 1000, batch)
    model.compile(CoupledSGD(1e-6, momentum=0.9), jit_compile=False)
    plain.compile(
        CoupledSGD(1e-6, momentum=0.9),
        jit_compile=False,
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    train, train_cpu = medians(
        {
            "scc": lambda: model.train_on_batch(crops, landmarks),
            "classifier": lambda: plain.train_on_batch(crops, labels),
        },
        rounds,
    )
    networks = {"scc": compiled(model), "backbone": compiled(backbone(model))}
    one = crops[:1]
    infer, infer_cpu = medians(
        {
            name: lambda network=network: keras.tree.map_structure(keras.ops.convert_to_numpy, network(one))
            for name, network in networks.items()
        },
        inferences,
    )
    return {
        "batch": batch,
        "scc_step_s": round(train["scc"], 3),
        "classifier_step_s": round(train["classifier"], 3),
        "step_ratio": round(train["scc"] / train["classifier"], 3),
        "step_ratio_cpu": round(train_cpu["scc"] / train_cpu["classifier"], 3),
        "scc_ms": round(1e3 * infer["scc"], 1),
        "backbone_ms": round(1e3 * infer["backbone"], 1),
        "after_backbone": round(infer["scc"] / infer["backbone"] - 1, 3),
        "after_backbone_cpu": round(infer_cpu["scc"] / infer_cpu["backbone"] - 1, 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="scc-300w")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--inferences", type=int, default=40)
    parser.add_argument("--precision", nargs="+", default=["float32", "mixed_bfloat16"])
    parser.add_argument("--note", default="", help="kept in the result")
    parser.add_argument("--out", help="JSON file")
    args = parser.parse_args()
    finish(
        {
            "note": args.note,
            "precisions": {
                precision: measure(args.preset, precision, args.batch, args.rounds, args.inferences)
                for precision in args.precision
            },
        },
        args.out,
    )


if __name__ == "__main__":
    main()
