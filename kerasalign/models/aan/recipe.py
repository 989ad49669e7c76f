"""How AAN is trained (BMVC 2018, section 4.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import keras

from kerasalign.training import CoupledAdam
from kerasalign.training.recipe import Recipe


@dataclass(frozen=True)
class AANRecipe(Recipe):
    """AAN's training run; the defaults are the paper's.

    The rate falls from 1e-3 to 1e-4 and 1e-5 "after 25,000 and 40,000 epochs", which can only be steps: 40,000 epochs
    of CelebA are 114 million. How long the last rate lasts is not printed; 50,000 steps is ours. `schedule="staircase"`
    keeps these shares of any number of steps; `"cosine"` takes the rate to zero along a cosine, better for short runs.
    No augmentation, as printed; `augment="mild"` suits few faces.

    Args: As in `Recipe`, and
        intermediate: What early predictions are made from while training; see `AAN`. Presets hold the network without.
        weight_decay: Strength of the weight decay.
        decay: `"decoupled"`: weights shrink by it times the rate; `"l2"`: it is part of the loss, and swamps the data
            term at the paper's strength.
    """

    steps: int = 50_000
    augment: str = "none"
    steps_per_epoch: int = 500
    intermediate: str | None = "features"
    weight_decay: float = 1e-3
    decay: str = "decoupled"

    paper: ClassVar[str] = "aan"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.decay not in ("decoupled", "l2"):
            raise ValueError(f"`decay` must be 'decoupled' or 'l2'. Received: decay={self.decay!r}")

    def learning_rate_schedule(self):
        """The Keras schedule."""
        return self.falling_rate((0.5, 0.8), 0.1)

    def optimizer(self):
        """Adam with weight decay."""
        rate: Any = self.learning_rate_schedule()  # Keras types a rate as a number
        if self.decay == "l2":
            return CoupledAdam(rate, l2=self.weight_decay, **self.averages())
        return keras.optimizers.Adam(rate, weight_decay=self.weight_decay, **self.averages())

    def learned_config(self, cache, train):
        """Nothing is learned from the faces; the network in training has early predictions."""
        return {"intermediate": self.intermediate}
