"""A loader's batches as a `tf.data.Dataset`."""

from __future__ import annotations

import tensorflow as tf

from kerasalign.data.loader import FaceLoader
from kerasalign.support.checks import at_least


def to_tf_data(loader: FaceLoader, epochs: int = 1, parallel: int = 2) -> tf.data.Dataset:
    """The batches of a loader, in order, as a `tf.data.Dataset`.

    Args:
        loader: The loader. The data set starts at the loader's `epoch`, which does not change.
        epochs: Number of consecutive epochs.
        parallel: Number of batches prepared at the same time; their order does not change.

    Returns:
        A data set of `len(loader) * epochs` elements `(images, landmarks)`, uint8 and float32.

    Example:

        data = to_tf_data(loader, epochs=30)
        model.fit(data, epochs=30, steps_per_epoch=len(loader))
    """
    at_least(1, epochs=epochs)
    first, steps = loader.epoch, len(loader)
    size, points = loader.crop_spec.size, loader.markup.num_points

    def make(number):
        return loader.batch(first + int(number) // steps, int(number) % steps)

    def element(number):
        images, landmarks = tf.numpy_function(make, [number], (tf.uint8, tf.float32), stateful=False)
        images.set_shape((None, size, size, 3))
        landmarks.set_shape((None, points, 2))
        return images, landmarks

    numbers = tf.data.Dataset.range(steps * epochs)
    data = numbers.map(element, num_parallel_calls=parallel, deterministic=True).prefetch(2)
    return data.apply(tf.data.experimental.assert_cardinality(steps * epochs))
