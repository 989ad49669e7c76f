"""How SCC is trained (arXiv 2006.11697, section 4.1, and the released code)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from kerasalign.models.scc.adjacency import build_adjacency
from kerasalign.models.scc.config import SCCConfig
from kerasalign.training import CoupledSGD
from kerasalign.training.recipe import Recipe


@dataclass(frozen=True)
class SCCRecipe(Recipe):
    """SCC's training run; the defaults are the paper's.

    `schedule="paper"` divides the rate by 5 after every fifth of the run (100 of 500 epochs); `"released"` after 200
    and 350 of 500, as the code does; `"cosine"` takes it to zero along a cosine, better for short runs. The graph comes
    from the training annotations by the network's `neighbors` and `symmetric`, unless the network has a `graph` of its
    own. `balance="pdb"` is the paper's, with 9 bins of the turn to either side; an epoch is a pass over the list that
    it makes, which of 300W's training faces is 2.4 times as long as without.

    Args: As in `Recipe`, and
        momentum: Of SGD.
        l2: Weight decay, through the momentum as PyTorch means it.
    """

    model: SCCConfig
    epochs: int | None = 500
    batch_size: int = 64
    learning_rate: float = 0.01
    schedule: str = "paper"
    augment: str = "scc"
    balance: str = "pdb"
    balance_absolute: bool = True
    momentum: float = 0.9
    l2: float = 5e-4

    paper: ClassVar[str] = "scc"
    schedules: ClassVar[tuple[str, ...]] = ("paper", "released", "cosine")

    def learning_rate_schedule(self):
        """The Keras schedule."""
        return self.falling_rate((0.2, 0.4, 0.6, 0.8) if self.schedule == "paper" else (0.4, 0.7), 0.2)

    def optimizer(self):
        """SGD with momentum and coupled weight decay."""
        return CoupledSGD(self.learning_rate_schedule(), l2=self.l2, momentum=self.momentum, **self.averages())

    def learned_config(self, cache, train):
        """The graph of the training faces whose points are all annotated; a graph that the network has is kept."""
        if self.model.graph is not None:
            return {}
        offset = (cache.spec.size - self.model.crop.size) / 2
        faces = np.asarray(cache.landmarks[train], "float64") - offset
        whole = faces[np.isfinite(faces).all((1, 2))]
        found = build_adjacency(whole, self.model.neighbors, self.model.symmetric)
        return {"graph": found.graph.astype(int).tolist()}
