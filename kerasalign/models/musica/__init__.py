"""MuSiCa (Shapira et al., ACM Multimedia 2021): selective cascaded regression with patch attention."""

from typing import TYPE_CHECKING

from kerasalign._lazy import attach

if TYPE_CHECKING:
    from kerasalign.models.musica.iteration import MuSiCaIteration as MuSiCaIteration
    from kerasalign.models.musica.network import MuSiCa as MuSiCa

__getattr__, __dir__, __all__ = attach(__name__, {"iteration": ["MuSiCaIteration"], "network": ["MuSiCa"]})

# Registers MuSiCa's file format. This loads no Keras.
from kerasalign.models.musica import onnx_cascade as _  # noqa: E402, F401
