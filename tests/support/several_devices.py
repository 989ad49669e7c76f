"""A training on one CPU device, and one that goes on after its first epoch on two; prints their losses as JSON.

    KERAS_BACKEND=jax python -m tests.support.several_devices FOLDER

A program of its own, since a backend is told of its devices before it starts.
"""

import json
import os
import sys
from pathlib import Path

# Two devices, and code that is quickly compiled.
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2 --xla_backend_optimization_level=0"

import keras
import numpy as np

if keras.backend.backend() == "tensorflow":
    import tensorflow as tf

    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
    )

from kerasalign.datasets import make_miniature
from kerasalign.models import AAN
from kerasalign.models.aan import AANConfig
from kerasalign.models.aan.recipe import AANRecipe
from kerasalign.training import training_devices
from tests.support.arrays import crops
from tests.support.cases import model_target, set_known_weights
from tests.support.copied_run import CopiedRun

SMALL = {"stem": 8, "channels": (8, 16), "embedding": 16, "size": 32}


def runs(folder):
    """The curve of each run, and the shape of what its network predicts."""
    data = make_miniature("300w", folder / "300w")
    recipe = AANRecipe(
        AANConfig(markup="68", **SMALL), steps=40, steps_per_epoch=20, epochs=None, batch_size=4, validation=3
    )
    found = {}
    for name, distribution in (("one", None), ("then two", "all")):
        copying = [CopiedRun(folder / "one", folder / "then two")] if name == "one" else []
        model = recipe.fit(
            data,
            folder / name,
            cache_dir=folder / "cache",
            verbose=0,
            callbacks=copying,
            distribution=distribution,
        )
        curve = json.loads((folder / name / "run.json").read_text())["curve"]
        found[name] = {
            "curve": [[row[key] for key in ("loss", "nme", "val_loss", "val_nme")] for row in curve],
            "landmarks": np.asarray(model.predict_crops(crops(3, 32))["landmarks"]).shape,
        }
    return found


def own_fit():
    """Loss, NME and size of a step of a model that a user fits in a scope of their own."""
    found = []
    # Under JAX a batch is one batch, whoever holds its parts.
    for distribution in (None, "all") if keras.backend.backend() == "tensorflow" else ():
        devices = training_devices(distribution, 4)
        with devices.scope():
            model = devices.synchronized(AAN(markup="5", **SMALL))
            set_known_weights(model)
            model.compile(keras.optimizers.SGD(1e-2), "box_size")
            x, y = crops(4, 32), model_target(model, 4)
            scores = model.evaluate(x, y, batch_size=4, verbose=0, return_dict=True)
            before = model.get_weights()
            weight = np.array([1, 1, 3, 0], "float32")
            model.fit(x, y, batch_size=4, sample_weight=weight, shuffle=False, verbose=0)
            step = sum(float(np.abs(new - old).sum()) for new, old in zip(model.get_weights(), before))
        found.append([scores["loss"], scores["nme"], step])
    return found


def refused():
    """What the errors say."""
    found = []
    if keras.backend.backend() == "tensorflow":
        devices = training_devices(tf.distribute.MirroredStrategy(["/cpu:0", "/cpu:1"]), 4)
        try:
            devices.synchronized(AAN(markup="5", **SMALL))
        except ValueError as error:
            found.append(str(error))
    others = [keras.distribution.DataParallel] if keras.backend.backend() == "tensorflow" else [object]
    for distribution, batch_size in (("all", 5), (3, 6), ("both", 4), (others[0](), 4)):
        try:
            training_devices(distribution, batch_size)
        except ValueError as error:
            found.append(str(error))
    return found


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    sys.stdout.write(json.dumps({"runs": runs(folder), "own": own_fit(), "refused": refused()}) + "\n")
