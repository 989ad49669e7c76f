"""Steps of a training on one and on several devices, and how much of them is waiting for data; prints JSON.

    python benchmarks/data_parallel.py [--preset musica19-synth] [--devices 1 2] [--batch 64] [--steps 20] [--rounds 3]
        [--workers 2] [--note TEXT] [--out FILE]

Without GPUs, the processor is made several devices of TensorFlow: they share its cores, so that no speed-up can be
seen, but what it costs to share a batch. A round is an epoch of `fit` on `FaceLoader` with the recipe's augmentation,
and one on a batch that is there already. Waiting is what the first takes more, as a share of it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import tensorflow as tf
from common import finish
from loader import generated_cache

from kerasalign.data import FaceLoader
from kerasalign.hub import get_recipe
from kerasalign.training import training_devices


class Same(keras.utils.PyDataset):
    """One batch, again and again."""

    def __init__(self, batch, steps: int) -> None:
        super().__init__()
        self.batch, self.steps = batch, steps

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, index: int):
        return self.batch


def seconds_of(model: keras.Model, data: keras.utils.PyDataset) -> float:
    start = time.perf_counter()
    model.fit(data, shuffle=False, verbose=0)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="musica19-synth")
    parser.add_argument("--devices", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2, help="batches made at the same time")
    parser.add_argument("--note", default="", help="kept in the result")
    parser.add_argument("--out", help="JSON file")
    args = parser.parse_args()
    processors = tf.config.list_physical_devices("CPU")
    if not tf.config.list_physical_devices("GPU"):
        tf.config.set_logical_device_configuration(
            processors[0], [tf.config.LogicalDeviceConfiguration()] * max(args.devices)
        )
    recipe = get_recipe(args.preset)
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        cache = generated_cache(512, recipe.model.crop, folder)
        loader = FaceLoader(
            cache,
            recipe.model.crop,
            augment=recipe.augment,
            batch_size=args.batch,
            steps_per_epoch=args.steps,
            workers=args.workers,
        )
        for count in args.devices:
            devices = training_devices(count, args.batch)
            with devices.scope():
                model = devices.synchronized(recipe.model.build())
                model.compile(recipe.optimizer())
                rounds = [
                    (seconds_of(model, loader), seconds_of(model, Same(loader[0], args.steps)))
                    for _ in range(args.rounds + 1)
                ][1:]
            loading, ready = (statistics.median(times) / args.steps for times in zip(*rounds))
            found[str(count)] = {
                "step_s": round(loading, 4),
                "step_without_loading_s": round(ready, 4),
                "waiting_share": round(max(1 - ready / loading, 0.0), 4),
            }
    finish(
        {
            "note": args.note,
            "preset": args.preset,
            "batch": args.batch,
            "steps": args.steps,
            "rounds": args.rounds,
            "workers": args.workers,
            "devices": keras.distribution.list_devices(),
            "by_number_of_devices": found,
        },
        args.out,
    )


if __name__ == "__main__":
    main()
