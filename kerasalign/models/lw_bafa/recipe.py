"""How LW-BAFA and BAFA are trained (APSIPA TSIP 12, e45, 2023, section 4.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import keras

from kerasalign.training.recipe import Recipe


@dataclass(frozen=True)
class LWBAFARecipe(Recipe):
    """LW-BAFA's training run; the defaults are the paper's.

    `schedule="staircase"` drops the rate to a tenth after 90 and again after 120 of 150 epochs, and after the same
    shares of another number of steps; `"cosine"` takes it to zero along a cosine, better for short runs.

    Args: As in `Recipe`, and
        beta_1: Decay of Adam's mean of the gradients.
        beta_2: Decay of Adam's mean of their squares.
    """

    epochs: int | None = 150
    batch_size: int = 16
    learning_rate: float = 1e-4
    augment: str = "lwbafa"
    beta_1: float = 0.5
    beta_2: float = 0.9

    paper: ClassVar[str] = "lwbafa"

    def learning_rate_schedule(self):
        """The Keras schedule."""
        return self.falling_rate((90 / 150, 120 / 150), 0.1)

    def optimizer(self):
        """Adam."""
        rate: Any = self.learning_rate_schedule()  # Keras types a rate as a number
        return keras.optimizers.Adam(rate, self.beta_1, self.beta_2, epsilon=1e-8, **self.averages())
