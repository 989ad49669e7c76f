"""Weight decay that goes through an optimiser's momentum or moments."""

import keras


class CoupledDecay:
    """Mixed into a Keras optimiser: `l2 * w` is added to the gradient of w, as PyTorch means weight decay.

    Keras' own `weight_decay` shrinks weights beside momentum and moments, in proportion to the learning rate.
    """

    def __init__(self, learning_rate, l2: float, **kwargs):
        super().__init__(learning_rate, **kwargs)
        if l2 < 0:
            raise ValueError(f"`l2` must not be negative. Received: l2={l2}")
        self.l2 = float(l2)

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient + self.l2 * keras.ops.cast(variable, gradient.dtype), variable, learning_rate)

    def get_config(self):
        return super().get_config() | {"l2": self.l2}


@keras.saving.register_keras_serializable(package="kerasalign")
class CoupledAdam(CoupledDecay, keras.optimizers.Adam):
    """Adam with L2 regularisation.

    Args:
        learning_rate: Number or schedule.
        l2: Strength; of every weight, biases and normalisation included.
        **kwargs: As in `keras.optimizers.Adam`.

    Raises:
        ValueError: If `l2` is negative.
    """

    def __init__(self, learning_rate=1e-3, l2: float = 1e-3, **kwargs):
        super().__init__(learning_rate, l2, **kwargs)


@keras.saving.register_keras_serializable(package="kerasalign")
class CoupledSGD(CoupledDecay, keras.optimizers.SGD):
    """SGD with momentum and L2 regularisation; Keras' decoupled decay is about ten times weaker at momentum 0.9.

    Args:
        learning_rate: Number or schedule.
        l2: Strength; of every weight, biases and normalisation included.
        **kwargs: As in `keras.optimizers.SGD`.

    Raises:
        ValueError: If `l2` is negative.
    """

    def __init__(self, learning_rate=0.01, l2: float = 5e-4, **kwargs):
        super().__init__(learning_rate, l2, **kwargs)
