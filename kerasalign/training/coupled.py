"""Coupled weight decay (L2 regularization): it goes through momentum and moments of the optimizer."""

from collections.abc import Mapping
from typing import Any

import keras

Rate = float | keras.optimizers.schedules.LearningRateSchedule


class CoupledDecay(keras.optimizers.Optimizer):
    """Mix-in for a Keras optimizer that adds `l2 * w` to the gradient of w, as weight decay of PyTorch does.

    Decoupled weight decay, Keras' own `weight_decay`, shrinks the weights beside momentum and moments.

    A layer may store a multiple of the weight that its paper means. `stored_scales` has the end of the path of such a
    variable and that multiple s: the decay is that of the weight `v / s`, so it adds `l2 * v / s^2` to the gradient of
    the stored v.
    """

    def __init__(
        self, learning_rate: Rate, l2: float, stored_scales: Mapping[str, float] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        if l2 < 0:
            raise ValueError(f"`l2` must not be negative. Received: l2={l2}")
        self.l2 = float(l2)
        self.stored_scales = dict(stored_scales or {})
        if any(not scale > 0 for scale in self.stored_scales.values()):
            raise ValueError(f"`stored_scales` must be positive. Received: stored_scales={self.stored_scales}")

    def build(self, variables) -> None:
        """Creates the optimizer's own variables."""
        super().build(variables)
        self._scales = [self._scale(f"/{variable.path}") for variable in variables]

    def _scale(self, path: str) -> float:
        return next((scale for end, scale in self.stored_scales.items() if path.endswith(f"/{end}")), 1.0)

    def update_step(self, gradient, variable, learning_rate) -> None:
        """Updates one weight."""
        # Under TensorFlow the variable is the backend's own, which has no path.
        scale = self._scales[self._get_variable_index(variable)]
        decay = self.l2 / scale**2 * keras.ops.cast(variable, gradient.dtype)
        super().update_step(gradient + decay, variable, learning_rate)

    def get_config(self) -> dict[str, Any]:
        """Returns a plain dict that rebuilds the optimizer."""
        return super().get_config() | {"l2": self.l2, "stored_scales": self.stored_scales}


@keras.saving.register_keras_serializable(package="kerasalign")
class CoupledAdam(CoupledDecay, keras.optimizers.Adam):
    """Adam with L2 regularization.

    Args:
        learning_rate: Number or schedule.
        l2: Strength of the decay. It applies to every weight, biases and normalization included.
        stored_scales: End of a variable's path to the multiple of the weight that it stores, as in `CoupledDecay`.
        **kwargs: As in `keras.optimizers.Adam`.

    Raises:
        ValueError: If `l2` is negative or a scale is not positive.
    """

    def __init__(
        self,
        learning_rate: Rate = 1e-3,
        l2: float = 1e-3,
        stored_scales: Mapping[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, l2, stored_scales, **kwargs)


@keras.saving.register_keras_serializable(package="kerasalign")
class CoupledSGD(CoupledDecay, keras.optimizers.SGD):
    """SGD with momentum and L2 regularization.

    Keras' decoupled weight decay of the same strength is about ten times weaker at momentum 0.9.

    Args:
        learning_rate: Number or schedule.
        l2: Strength of the decay. It applies to every weight, biases and normalization included.
        stored_scales: End of a variable's path to the multiple of the weight that it stores, as in `CoupledDecay`.
        **kwargs: As in `keras.optimizers.SGD`.

    Raises:
        ValueError: If `l2` is negative or a scale is not positive.
    """

    def __init__(
        self,
        learning_rate: Rate = 0.01,
        l2: float = 5e-4,
        stored_scales: Mapping[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, l2, stored_scales, **kwargs)
