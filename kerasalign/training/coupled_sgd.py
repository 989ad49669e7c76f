"""SGD whose weight decay goes through the momentum."""

import keras


@keras.saving.register_keras_serializable(package="kerasalign")
class CoupledSGD(keras.optimizers.SGD):
    """SGD with momentum and L2 regularisation as PyTorch means it: `l2 * w` is added to the gradient of w.

    Keras' own `weight_decay` shrinks weights beside the momentum, which at momentum 0.9 is about ten times weaker.

    Args:
        learning_rate: Number or schedule.
        l2: Strength; of every weight, biases and normalisation included.
        **kwargs: As in `keras.optimizers.SGD`.

    Raises:
        ValueError: If `l2` is negative.
    """

    def __init__(self, learning_rate=0.01, l2: float = 5e-4, **kwargs):
        super().__init__(learning_rate, **kwargs)
        if l2 < 0:
            raise ValueError(f"`l2` must not be negative. Received: l2={l2}")
        self.l2 = float(l2)

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient + self.l2 * keras.ops.cast(variable, gradient.dtype), variable, learning_rate)

    def get_config(self):
        return super().get_config() | {"l2": self.l2}
