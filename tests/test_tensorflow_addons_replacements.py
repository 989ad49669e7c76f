"""What replaces tensorflow-addons gives its numbers (docs/decisions/tensorflow-addons.md).

The golden file holds inputs and outputs; `golden/make_tensorflow_addons.py` wrote it with tensorflow-addons
0.23. Its outputs have 7 decimals. Tolerances are those of float32 sums, unless a test says why not.
"""

import json
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from kerasalign.geometry import invert, warp
from kerasalign.training import AveragedAdam
from kerasalign.training.lookahead import Lookahead

CASES = json.loads((Path(__file__).parent / "golden" / "tensorflow_addons.json").read_text("utf-8"))["cases"]
BILINEAR = {"interpolation": "bilinear"}


def golden(name):
    """Inputs as float32 arrays by name, and the output."""
    case = CASES[name]
    inputs = {key: np.asarray(value, "float32") for key, value in case["inputs"].items()}
    return inputs, np.asarray(case["output"])


def check(ours, theirs, tolerance=1e-5):
    ours = ops.convert_to_numpy(ours)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance)


@pytest.mark.parametrize(
    ("name", "fill"),
    [("transform_affine", {"fill_value": 0.25}), ("transform_nearest_fill", {"fill_mode": "nearest"})],
)
def test_transform(name, fill):
    inputs, theirs = golden(name)
    ours = ops.image.affine_transform(inputs["images"], inputs["transforms"][None], **BILINEAR, **fill)
    check(ours, theirs)


def test_projective_transform_is_perspective_transform():
    inputs, theirs = golden("transform_projective")
    _, height, width, _ = inputs["images"].shape
    out = np.array([[0, 0], [width - 1, 0], [0, height - 1], [width - 1, height - 1]], "float32")
    # The eight numbers take an output point to its place in the input.
    matrix = np.append(inputs["transforms"], 1).reshape(3, 3)
    source = np.c_[out, np.ones(4)] @ matrix.T
    source = (source[:, :2] / source[:, 2:]).astype("float32")
    ours = ops.image.perspective_transform(inputs["images"], source[None], out[None], **BILINEAR)
    check(ours, theirs)


def test_rotate():
    inputs, theirs = golden("rotate")
    _, height, width, _ = inputs["images"].shape
    cos, sin = np.cos(inputs["angles"]), np.sin(inputs["angles"])
    x, y = (width - 1) / 2, (height - 1) / 2
    row = [cos, -sin, x - cos * x + sin * y, sin, cos, y - sin * x - cos * y, 0, 0]
    check(ops.image.affine_transform(inputs["images"], np.array([row], "float32"), **BILINEAR), theirs)


def test_translate():
    inputs, theirs = golden("translate")
    dx, dy = inputs["translations"]
    row = np.array([[1, 0, -dx, 0, 1, -dy, 0, 0]], "float32")
    check(ops.image.affine_transform(inputs["images"], row, **BILINEAR), theirs)


def test_warp_of_a_photo_is_transform():
    inputs, theirs = golden("transform_photo")
    height, width, _ = inputs["images"].shape
    backward = inputs["transforms"][:6].reshape(2, 3).astype("float64")
    ours = warp(inputs["images"].astype("uint8"), invert(backward), (width, height))
    # 8-bit in and out, and black inside the photo is lifted to 1: within 1 grey level of rounding.
    check(ours.astype("float32"), theirs, 1.0)


def bilinear(grid, points):
    """Values of a `(1, H, W, C)` grid at `(M, 2)` row and column; the nearest edge's outside."""
    channels = [
        ops.image.map_coordinates(grid[0, ..., c], points.T, order=1, fill_mode="nearest")
        for c in range(grid.shape[-1])
    ]
    return ops.stack(channels, axis=-1)[None]


def test_interpolate_bilinear():
    inputs, theirs = golden("interpolate_bilinear")
    check(bilinear(inputs["grid"], inputs["query_points"][0]), theirs)


def test_dense_image_warp():
    inputs, theirs = golden("dense_image_warp")
    flow = inputs["flow"][0]
    rows_and_columns = np.moveaxis(np.indices(flow.shape[:2], "float32"), 0, -1) - flow
    check(ops.reshape(bilinear(inputs["image"], rows_and_columns.reshape(-1, 2)), theirs.shape), theirs)


@pytest.mark.parametrize("name", ["focal", "focal_other_settings", "focal_from_logits"])
def test_sigmoid_focal_crossentropy(name):
    inputs, theirs = golden(name)
    loss = keras.losses.BinaryFocalCrossentropy(apply_class_balancing=True, reduction="none", **CASES[name]["settings"])
    # tensorflow-addons adds up the classes, Keras takes their mean.
    check(loss(inputs["y_true"], inputs["y_pred"]) * inputs["y_true"].shape[-1], theirs)


def weights_after_each_step(optimizer, inputs, averaged=False):
    variable = keras.Variable(inputs["start"])
    rows = []
    for gradient in inputs["gradients"]:
        optimizer.apply([ops.convert_to_tensor(gradient)], [variable])
        shown = variable
        if averaged:
            shown = keras.Variable(variable.numpy())
            optimizer.finalize_variable_values([shown])
        rows.append(shown.numpy())
    return np.stack(rows)


@pytest.mark.parametrize(
    ("name", "optimizer"),
    [
        # tensorflow-addons takes weight_decay * weight off, Keras learning_rate * weight_decay * weight.
        ("adamw", lambda: keras.optimizers.AdamW(0.05, weight_decay=0.004 / 0.05)),
        ("sgdw", lambda: keras.optimizers.SGD(0.05, momentum=0.9, weight_decay=0.004 / 0.05)),
        ("lookahead", lambda: Lookahead(0.05, sync_period=5, slow_step_size=0.5)),
    ],
)
def test_optimizer(name, optimizer):
    inputs, theirs = golden(name)
    check(weights_after_each_step(optimizer(), inputs), theirs)


@pytest.mark.parametrize(
    ("name", "optimizer", "decay"),
    [
        ("moving_average", lambda: keras.optimizers.Adam(0.05, use_ema=True, ema_momentum=0.9), lambda t: 0.9),
        ("moving_average_dynamic", lambda: AveragedAdam(0.05, decay=0.5), lambda t: min(0.5, (1 + t) / (10 + t))),
    ],
)
def test_moving_average(name, optimizer, decay):
    inputs, theirs = golden(name)
    ours = weights_after_each_step(optimizer(), inputs, averaged=True)
    # Theirs starts from the untrained weights, ours from those after the first step. What is left of the
    # untrained weights after step t is the product of the decays so far.
    left = np.cumprod([decay(t) for t in range(len(ours))])[:, None]
    check(ours + left * (inputs["start"] - ours[0]), theirs)


def test_untrained_weights_are_soon_forgotten_by_the_average_that_warms_up():
    inputs, theirs = golden("moving_average_dynamic")
    ours = weights_after_each_step(AveragedAdam(0.05, decay=0.5), inputs, averaged=True)
    check(ours[9:], theirs[9:])
