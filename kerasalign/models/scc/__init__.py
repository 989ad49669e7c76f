"""SCC: structure coherence component."""

from typing import TYPE_CHECKING

from kerasalign._lazy import attach

if TYPE_CHECKING:
    from kerasalign.models.scc.network import SCC as SCC

__getattr__, __dir__, __all__ = attach(__name__, {"network": ["SCC"]})
