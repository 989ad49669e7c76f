"""AAN: attentional alignment networks."""

from typing import TYPE_CHECKING

from kerasalign._lazy import attach

if TYPE_CHECKING:
    from kerasalign.models.aan.network import AAN as AAN

__getattr__, __dir__, __all__ = attach(__name__, {"network": ["AAN"]})
