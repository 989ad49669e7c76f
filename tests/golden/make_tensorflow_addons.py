"""Writes `tensorflow_addons.json`: inputs and what tensorflow-addons 0.23 makes of them.

Runs in an environment of its own (see docs/decisions/tensorflow-addons.md), never in the tests. The file must
not be called `tensorflow_addons.py`: run as a script it would import itself.
"""

import json
import platform
from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_addons as tfa

OUT = Path(__file__).with_name("tensorflow_addons.json")
DIGITS = 7


def wave(shape, step, phase=0.0):
    """Values in [-1, 1] of four digits, so that the JSON file holds them exactly."""
    return np.sin(step * np.arange(np.prod(shape)) + phase).round(4).reshape(shape)


def run(function, inputs, **settings):
    """One case: the arguments by name, and the output."""
    arrays = {name: np.asarray(value, "float32") for name, value in inputs.items()}
    output = np.asarray(function(**arrays, **settings), "float64")
    return {
        "inputs": {name: np.asarray(value).tolist() for name, value in inputs.items()},
        "settings": settings,
        "output": output.round(DIGITS).tolist(),
    }


def image_cases():
    images = wave((1, 6, 7, 2), 0.7)
    affine = [0.9, -0.3, 1.2, 0.25, 1.1, -0.8, 0.0, 0.0]
    projective = [0.9, -0.2, 0.5, 0.1, 1.05, -0.4, 0.03, -0.02]
    bilinear = {"interpolation": "bilinear"}
    rows, columns, channels = np.indices((12, 14, 3))
    photo = 128 + 100 * np.sin(0.35 * rows + 0.3 * columns + channels)
    shrunk = [0.85, -0.35, 2.1, 0.3, 0.9, -2.4, 0.0, 0.0]
    transform = tfa.image.transform
    return {
        "transform_affine": run(transform, {"images": images, "transforms": affine}, fill_value=0.25, **bilinear),
        "transform_nearest_fill": run(
            transform, {"images": images, "transforms": affine}, fill_mode="nearest", **bilinear
        ),
        "transform_projective": run(transform, {"images": images, "transforms": projective}, **bilinear),
        "transform_photo": run(transform, {"images": photo.round(), "transforms": shrunk}, **bilinear),
        "rotate": run(tfa.image.rotate, {"images": images, "angles": 0.5}, **bilinear),
        "translate": run(tfa.image.translate, {"images": images, "translations": [1.5, -0.75]}, **bilinear),
        "dense_image_warp": run(
            tfa.image.dense_image_warp, {"image": images, "flow": 2.5 * wave((1, 6, 7, 2), 0.9, 0.4)}
        ),
        "interpolate_bilinear": run(
            tfa.image.interpolate_bilinear, {"grid": images, "query_points": 3 + 4 * wave((1, 9, 2), 1.3, 0.2)}
        ),
    }


def focal_cases():
    loss = tfa.losses.sigmoid_focal_crossentropy
    truth = (wave((4, 3), 1.7) > 0).astype(int)
    logits = 3 * wave((4, 3), 0.8, 0.1)
    probabilities = (0.5 + 0.48 * wave((4, 3), 0.8, 0.1)).round(4)
    return {
        "focal": run(loss, {"y_true": truth, "y_pred": probabilities}),
        "focal_other_settings": run(loss, {"y_true": truth, "y_pred": probabilities}, alpha=0.4, gamma=1.5),
        "focal_from_logits": run(loss, {"y_true": truth, "y_pred": logits}, from_logits=True),
    }


def steps(optimizer, averaged=False):
    """The weights, or their average, after each of 14 steps with given gradients."""

    def weights_after_each_step(start, gradients):
        variable = tf.Variable(start)
        rows = []
        for gradient in gradients:
            optimizer.apply_gradients([(tf.constant(gradient), variable)])
            rows.append((optimizer.get_slot(variable, "average") if averaged else variable).numpy())
        return np.stack(rows)

    inputs = {"start": wave((5,), 1.1, 0.3), "gradients": wave((14, 5), 0.37, 0.9)}
    return run(weights_after_each_step, inputs)


def optimizer_cases():
    optimizers = tfa.optimizers
    adam = tf.keras.optimizers.legacy.Adam
    return {
        "adamw": steps(optimizers.AdamW(weight_decay=0.004, learning_rate=0.05)),
        "sgdw": steps(optimizers.SGDW(weight_decay=0.004, learning_rate=0.05, momentum=0.9)),
        "lookahead": steps(optimizers.Lookahead(adam(0.05), sync_period=5, slow_step_size=0.5)),
        "moving_average": steps(optimizers.MovingAverage(adam(0.05), average_decay=0.9), averaged=True),
        "moving_average_dynamic": steps(
            optimizers.MovingAverage(adam(0.05), average_decay=0.5, dynamic_decay=True), averaged=True
        ),
    }


def main():
    versions = {
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "tensorflow-addons": tfa.__version__,
        "numpy": np.__version__,
    }
    cases = image_cases() | focal_cases() | optimizer_cases()
    lines = [f"{json.dumps(name)}: {json.dumps(case, separators=(',', ':'))}" for name, case in cases.items()]
    OUT.write_text(
        f'{{"versions": {json.dumps(versions)},\n"cases": {{\n' + ",\n".join(lines) + "\n}}\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
