"""Adam with a moving average of the weights."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerasalign")
class AveragedAdam(keras.optimizers.Adam):
    """Adam with an exponential moving average of the weights, whose decay warms up.

    The decay at step t is `min(decay, (1 + t) / (10 + t))`, TensorFlow's rule: early averages forget the initial
    weights. The average is part of the optimizer's state, and is saved and restored with it on any backend. `fit`
    ends with the averaged weights in the model; `averaged_weights` puts them there for a block of code.

    Args:
        learning_rate: Number or schedule.
        decay: Largest decay of the average.
        **kwargs: As in `keras.optimizers.Adam`.

    Reference: the authors' code of MuSiCa, which evaluates averaged weights (decay 0.9999).
    """

    _warming_up = False

    def __init__(
        self,
        learning_rate: float | keras.optimizers.schedules.LearningRateSchedule = 1e-3,
        decay: float = 0.9999,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, use_ema=True, ema_momentum=float(decay), **kwargs)
        self._warming_up = True

    @property
    def ema_momentum(self):
        """The decay at the current step; while the optimizer is constructed, the largest decay."""
        if not self._warming_up:
            return self._decay
        step = ops.cast(self.iterations, "float32")
        return ops.minimum(self._decay, (1.0 + step) / (10.0 + step))

    @ema_momentum.setter
    def ema_momentum(self, value):
        self._decay = float(value)

    def get_config(self) -> dict[str, Any]:
        """Returns a plain dict that rebuilds the optimizer."""
        self._warming_up = False
        config = super().get_config()
        self._warming_up = True
        del config["use_ema"], config["ema_momentum"]
        return config | {"decay": self._decay}
