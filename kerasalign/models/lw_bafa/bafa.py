"""BAFA: the network that LW-BAFA makes light.

Paper: Li, Niu, Peng et al., "Boundary-Aware Face Alignment with Enhanced HourglassNet and Transformer", APSIPA
Transactions on Signal and Information Processing 12(1), 2023; known here through LW-BAFA's description of it.
"""

from __future__ import annotations

import keras

from kerasalign.models.lw_bafa.lw_bafa import LWBAFA


@keras.saving.register_keras_serializable(package="kerasalign")
class BAFA(LWBAFA):
    """LW-BAFA before the compression: wider, residual units throughout, a plain transformer decoder.

    Args: As in `LWBAFA`; only the defaults differ.

    Example:

        model = BAFA(markup="98")
    """

    def __init__(
        self,
        markup="68",
        channels=256,
        stem_ratio=0.5,
        middle_ratio=0.5,
        stage_weights=(0.25, 0.5, 0.75, 1.0),
        depth=4,
        shuffle="none",
        attention=True,
        width=256,
        blur=4,
        transformer="decoder",
        blocks=2,
        grouped_layers=(4, 8),
        heads=8,
        hidden=1024,
        dropout=0.1,
        size=256,
        crop_scale=1.25,
        map_weight=1e-4,
        sigma=1.0,
        coordinate_scale=None,
        map_reduction="sum",
        dtype=None,
        **kwargs,
    ):
        super().__init__(
            markup=markup, channels=channels, stem_ratio=stem_ratio, middle_ratio=middle_ratio,
            stage_weights=stage_weights, depth=depth, shuffle=shuffle, attention=attention, width=width, blur=blur,
            transformer=transformer, blocks=blocks, grouped_layers=grouped_layers, heads=heads, hidden=hidden,
            dropout=dropout, size=size, crop_scale=crop_scale, map_weight=map_weight, sigma=sigma,
            coordinate_scale=coordinate_scale, map_reduction=map_reduction, dtype=dtype, **kwargs,
        )  # fmt: skip
