"""LW-BAFA against BAFA: size, latency and training step, and the share of making boundary maps; prints JSON.

    python benchmarks/lw_bafa.py [--runs 20] [--steps 3] [--batch 16] [--precision mixed_bfloat16] [--out FILE]

At the paper's crops of 256 px and at those of 128 px, which the runs on photos had. Latency is one crop through
`predict_crops`; the networks take turns, and are untrained, which does not matter for time. A step is `train_on_batch`;
the maps are made alone, compiled, from the same landmarks.
"""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from common import finish, medians

import kerasalign
from kerasalign.core.compiled import compiled
from kerasalign.core.profile import profile
from kerasalign.hub import get_recipe

NAMES = ("lwbafa-300w", "bafa-300w", "lwbafa128-300w", "bafa128-300w")


def noise(count: int, size: int) -> np.ndarray:
    """Crops `(count, size, size, 3)`."""
    return np.random.default_rng(0).integers(1, 256, (count, size, size, 3)).astype("uint8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--precision", default="mixed_bfloat16")
    parser.add_argument("--note", default="", help="kept in the result")
    parser.add_argument("--out", help="JSON file")
    args = parser.parse_args()

    models = {name: kerasalign.load(name, weights=None) for name in NAMES}
    one = {name: noise(1, model.crop_spec.size) for name, model in models.items()}
    wall, cpu = medians({name: lambda n=name: models[n].predict_crops(one[n]) for name in NAMES}, args.runs)
    rows = {}
    for name, model in models.items():
        counted = profile(model)
        rows[name] = {
            "parameters": counted.parameters,
            "macs": counted.macs,
            "ms": round(1e3 * wall[name], 1),
            "processor_ms": round(1e3 * cpu[name], 1),
        }
    for name in NAMES:
        recipe = get_recipe(name)
        model = recipe.model.replace(dtype=args.precision).build()
        model.compile(recipe.with_settings(steps=1000).optimizer(), jit_compile=False)
        size = model.crop_spec.size
        crops = noise(args.batch, size)
        shape = 0.8 * size * model.markup.mean_shape + (size - 1) / 2
        moved = np.random.default_rng(1).normal(0, size / 85, (args.batch, *shape.shape))
        landmarks = (shape + moved).astype("float32")

        def targets(points, training=False, model=model):
            return model.boundary_targets(points)

        make = compiled(targets)
        wall, cpu = medians(
            {
                "step": lambda m=model, x=crops, y=landmarks: m.train_on_batch(x, y),
                "maps": lambda f=make, y=landmarks: np.asarray(f(y)[0]),
            },
            args.steps,
            warm_up=1,
        )
        rows[name] |= {
            "step_seconds": round(wall["step"], 2),
            "step_processor_seconds": round(cpu["step"], 2),
            "maps_share": round(cpu["maps"] / cpu["step"], 4),
        }
    finish(
        {
            "note": args.note,
            "batch": args.batch,
            "precision_of_training": args.precision,
            "presets": rows,
        },
        args.out,
    )


if __name__ == "__main__":
    main()
