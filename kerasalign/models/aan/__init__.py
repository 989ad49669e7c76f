"""AAN: attentional alignment networks."""

from kerasalign.models.aan.aan import AAN

__all__ = ["AAN"]
