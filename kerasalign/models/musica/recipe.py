"""How MuSiCa is trained (arXiv 2108.00377, section 3.3, and the authors' code)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import keras

from kerasalign.training import AveragedAdam
from kerasalign.training.learned import mean_shape
from kerasalign.training.recipe import Recipe


@dataclass(frozen=True)
class MuSiCaRecipe(Recipe):
    """MuSiCa's training run; the defaults are the paper's.

    The paper stops by test score between 10,800 and 21,300 steps; 24,000 is our default, and the best epoch on
    held-out training faces. `schedule="staircase"` drops the rate to a tenth after 15/24 of the steps (the
    paper's 15,000 of 24,000); `"cosine"` takes it to zero along a cosine, better for short runs. The augmentation
    preset `"musica"` is the paper's; `"musica-calm"` generalizes better where faces are few. `balance="gdb"` is
    section 3.4, `"pdb"` the pose-based method that it improves on.

    Args: As in `Recipe`.
    """

    batch_size: int = 128
    ema_decay: float | None = 0.9999
    augment: str = "musica"
    balance: str = "gdb"

    paper: ClassVar[str] = "musica"

    def learning_rate_schedule(self):
        """The Keras schedule."""
        if self.schedule == "cosine":
            return keras.optimizers.schedules.CosineDecay(self.learning_rate, self.steps)
        drop = max(self.steps * 15 // 24, 1)
        return keras.optimizers.schedules.ExponentialDecay(self.learning_rate, drop, 0.1, staircase=True)

    def optimizer(self):
        """Adam with averaged weights."""
        rate: Any = self.learning_rate_schedule()  # Keras types a rate as a number
        if self.ema_decay is None:
            return keras.optimizers.Adam(rate, epsilon=1e-8)
        return AveragedAdam(rate, decay=self.ema_decay, epsilon=1e-8)

    def learned_config(self, cache, train):
        """The mean shape of the training faces, where the cascade starts."""
        return {"mean_shape": mean_shape(cache, train, self.model.crop.size).tolist()}
