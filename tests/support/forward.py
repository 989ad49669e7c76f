"""Run as a program: outputs of all cases, or of saved models, as one `.npz`.

python forward.py cases OUT.npz          under any KERAS_BACKEND
python forward.py saved DIR OUT.npz      every DIR/*.keras on the crops that tests use
"""

import sys
from pathlib import Path

import numpy as np


def cases() -> dict[str, np.ndarray]:
    """Outputs of every layer and model with weights that depend on their place only."""
    import keras
    from keras import tree

    from tests.support.cases import LAYERS, MODELS, call, crops, layer_model, model_target, set_known_weights

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
        model.compile("sgd", run_eagerly=not whole)
        target = model_target(model)
        out[f"{name}/loss"] = np.asarray(model.test_on_batch(images, target))
        out[f"{name}/steps"] = np.asarray([model.train_on_batch(images, target)[0] for _ in range(2)])
    return out


def saved(directory: Path) -> dict[str, np.ndarray]:
    """Outputs of saved models."""
    import keras

    from kerasalign.models.registry import build  # noqa: F401  (registers the classes)
    from tests.support.cases import crops

    out = {}
    for path in sorted(directory.glob("*.keras")):
        model = keras.models.load_model(path)
        out |= {f"{path.stem}/{k}": np.asarray(v) for k, v in model(crops(2, model.crop_spec.size)).items()}
    return out


if __name__ == "__main__":
    if sys.argv[1] == "cases":
        np.savez(sys.argv[2], **cases())
    else:
        np.savez(sys.argv[3], **saved(Path(sys.argv[2])))
