"""Batch normalization in one pass over memory."""

import keras

# Types that the kernel takes.
_DTYPES = ("float32", "float16", "bfloat16")


@keras.saving.register_keras_serializable(package="kerasalign")
class FusedBatchNormalization(keras.layers.BatchNormalization):
    """Keras' batch normalization with PyTorch's defaults; under TensorFlow it uses the fused kernel.

    Keras computes it by separate operations in float32, which on a CPU cost more than the bfloat16 convolution before
    them. Values, weights and names are those of Keras. JAX, PyTorch, float64 and inputs that are not images use Keras'
    own implementation.

    Args:
        momentum: Momentum of the moving statistics.
        epsilon: Added to the variance.
        **kwargs: As in `keras.layers.BatchNormalization`.

    Call arguments:
        inputs: `(B, H, W, C)`.
        training: Whether to use the batch's statistics and to update the moving statistics.

    Input shape:
        any.

    Output shape:
        the same.

    Example:

        normalized = FusedBatchNormalization()(np.ones((2, 8, 8, 16), "float32"))

    Reference: Ioffe and Szegedy, "Batch Normalization" (arXiv 1502.03167).
    """

    def __init__(self, momentum: float = 0.9, epsilon: float = 1e-5, **kwargs):
        super().__init__(momentum=momentum, epsilon=epsilon, **kwargs)
        # An argument that Keras' layer has since 3.14.
        self._renormalizes = bool(kwargs.get("renorm", False))

    def call(self, inputs, training=None, mask=None):
        plain = mask is None and self.scale and self.center and not self.synchronized
        plain = plain and not self._renormalizes
        image = len(inputs.shape) == 4 and self.axis in (-1, 3)
        image = image and keras.backend.standardize_dtype(inputs.dtype) in _DTYPES
        if keras.backend.backend() != "tensorflow" or not (plain and image):
            return super().call(inputs, training=training, mask=mask)
        return self._fused(inputs, bool(training and self.trainable))

    def _fused(self, inputs, training: bool):
        import tensorflow as tf

        weights = (self.gamma, self.beta, self.moving_mean, self.moving_variance)
        gamma, beta, mean, variance = (tf.cast(weight, "float32") for weight in weights)
        empty = tf.zeros([0])
        out = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=gamma,
            offset=beta,
            mean=empty if training else mean,
            variance=empty if training else variance,
            epsilon=self.epsilon,
            is_training=training,
        )
        if training:
            # The kernel divides by n - 1, Keras by n.
            count = tf.cast(tf.size(inputs) / tf.shape(inputs)[-1], "float32")
            biased = out.batch_variance * ((count - 1) / count)
            self.moving_mean.assign(mean * self.momentum + out.batch_mean * (1 - self.momentum))
            self.moving_variance.assign(variance * self.momentum + biased * (1 - self.momentum))
        return out.y
