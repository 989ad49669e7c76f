"""Gathering rows of a tensor."""

import keras
from keras import ops


def take_rows(values, numbers):
    """`values[numbers]` along the first axis, for numbers that are never negative.

    `ops.take` supports negative numbers. Under TensorFlow that costs a dozen more operations on the numbers, also in
    exported files, where they can take longer than the gather.
    """
    if keras.backend.backend() != "tensorflow":
        return ops.take(values, numbers, axis=0)
    import tensorflow as tf

    return tf.gather(values, numbers)
