"""Seconds of a training step of every paper's network, by precision; prints JSON.

    python benchmarks/training_step.py [PRESET ...] [--batch 4] [--rounds 3] [--precision float32 mixed_bfloat16]
        [--out FILE]

A step is `train_on_batch` with the recipe's optimizer and loss on crops of noise, without reading and augmentation;
networks begin untrained. All get the same batch, which is not that of the papers: `faces_per_second` tells more.
"""

import argparse
import gc
import os
from functools import partial

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from common import finish, medians

from kerasalign.core.profile import profile
from kerasalign.hub import get_recipe

PRESETS = ("musica19-300w", "musica-300w", "aan-300w", "scc-300w", "sdu-300w", "lwbafa-300w", "bafa-300w")


def measure(preset: str, precision: str, batch: int, rounds: int) -> dict:
    """Seconds of a step."""
    recipe = get_recipe(preset)
    model = recipe.model.replace(dtype=precision).build()
    model.compile(recipe.with_settings(steps=1000).optimizer(), jit_compile=False)
    size, rng = model.crop_spec.size, np.random.default_rng(0)
    crops = rng.integers(1, 256, (batch, size, size, 3)).astype("uint8")
    shape = 0.8 * size * model.markup.mean_shape + (size - 1) / 2
    landmarks = (shape + rng.normal(0, 0.01 * size, (batch, *shape.shape))).astype("float32")
    wall, cpu = medians({"step": partial(model.train_on_batch, crops, landmarks)}, rounds, warm_up=1)
    row = {
        "parameters": profile(model).parameters,
        "step_s": round(wall["step"], 3),
        "step_cpu_s": round(cpu["step"], 3),
        "faces_per_second": round(batch / wall["step"], 1),
    }
    # What a step holds can be gigabytes.
    del model
    keras.backend.clear_session()
    gc.collect()
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("presets", nargs="*", default=PRESETS)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--precision", nargs="+", default=["float32", "mixed_bfloat16"])
    parser.add_argument("--out", help="JSON file")
    args = parser.parse_args()
    finish(
        {
            "batch": args.batch,
            "rounds": args.rounds,
            "precisions": {
                precision: {preset: measure(preset, precision, args.batch, args.rounds) for preset in args.presets}
                for precision in args.precision
            },
        },
        args.out,
    )


if __name__ == "__main__":
    main()
