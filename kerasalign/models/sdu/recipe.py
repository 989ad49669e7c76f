"""How SDU is trained (BMVC 2018, section 4.2, and the released code)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import keras

from kerasalign.training.recipe import Recipe


@dataclass(frozen=True)
class SDURecipe(Recipe):
    """SDU's training run; the defaults are the paper's for networks with an outside transformer.

    A step sees 20 faces and their 20 transformed copies, the paper's 40 crops; faces are mirrored by the transform
    alone, as in the released code. For a network without pairs take `batch_size=40, augment="sdu"`.

    `schedule="staircase"` divides the rate by 5 after 16,000 and again after 24,000 of 30,000 steps, and after the same
    shares of another number; `"cosine"` takes it to zero along a cosine, better for short runs.

    Keras' Nadam warms its momentum up faster than MXNet's, whose `schedule_decay` is 0.004 instead of 1: the first
    steps differ.

    Args: As in `Recipe`, and
        beta_1: Decay of Nadam's mean of the gradients.
        beta_2: Decay of Nadam's mean of their squares.
    """

    steps: int = 30_000
    batch_size: int = 20
    learning_rate: float = 2.5e-4
    augment: str = "sdu-pairs"
    seed: int = 727
    beta_1: float = 0.9
    beta_2: float = 0.999

    paper: ClassVar[str] = "sdu"

    def learning_rate_schedule(self):
        """The Keras schedule."""
        return self.falling_rate((16 / 30, 24 / 30), 0.2)

    def optimizer(self):
        """Nadam."""
        rate: Any = self.learning_rate_schedule()  # Keras types a rate as a number
        return keras.optimizers.Nadam(rate, self.beta_1, self.beta_2, epsilon=1e-8, **self.averages())
