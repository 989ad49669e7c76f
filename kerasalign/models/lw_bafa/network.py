"""LW-BAFA: boundary maps first, landmarks under their guidance.

Paper: Wang, Li, Li, Peng, "Lightweight Boundary-Aware Face Alignment with Compressed HourglassNet and Transformer",
APSIPA Transactions on Signal and Information Processing 12, e45, 2023, https://doi.org/10.1561/116.00000059
"""

from __future__ import annotations

from typing import ClassVar

import keras
from keras import ops

from kerasalign.core.landmark_model import LandmarkModel
from kerasalign.core.point_axis import PointAxis
from kerasalign.losses import boundary_maps, staged_map_loss
from kerasalign.models.lw_bafa.config import LWBAFAConfig
from kerasalign.models.lw_bafa.stages import boundary_stage, check_tokens, landmark_stage
from kerasalign.models.visibility import POINT_WEIGHTS, visibility


@keras.saving.register_keras_serializable(package="kerasalign")
class LWBAFA(LandmarkModel):
    """Four hourglasses predict boundary maps, which guide a light transformer to the landmarks.

    `LWBAFAConfig` says which sizes are printed and which are this library's. Not printed either: how pixels are
    normalized (here per crop, to mean 0 and deviation 1), the crop's margin, and the parts of `SDFusion` and
    `SAFeature`.

    Args:
        config: An `LWBAFAConfig`, which describes every argument; or
        **fields: the fields of one, by name.
        name: Name of the Keras model.

    Call arguments:
        crops: `(B, S, S, 3)` RGB, `uint8` or float in 0..255.

    Returns (output dict):
        `landmarks` `(B, N, 2)` in crop pixels and `boundaries` `(B, I, S / 4, S / 4, K)`, the maps of each hourglass,
        in the order of the markup's `boundaries`. Pixel v of a map is at 4 v in the crop. With `visibility=True` also
        `confidence` `(B, N)`, the probability that a point is visible.

    Raises:
        ValueError: If the markup has no boundaries, or an argument is unknown or out of range.

    Example:

        model = LWBAFA(markup="98")
        model.compile(keras.optimizers.Adam(1e-4, beta_1=0.5, beta_2=0.9))
        model.fit(crops, landmarks)

    Reference: APSIPA Transactions on Signal and Information Processing 12, e45.
    """

    config_class: ClassVar[type[LWBAFAConfig]] = LWBAFAConfig
    config: LWBAFAConfig
    profile_blocks = ("stem", "hourglass", "fusion", "last", "landmark_conv", "sa_feature", "transformer")

    def __init__(self, config: LWBAFAConfig | None = None, *, name: str | None = None, **fields):
        config = self.config_class.of(config, fields).resolved()
        check_tokens(config)

        # === Functional model ===
        crops = keras.Input((config.size, config.size, 3), name="crops")
        stem, features, maps = boundary_stage(crops, config)
        guided = ops.concatenate([features, maps[-1]], -1)
        outputs = {
            "landmarks": landmark_stage(guided, config) * float(config.size),
            "boundaries": ops.cast(ops.stack(maps, 1), "float32"),
        }
        if config.visibility:
            outputs["confidence"] = visibility({"stem": stem, "features": guided}, outputs["landmarks"], config.size)
        super().__init__(inputs=crops, outputs=outputs, name=name)

        # === Config ===
        self.config = config

    @property
    def point_weights(self) -> dict[str, PointAxis | None]:
        """As in `LandmarkModel`: tokens are one per landmark; maps, and what reads them, one per boundary."""
        maps, read = PointAxis(of="boundaries"), PointAxis(axis=-2, of="boundaries")
        weights: dict[str, PointAxis | None] = {
            "/tokens/": PointAxis(),
            "/last_maps/": maps,
            "/landmark_conv_00/conv/": PointAxis(axis=-2, before=self.config.channels, of="boundaries"),
            **POINT_WEIGHTS,
            "/visibility/kernel": PointAxis(axis=-2, before=2 * self.config.channels, of="boundaries"),
        }
        for index in range(len(self.config.stage_weights) - 1):
            weights |= {f"/fusion_{index}/head/": maps, f"/fusion_{index}/attend/": read}
        return weights

    def boundary_targets(self, landmarks):
        """Boundary maps `(B, S / 4, S / 4, K)` of annotations `(B, N, 2)`, and which of them are known, `(B, K)`."""
        return boundary_maps(landmarks, self.config.boundaries, self.config.size // 4, sigma=self.config.sigma)

    def face_loss(self, landmarks, outputs):
        """`mean_n ||p_n - p^_n||^2 + beta mean_i w_i ||H_i - H^||^2` (equations 1 to 3)."""
        config = self.config
        known = ops.logical_not(ops.any(ops.isnan(landmarks), -1))
        target = ops.where(known[..., None], landmarks, 0.0)
        error = ops.sum(ops.square((outputs["landmarks"] - target) / config.coordinate_scale), -1)
        weight = ops.cast(known, "float32")
        error = ops.sum(error * weight, -1) / ops.maximum(ops.sum(weight, -1), 1.0)
        truth, drawn = self.boundary_targets(landmarks)
        maps = staged_map_loss(outputs["boundaries"], truth, config.stage_weights, drawn, config.map_reduction)
        return error + config.map_weight * maps
