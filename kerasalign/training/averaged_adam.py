"""Adam that also keeps a moving average of the weights."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerasalign")
class AveragedAdam(keras.optimizers.Adam):
    """Adam with an exponential moving average of the weights that warms up.

    The decay at step t is `min(decay, (1 + t) / (10 + t))`, TensorFlow's rule, so that early averages forget
    the initial weights. The average is part of the optimiser's state: it is saved and resumed with it, on any
    backend. `fit` ends with the averaged weights in the model; `averaged_weights` puts them there for a while.

    Args:
        learning_rate: Number or schedule.
        decay: Largest decay of the average.
        **kwargs: As in `keras.optimizers.Adam`.

    Reference: the authors' code of MuSiCa evaluates averaged weights (decay 0.9999).
    """

    _warming_up = False

    def __init__(self, learning_rate=1e-3, decay=0.9999, **kwargs):
        super().__init__(learning_rate, use_ema=True, ema_momentum=float(decay), **kwargs)
        self._warming_up = True

    @property
    def ema_momentum(self):
        """Decay at the current step; the largest one while the optimiser is being built."""
        if not self._warming_up:
            return self._decay
        step = ops.cast(self.iterations, "float32")
        return ops.minimum(self._decay, (1.0 + step) / (10.0 + step))

    @ema_momentum.setter
    def ema_momentum(self, value):
        self._decay = float(value)

    def get_config(self):
        self._warming_up = False
        config = super().get_config()
        self._warming_up = True
        del config["use_ema"], config["ema_momentum"]
        return config | {"decay": self._decay}
