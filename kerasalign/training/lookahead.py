"""Adam that looks ahead: k steps forward, one step back."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerasalign")
class Lookahead(keras.optimizers.Adam):
    """Adam whose weights return, every few steps, part of the way to where they were at the last return.

    The slow weights start as the weights that the first step finds. They are part of the optimiser's state:
    saved and resumed with it, on any backend. Same numbers as `Lookahead(Adam())` of tensorflow-addons 0.23.

    Args:
        learning_rate: Number or schedule.
        sync_period: Steps from one return to the next, 1 or more.
        slow_step_size: Part of the way that is kept, above 0 and at most 1 (plain Adam).
        **kwargs: As in `keras.optimizers.Adam`.

    Raises:
        ValueError: If `sync_period` or `slow_step_size` is out of range.

    Reference: Zhang et al., "Lookahead Optimizer: k steps forward, 1 step back", NeurIPS 2019, algorithm 1.
    """

    def __init__(self, learning_rate=1e-3, sync_period=6, slow_step_size=0.5, **kwargs):
        if int(sync_period) != sync_period or sync_period < 1:
            raise ValueError(f"`sync_period` must be a whole number of steps, 1 or more. Received: {sync_period=}")
        if not 0 < slow_step_size <= 1:
            raise ValueError(f"`slow_step_size` must be above 0 and at most 1. Received: {slow_step_size=}")
        super().__init__(learning_rate, **kwargs)
        self.sync_period = int(sync_period)
        self.slow_step_size = float(slow_step_size)

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self._slow = self.add_optimizer_variables(variables, "slow")

    def update_step(self, gradient, variable, learning_rate):
        slow = self._slow[self._get_variable_index(variable)]
        # Not set in `build`: weights loaded between that and the first step have to count.
        kept = ops.where(ops.equal(self.iterations, 0), ops.convert_to_tensor(variable), ops.convert_to_tensor(slow))
        super().update_step(gradient, variable, learning_rate)
        ahead = ops.convert_to_tensor(variable)
        back = kept + self.slow_step_size * (ahead - kept)
        due = ops.equal((self.iterations + 1) % self.sync_period, 0)
        self.assign(slow, ops.where(due, back, kept))
        self.assign(variable, ops.where(due, back, ahead))

    def get_config(self):
        return super().get_config() | {"sync_period": self.sync_period, "slow_step_size": self.slow_step_size}
