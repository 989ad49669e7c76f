"""Rows of a tensor by their numbers."""

import keras
from keras import ops


def take_rows(values, numbers):
    """`values[numbers]` along the first axis, for numbers that are never negative.

    `ops.take` lets negative ones count from the end. Under TensorFlow that is a dozen more operations on the numbers,
    in exported files too, where they can take longer than the reading.
    """
    if keras.backend.backend() != "tensorflow":
        return ops.take(values, numbers, axis=0)
    import tensorflow as tf

    return tf.gather(values, numbers)
