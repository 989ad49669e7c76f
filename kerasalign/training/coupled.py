"""Coupled weight decay (L2 regularization): it goes through momentum and moments of the optimizer."""

from typing import Any

import keras

Rate = float | keras.optimizers.schedules.LearningRateSchedule


class CoupledDecay(keras.optimizers.Optimizer):
    """Mix-in for a Keras optimizer that adds `l2 * w` to the gradient of w, as weight decay of PyTorch does.

    Decoupled weight decay, Keras' own `weight_decay`, shrinks the weights beside momentum and moments.
    """

    def __init__(self, learning_rate: Rate, l2: float, **kwargs: Any) -> None:
        super().__init__(learning_rate, **kwargs)
        if l2 < 0:
            raise ValueError(f"`l2` must not be negative. Received: l2={l2}")
        self.l2 = float(l2)

    def update_step(self, gradient, variable, learning_rate) -> None:
        """Updates one weight."""
        super().update_step(gradient + self.l2 * keras.ops.cast(variable, gradient.dtype), variable, learning_rate)

    def get_config(self) -> dict[str, Any]:
        """Returns a plain dict that rebuilds the optimizer."""
        return super().get_config() | {"l2": self.l2}


@keras.saving.register_keras_serializable(package="kerasalign")
class CoupledAdam(CoupledDecay, keras.optimizers.Adam):
    """Adam with L2 regularization.

    Args:
        learning_rate: Number or schedule.
        l2: Strength of the decay. It applies to every weight, biases and normalization included.
        **kwargs: As in `keras.optimizers.Adam`.

    Raises:
        ValueError: If `l2` is negative.
    """

    def __init__(self, learning_rate: Rate = 1e-3, l2: float = 1e-3, **kwargs: Any) -> None:
        super().__init__(learning_rate, l2, **kwargs)


@keras.saving.register_keras_serializable(package="kerasalign")
class CoupledSGD(CoupledDecay, keras.optimizers.SGD):
    """SGD with momentum and L2 regularization.

    Keras' decoupled weight decay of the same strength is about ten times weaker at momentum 0.9.

    Args:
        learning_rate: Number or schedule.
        l2: Strength of the decay. It applies to every weight, biases and normalization included.
        **kwargs: As in `keras.optimizers.SGD`.

    Raises:
        ValueError: If `l2` is negative.
    """

    def __init__(self, learning_rate: Rate = 0.01, l2: float = 5e-4, **kwargs: Any) -> None:
        super().__init__(learning_rate, l2, **kwargs)
