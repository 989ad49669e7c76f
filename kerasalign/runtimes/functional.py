"""Functional networks, ready to be written: named inputs, ordered outputs, a traced function."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras

    from kerasalign.core.landmark_model import LandmarkModel


def with_input(model: LandmarkModel, dtype: str) -> keras.Model:
    """A functional network around a model, with one input: `crops` of this dtype."""
    import keras

    size = model.crop_spec.size
    crops = keras.Input((size, size, 3), dtype=dtype, name="crops")
    return keras.Model(crops, model(crops))


def output_order(network: keras.Model) -> list[str]:
    """Names of a network's outputs, `landmarks` first."""
    names = list(_outputs(network))
    return sorted(names, key=lambda name: (name != "landmarks", names.index(name)))


def as_function(network: keras.Model) -> tuple[Callable[..., Any], list[Any]]:
    """A `tf.function` of a network's inputs in their order, and its signature, for any number of crops."""
    import tensorflow as tf

    signature = [tf.TensorSpec((None, *x.shape[1:]), x.dtype, name=x.name) for x in network.inputs]
    single = len(signature) == 1

    @tf.function(input_signature=signature, autograph=False)
    def function(*inputs):
        return network(inputs[0] if single else list(inputs), training=False)

    return function, signature


def _outputs(network: keras.Model) -> dict[str, Any]:
    output = network.output
    if not isinstance(output, dict):
        raise ValueError(f"A network that is exported returns a dict. Received: output={type(output).__name__}")
    return output
