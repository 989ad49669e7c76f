"""Our replacements of tensorflow-addons give its numbers (docs/decisions/tensorflow-addons.md).

The golden file holds inputs, and outputs of tensorflow-addons 0.23 with 7 decimals.
"""

import json
from pathlib import Path

import keras
import numpy as np
from keras import ops

from kerasalign.geometry import invert, warp
from kerasalign.training import AveragedAdam

CASES = json.loads((Path(__file__).parent / "golden" / "tensorflow_addons.json").read_text("utf-8"))["cases"]


def golden(name):
    """Inputs as float32 arrays by name, and the output."""
    case = CASES[name]
    inputs = {key: np.asarray(value, "float32") for key, value in case["inputs"].items()}
    return inputs, np.asarray(case["output"])


def check(ours, theirs, tolerance=1e-5):
    ours = ops.convert_to_numpy(ours)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance)


def test_warp_of_a_photo_is_transform():
    inputs, theirs = golden("transform_photo")
    height, width, _ = inputs["images"].shape
    backward = inputs["transforms"][:6].reshape(2, 3).astype("float64")
    ours = warp(inputs["images"].astype("uint8"), invert(backward), (width, height))
    # 8-bit in and out, and black inside the photo is lifted to 1: within 1 gray level of rounding.
    check(ours.astype("float32"), theirs, 1.0)


def averages_after_each_step(optimizer, inputs):
    variable = keras.Variable(inputs["start"])
    rows = []
    for gradient in inputs["gradients"]:
        optimizer.apply([ops.convert_to_tensor(gradient)], [variable])
        average = keras.Variable(variable.numpy())
        optimizer.finalize_variable_values([average])
        rows.append(average.numpy())
    return np.stack(rows)


def test_average_that_warms_up_is_moving_average():
    inputs, theirs = golden("moving_average_dynamic")
    ours = averages_after_each_step(AveragedAdam(0.05, decay=0.5), inputs)
    # Theirs starts from the untrained weights, ours from those after the first step. What is left of the
    # untrained weights after step t is the product of the decays so far.
    left = np.cumprod([min(0.5, (1 + t) / (10 + t)) for t in range(len(ours))])[:, None]
    check(ours + left * (inputs["start"] - ours[0]), theirs)


def test_untrained_weights_are_soon_forgotten_by_the_average_that_warms_up():
    inputs, theirs = golden("moving_average_dynamic")
    ours = averages_after_each_step(AveragedAdam(0.05, decay=0.5), inputs)
    check(ours[9:], theirs[9:])
