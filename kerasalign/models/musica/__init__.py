"""MuSiCa (Shapira et al., ACM Multimedia 2021): selective cascaded regression with patch attention."""

from kerasalign.models.musica.iteration import MuSiCaIteration
from kerasalign.models.musica.musica import MuSiCa

__all__ = ["MuSiCa", "MuSiCaIteration"]
