"""SCC: structure-coherent deep feature learning."""

from kerasalign.models.scc.scc import SCC

__all__ = ["SCC"]
