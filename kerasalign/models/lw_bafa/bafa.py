"""BAFA: the network that LW-BAFA makes light.

Paper: Li, Niu, Peng et al., "Boundary-Aware Face Alignment with Enhanced HourglassNet and Transformer", APSIPA
Transactions on Signal and Information Processing 12(1), 2023; known here through LW-BAFA's description of it.
"""

from __future__ import annotations

import keras

from kerasalign.models.lw_bafa.network import LWBAFA


@keras.saving.register_keras_serializable(package="kerasalign")
class BAFA(LWBAFA):
    """LW-BAFA before the compression: wider, residual units throughout, a plain transformer decoder.

    Args: As in `LWBAFA`, with four other defaults:
        markup: Point scheme with boundary curves, by name or as a `Markup`.
        channels: Channels of the hourglasses.
        stem_ratio: Middle of the first residual units per output channel.
        shuffle: Where ShuffleNetV2 units replace residual ones.
        transformer: `"decoder"`, `"encoder_decoder"` or `"delight"`.
        **kwargs: The other arguments of `LWBAFA`.

    Example:

        model = BAFA(markup="98")
    """

    def __init__(self, markup="68", channels=256, stem_ratio=0.5, shuffle="none", transformer="decoder", **kwargs):
        super().__init__(
            markup=markup, channels=channels, stem_ratio=stem_ratio, shuffle=shuffle, transformer=transformer, **kwargs
        )
