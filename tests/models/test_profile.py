"""Multiply-adds against brute force: the non-zero products of layers whose weights and inputs are all one."""

import keras
import numpy as np
import pytest
from keras import layers

from kerasalign.core.profile import _products


def macs(layer, *shape):
    x = np.ones((1, *shape), "float32")
    result = layer(x)
    return _products(layer, [x.shape], [result]), np.asarray(result)


# With all ones, valid padding and no bias an output is the number of its products.
@pytest.mark.parametrize(
    "layer, shape",
    [
        (lambda: layers.Dense(5, use_bias=False, kernel_initializer="ones"), (3, 7)),
        (lambda: layers.Conv2D(4, 3, strides=2, use_bias=False, kernel_initializer="ones"), (9, 8, 6)),
        (lambda: layers.Conv1D(4, 3, use_bias=False, kernel_initializer="ones"), (9, 6)),
        (lambda: layers.DepthwiseConv2D(3, use_bias=False, depthwise_initializer="ones"), (9, 8, 6)),
        (lambda: layers.EinsumDense("abc,cde->abde", (None, 2, 5), kernel_initializer="ones"), (3, 7)),
        (lambda: layers.EinsumDense("abcd,cde->abe", (None, 6), kernel_initializer="ones"), (3, 2, 5)),
        (lambda: layers.Conv2DTranspose(4, 3, strides=3, use_bias=False, kernel_initializer="ones"), (5, 4, 6)),
    ],
)
def test_products_of_a_layer(layer, shape):
    counted, result = macs(layer(), *shape)
    assert counted == result.sum()


def test_groups_multiply_less():
    assert macs(layers.Conv2D(4, 3, groups=2), 9, 8, 6)[0] * 2 == macs(layers.Conv2D(4, 3), 9, 8, 6)[0]


def test_a_layer_may_count_for_itself():
    class Square(keras.layers.Layer):
        def call(self, x):
            return x * x

        def count_macs(self, x):
            return x[-1]

    assert macs(Square(), 3, 7)[0] == 7
