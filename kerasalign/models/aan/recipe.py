"""How AAN is trained (BMVC 2018, section 4.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import keras

from kerasalign.models.aan.config import AANConfig
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
        weight_decay: Strength of the weight decay.
        decay: `"l2"`, the paper's: half of it times the squared weights is part of the loss. It acts on the weights of
            equations 3 and 4, not on the multiples of them that the layers store. `"decoupled"`: weights shrink by it
            times the rate, by 2.6 % in all 50,000 steps.
    """

    model: AANConfig
    steps: int = 50_000
    augment: str = "none"
    steps_per_epoch: int = 500
    weight_decay: float = 1e-3
    decay: str = "l2"

    paper: ClassVar[str] = "aan"
    # Presets hold the network for photos, without early predictions.
    trained_with: ClassVar[dict[str, Any]] = {"intermediate": "features"}

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
            return CoupledAdam(rate, l2=self.weight_decay, stored_scales=self.model.stored_scales, **self.averages())
        return keras.optimizers.Adam(rate, weight_decay=self.weight_decay, **self.averages())
