"""Run as a program: outputs of all cases, or of saved models, as one `.npz`.

python forward.py cases OUT.npz          under any KERAS_BACKEND
python forward.py saved DIR OUT.npz      every DIR/*.keras on the crops that tests use
"""

import sys
from pathlib import Path

import keras
import numpy as np
from keras import ops, tree

from tests.support.arrays import crops
from tests.support.cases import MODELS, model_target, set_contrasting_weights, set_known_weights
from tests.support.layer_cases import LAYERS, call, layer_model

# So large that the rounding of the weights after the step leaves the gradients their digits; a power of two is exact.
RATE = 1024.0


def cases() -> dict[str, np.ndarray]:
    """Outputs of every layer; outputs, loss and gradients of every model, with weights known everywhere."""
    # JAX compiles a network as a whole in a fraction of the time that it takes operation by operation.
    whole = keras.backend.backend() == "jax"
    out = {}
    for name, case in LAYERS.items():
        if not case.elsewhere:
            continue
        model = layer_model(case)
        set_known_weights(model)
        inputs = case.inputs()
        if whole:
            values = tree.flatten(model.predict_on_batch(list(inputs) if len(inputs) > 1 else inputs[0]))
        else:
            values = call(lambda *a, m=model: m(list(a)), inputs)
        out |= {f"{name}/{k}": np.asarray(value) for k, value in enumerate(values)}
    for name, case in MODELS.items():
        if not case.elsewhere:
            continue
        model = case.make()
        set_known_weights(model)
        images = crops(3, model.crop_spec.size)
        out |= {f"{name}/{key}": value for key, value in model.predict_crops(images).items()}
        model.compile(keras.optimizers.SGD(RATE), run_eagerly=not whole)
        target = model_target(model)
        out |= {f"{name}/{key}": value for key, value in one_step(model, images, target).items()}
    return out


def one_step(model, images, target) -> dict[str, np.ndarray]:
    """Gradients of the trainable weights, read off one step of SGD at `RATE`, and the other weights after it."""
    set_smooth_weights(model)
    before = model.get_weights()
    out = {"loss": np.asarray(model.train_on_batch(images, target))}
    for weight, old, new in zip(model.weights, before, model.get_weights()):
        if weight.trainable:
            out[f"gradients/{weight.path}"] = (old.astype("float64") - new) / RATE
        else:
            out[f"after the step/{weight.path}"] = new
    return out


def set_smooth_weights(model) -> None:
    """Known weights under which rounding does not change the gradients: nearly every ReLU passes all of its input.

    The gradient of a ReLU jumps at zero. Of the many activations of a network some lie so near to zero that rounding
    decides their sign, and a single one changes the gradients of all weights below it, in a small layer by a half.
    Normalized activations are mostly within 4 of their mean: shifted by that, they are positive.
    """
    set_contrasting_weights(model)
    weights = {weight.path: weight for weight in model.trainable_weights}
    for path, weight in weights.items():
        if weight.name == "beta":
            gamma = weights[path.removesuffix("beta") + "gamma"]
            weight.assign(ops.abs(weight) + 4 * ops.abs(gamma))


def saved(directory: Path) -> dict[str, np.ndarray]:
    """Outputs of saved models."""
    from kerasalign.models.registry import build  # noqa: F401  (registers the classes)

    out = {}
    for path in sorted(directory.glob("*.keras")):
        model = keras.models.load_model(path)
        out |= {f"{path.stem}/{k}": np.asarray(v) for k, v in model(crops(2, model.crop_spec.size)).items()}
    return out


def start_from_zeros() -> None:
    """No random weights in this process: all get known ones, and JAX compiles every random shape by itself."""
    for name in ("RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling"):
        getattr(keras.initializers, name).__call__ = lambda self, shape, dtype=None: np.zeros(shape, dtype or "float32")


if __name__ == "__main__":
    start_from_zeros()
    if sys.argv[1] == "cases":
        np.savez(sys.argv[2], **cases())
    else:
        np.savez(sys.argv[3], **saved(Path(sys.argv[2])))
