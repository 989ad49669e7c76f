"""How SCC is trained (arXiv 2006.11697, section 4.1, and the released code)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from kerasalign.data.balance import pdb_copies
from kerasalign.models.scc.adjacency import build_adjacency
from kerasalign.training import CoupledSGD
from kerasalign.training.recipe import Recipe


@dataclass(frozen=True)
class SCCRecipe(Recipe):
    """SCC's training run; the defaults are the paper's.

    `schedule="paper"` divides the rate by 5 after every fifth of the run (100 of 500 epochs); `"released"` after 200
    and 350 of 500, as the code does; `"cosine"` takes it to zero along a cosine, better for short runs. The graph comes
    from the training annotations. `balance="pdb"` is the paper's, with 9 bins; an epoch is a pass over the list that it
    makes, which of 300W's training faces is 2.4 times as long as without.

    Args: As in `Recipe`, and
        momentum: Of SGD.
        l2: Weight decay, through the momentum as PyTorch means it.
        neighbors: k of the graph.
        symmetric: Whether its edges go both ways.
    """

    epochs: int | None = 500
    batch_size: int = 64
    learning_rate: float = 0.01
    schedule: str = "paper"
    augment: str = "scc"
    balance: str = "pdb"
    momentum: float = 0.9
    l2: float = 5e-4
    neighbors: int = 3
    symmetric: bool = True

    paper: ClassVar[str] = "scc"
    schedules: ClassVar[tuple[str, ...]] = ("paper", "released", "cosine")

    def learning_rate_schedule(self):
        """The Keras schedule."""
        return self.falling_rate((0.2, 0.4, 0.6, 0.8) if self.schedule == "paper" else (0.4, 0.7), 0.2)

    def optimizer(self):
        """SGD with momentum and coupled weight decay."""
        return CoupledSGD(self.learning_rate_schedule(), l2=self.l2, momentum=self.momentum, **self.averages())

    def learned_config(self, cache, train):
        """The graph of the training faces whose points are all annotated."""
        offset = (cache.spec.size - self.model.crop.size) / 2
        faces = np.asarray(cache.landmarks[train], "float64") - offset
        whole = faces[np.isfinite(faces).all((1, 2))]
        found = build_adjacency(whole, self.neighbors, self.symmetric)
        return {"graph": found.graph.astype(int).tolist()}

    def copies(self, cache, train):
        """Pose-based balancing in 9 bins of the turn to either side."""
        if self.balance != "pdb":
            return None
        return pdb_copies(cache.landmarks[train], bins=9, seed=self.seed, absolute=True)
