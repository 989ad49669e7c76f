"""BAFA: the network that LW-BAFA makes light.

Paper: Li, Niu, Peng et al., "Boundary-Aware Face Alignment with Enhanced HourglassNet and Transformer", APSIPA
Transactions on Signal and Information Processing 12(1), 2023; known here through LW-BAFA's description of it.
"""

from __future__ import annotations

from typing import ClassVar

import keras

from kerasalign.models.lw_bafa.config import BAFAConfig, LWBAFAConfig
from kerasalign.models.lw_bafa.network import LWBAFA


@keras.saving.register_keras_serializable(package="kerasalign")
class BAFA(LWBAFA):
    """LW-BAFA before the compression: wider, residual units throughout, a plain transformer decoder.

    Args:
        config: A `BAFAConfig`, which describes every argument; or
        **fields: the fields of one, by name.
        name: Name of the Keras model.

    Call arguments, Returns: As in `LWBAFA`.

    Example:

        model = BAFA(markup="98")
    """

    config_class: ClassVar[type[LWBAFAConfig]] = BAFAConfig
