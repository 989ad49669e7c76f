"""How SDU is trained (BMVC 2018, section 4.2, and the released code)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import keras

from kerasalign.models.sdu.config import SDUConfig
from kerasalign.training.recipe import Recipe


@dataclass(frozen=True)
class SDURecipe(Recipe):
    """SDU's training run; the defaults are the paper's.

    A step sees 40 crops. Those of a network with an outside transformer are 20 faces and their 20 transformed copies,
    and the transform alone mirrors faces, as in the released code: `batch_size` is 20 then and `augment` is
    `"sdu-pairs"`. For a network without pairs they are 40 and `"sdu"`.

    `schedule="staircase"` divides the rate by 5 after 16,000 and again after 24,000 of 30,000 steps, and after the same
    shares of another number; `"cosine"` takes it to zero along a cosine, better for short runs.

    Keras' Nadam warms its momentum up faster than MXNet's, whose `schedule_decay` is 0.004 instead of 1: the first
    steps differ.

    Args: As in `Recipe`, and
        batch_size: Faces per step; `None`: 20 in pairs, 40 without.
        augment: Name of the augmentation preset; `None`: `"sdu-pairs"` for pairs, `"sdu"` without.
        beta_1: Decay of Nadam's mean of the gradients.
        beta_2: Decay of Nadam's mean of their squares.
    """

    model: SDUConfig
    steps: int = 30_000
    batch_size: int | None = None  # type: ignore[assignment]
    learning_rate: float = 2.5e-4
    augment: str | None = None  # type: ignore[assignment]
    seed: int = 727
    beta_1: float = 0.9
    beta_2: float = 0.999

    paper: ClassVar[str] = "sdu"

    def resolved(self) -> Self:
        """As in `Recipe`: whether the network is trained by pairs decides batch size and augmentation."""
        paired = self.model.paired
        batch_size = (20 if paired else 40) if self.batch_size is None else self.batch_size
        augment = ("sdu-pairs" if paired else "sdu") if self.augment is None else self.augment
        return replace(self, batch_size=batch_size, augment=augment)

    def learning_rate_schedule(self):
        """The Keras schedule."""
        return self.falling_rate((16 / 30, 24 / 30), 0.2)

    def optimizer(self):
        """Nadam."""
        rate: Any = self.learning_rate_schedule()  # Keras types a rate as a number
        return keras.optimizers.Nadam(rate, self.beta_1, self.beta_2, epsilon=1e-8, **self.averages())
