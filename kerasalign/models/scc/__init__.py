"""SCC: structure coherence component."""

from kerasalign.models.scc.scc import SCC

__all__ = ["SCC"]
