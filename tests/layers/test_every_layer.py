"""Promises that every layer keeps."""

import inspect

import keras
import numpy as np
import pytest
from keras import tree

import kerasalign.layers
from tests.support.cases import set_known_weights
from tests.support.layer_cases import LAYERS, call, layer_model

EVERY = pytest.mark.parametrize("name", LAYERS)


@EVERY
def test_symbolic_and_real_outputs_agree_and_rows_are_independent(name):
    case = LAYERS[name]
    arrays = case.inputs()
    model = layer_model(case)
    set_known_weights(model)
    together = call(lambda *a: model(list(a)), arrays)
    for symbol, value in zip(tree.flatten(model.output), together):
        assert tuple(symbol.shape) == (None, *value.shape[1:])
        assert symbol.dtype == value.dtype.name
    alone = [call(lambda *a: model(list(a)), [x[i : i + 1] for x in arrays]) for i in range(len(arrays[0]))]
    for k, value in enumerate(together):
        np.testing.assert_allclose(np.concatenate([row[k] for row in alone]), value, rtol=1e-4, atol=1e-5)


@EVERY
def test_config_rebuilds_the_layer(name):
    case = LAYERS[name]
    layer = case.make(name="one")
    call(layer, case.inputs())
    set_known_weights(layer)
    config = layer.get_config()
    twin = type(layer).from_config(config)
    assert twin.get_config() == config
    call(twin, case.inputs())
    twin.set_weights(layer.get_weights())
    for a, b in zip(call(layer, case.inputs()), call(twin, case.inputs())):
        np.testing.assert_array_equal(a, b)


@EVERY
def test_mixed_float16(name):
    case = LAYERS[name]
    layer = case.make(dtype="mixed_float16")
    for value in call(layer, case.inputs()):
        assert np.isfinite(value).all()
    assert all(weight.dtype == "float32" for weight in layer.trainable_weights)


@EVERY
def test_float64(name):
    case = LAYERS[name]
    for value in call(case.make(dtype="float64"), case.inputs()):
        assert np.isfinite(value).all()


@EVERY
def test_gradients_are_finite_and_reach_every_weight(name):
    case = LAYERS[name]
    if not case.trains:
        assert not layer_model(case).trainable_weights
        return
    model = layer_model(case)
    set_known_weights(model)
    outputs = [x for x in tree.flatten(model.output) if "float" in x.dtype]
    total = keras.layers.Concatenate()([keras.layers.Flatten()(x) for x in outputs])
    trained = keras.Model(model.inputs, total)
    trained.compile(keras.optimizers.SGD(0.1), loss="mse", run_eagerly=True)
    before = [w.copy() for w in trained.get_weights()]
    arrays = list(case.inputs())
    trained.train_on_batch(arrays, np.full((len(arrays[0]), total.shape[1]), 0.3, "float32"))
    for weight, old in zip(trained.weights, before):
        new = np.asarray(weight)
        assert np.isfinite(new).all(), weight.path
        assert weight.path.endswith(case.idle) or not np.array_equal(new, old), weight.path


def test_every_public_layer_is_here():
    public = {n for n, c in vars(kerasalign.layers).items() if inspect.isclass(c) and issubclass(c, keras.layers.Layer)}
    assert public <= set(LAYERS)
