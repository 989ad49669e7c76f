"""LW-BAFA: boundary maps first, landmarks under their guidance.

Paper: Wang, Li, Li, Peng, "Lightweight Boundary-Aware Face Alignment with Compressed HourglassNet and Transformer",
APSIPA Transactions on Signal and Information Processing 12, e45, 2023, https://doi.org/10.1561/116.00000059
"""

from __future__ import annotations

import keras
from keras import ops

from kerasalign.core.landmark_model import LandmarkModel, resolve_markup
from kerasalign.geometry import CropSpec
from kerasalign.layers.hourglass import SHUFFLE
from kerasalign.losses import boundary_maps, staged_map_loss
from kerasalign.models.lw_bafa.stages import TRANSFORMERS, boundary_stage, landmark_stage, token_unit


@keras.saving.register_keras_serializable(package="kerasalign")
class LWBAFA(LandmarkModel):
    """Four hourglasses predict boundary maps, which guide a light transformer to the landmarks.

    The paper prints the structure, the loss, the number of parameters and the multiply-adds; it prints no width. Those
    marked (*) are this library's own resolution: natural numbers for which this network and `BAFA`, with the same
    second stage, meet all four printed sizes within 0.8 %. Not printed either: how pixels are normalised (here per
    crop, to mean 0 and deviation 1), the crop's margin, and the parts of `SDFusion` and `SAFeature`.

    Args:
        markup: Point scheme with boundary curves, by name or as a `Markup`.
        channels: Channels of the hourglasses (*).
        stem_ratio: Middle of the first residual units per output channel (*).
        middle_ratio: Middle of the other residual units per channel (*).
        stage_weights: Weight of each hourglass's maps in the loss; there are as many hourglasses as weights.
        depth: How often an hourglass halves its maps (*).
        shuffle: Where ShuffleNetV2 units replace residual ones: `"decoder"`, or the variants that the paper rejects,
            `"none"` and `"all"`.
        attention: Whether boundary maps weigh the features between hourglasses.
        width: Channels of the second stage (*).
        blur: Taps of the blur before its maps are halved (*).
        transformer: `"delight"`, the paper's; `"decoder"`, BAFA's, or `"encoder_decoder"`.
        blocks: Blocks of the transformer's encoder and of its decoder (*).
        grouped_layers: Grouped layers of DeLighT's first and of its last block (*).
        heads: Attention heads of a plain transformer (*).
        hidden: Feed-forward width of a plain transformer (*).
        dropout: Dropout rate of the transformer (*).
        size: Side of the crop in pixels, divisible by 4 * 2^depth and by 16; the transformer divides the features of a
            landmark, (size / 16)^2 of them, into groups.
        crop_scale: Side of the crop in units of the longer side of the landmarks' box (*).
        map_weight: beta, weight of the boundary maps in the loss.
        sigma: Width of a boundary in pixels of the maps (*).
        coordinate_scale: Pixels per unit of the landmark loss; by default the crop's side, so units of 0..1 (*).
        map_reduction: `"sum"`, the squared norm of equation 2, or `"mean"` over pixels and maps.
        dtype: Dtype policy of the layers, such as `"mixed_bfloat16"`; outputs are float32 in any case.

    Returns (output dict):
        `landmarks` `(B, N, 2)` in crop pixels and `boundaries` `(B, I, S / 4, S / 4, K)`, the maps of each hourglass,
        in the order of the markup's `boundaries`. Pixel v of a map is at 4 v in the crop.

    Raises:
        ValueError: If the markup has no boundaries or an argument is out of range.

    Example:

        model = LWBAFA(markup="98")
        model.compile(keras.optimizers.Adam(1e-4, beta_1=0.5, beta_2=0.9))
        model.fit(crops, landmarks)
    """

    profile_blocks = ("stem", "hourglass", "fusion", "last", "landmark_conv", "sa_feature", "transformer")

    def __init__(
        self,
        markup="68",
        channels=160,
        stem_ratio=0.25,
        middle_ratio=0.5,
        stage_weights=(0.25, 0.5, 0.75, 1.0),
        depth=4,
        shuffle="decoder",
        attention=True,
        width=256,
        blur=4,
        transformer="delight",
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
        markup, _ = resolve_markup(markup, None)
        if not markup.boundaries:
            raise ValueError(f"`markup` must have boundary curves. Received: markup={markup.name!r}")
        step = max(4 * 2**depth, 16)
        if size < step or size % step:
            raise ValueError(f"`size` must be a multiple of {step} for depth {depth}. Received: size={size}")
        for name, value, known in (
            ("shuffle", shuffle, SHUFFLE),
            ("transformer", transformer, TRANSFORMERS),
            ("map_reduction", map_reduction, ("sum", "mean")),
        ):
            if value not in known:
                raise ValueError(f"`{name}` must be one of {known}. Received: {name}={value!r}")
        if not len(stage_weights):
            raise ValueError(f"`stage_weights` must hold one per hourglass. Received: stage_weights={stage_weights}")
        unit = token_unit(transformer, size, blocks, grouped_layers, heads)
        if (size // 16) ** 2 % unit:
            raise ValueError(
                "`size` must be such that (size / 16)^2, the features of a landmark, is a multiple of "
                f"{unit} for transformer={transformer!r}. Received: size={size}"
            )
        if coordinate_scale is None:
            coordinate_scale = size
        for name, value in (("sigma", sigma), ("coordinate_scale", coordinate_scale), ("crop_scale", crop_scale)):
            if not value > 0:
                raise ValueError(f"`{name}` must be positive. Received: {name}={value}")

        # === Functional model ===
        crops = keras.Input((size, size, 3), name="crops")
        features, maps = boundary_stage(
            crops,
            len(markup.boundaries),
            channels,
            stem_ratio,
            max(int(channels * middle_ratio), 1),
            len(stage_weights),
            depth,
            shuffle,
            attention,
            dtype,
        )
        guided = ops.concatenate([features, maps[-1]], -1)
        places = landmark_stage(
            guided,
            markup.num_points,
            width,
            blur,
            transformer,
            blocks,
            grouped_layers,
            heads,
            hidden,
            dropout,
            dtype,
        )
        super().__init__(
            inputs=crops,
            outputs={"landmarks": places * float(size), "boundaries": ops.cast(ops.stack(maps, 1), "float32")},
            **kwargs,
        )

        # === Config ===
        self.markup = markup
        self.crop_spec = CropSpec(size=size, scale=crop_scale)
        self.num_landmarks = markup.num_points
        self.stage_weights = [float(weight) for weight in stage_weights]
        self.map_weight = map_weight
        self.sigma = sigma
        self.coordinate_scale = coordinate_scale
        self.map_reduction = map_reduction
        self.settings = {
            "channels": channels,
            "stem_ratio": stem_ratio,
            "middle_ratio": middle_ratio,
            "depth": depth,
            "shuffle": shuffle,
            "attention": attention,
            "width": width,
            "blur": blur,
            "transformer": transformer,
            "blocks": blocks,
            "grouped_layers": list(grouped_layers),
            "heads": heads,
            "hidden": hidden,
            "dropout": dropout,
        }
        self.policy = self.get_layer("stem_conv").dtype_policy.name

    @property
    def point_weights(self) -> tuple[str, ...]:
        """What makes tokens, which are landmarks, and makes and reads maps, which are boundaries."""
        fusions = [
            f"/fusion_{index}/{part}/" for index in range(len(self.stage_weights) - 1) for part in ("head", "attend")
        ]
        return ("/tokens/", "/last_maps/", "/landmark_conv_00/conv/", *fusions)

    def boundary_targets(self, landmarks):
        """Boundary maps of annotations `(B, N, 2)`: `(B, S / 4, S / 4, K)`, and `(B, K)`, which of them are known."""
        return boundary_maps(landmarks, self.markup.boundaries, self.crop_spec.size // 4, sigma=self.sigma)

    def face_loss(self, landmarks, outputs):
        """`mean_n ||p_n - p^_n||^2 + beta mean_i w_i ||H_i - H^||^2` (equations 1 to 3)."""
        known = ops.logical_not(ops.any(ops.isnan(landmarks), -1))
        target = ops.where(known[..., None], landmarks, 0.0)
        error = ops.sum(ops.square((outputs["landmarks"] - target) / self.coordinate_scale), -1)
        weight = ops.cast(known, "float32")
        error = ops.sum(error * weight, -1) / ops.maximum(ops.sum(weight, -1), 1.0)
        truth, drawn = self.boundary_targets(landmarks)
        maps = staged_map_loss(outputs["boundaries"], truth, self.stage_weights, drawn, self.map_reduction)
        return error + self.map_weight * maps

    def get_config(self):
        return (
            super().get_config()
            | self.settings
            | {
                "stage_weights": self.stage_weights,
                "size": self.crop_spec.size,
                "crop_scale": self.crop_spec.scale,
                "map_weight": self.map_weight,
                "sigma": self.sigma,
                "coordinate_scale": self.coordinate_scale,
                "map_reduction": self.map_reduction,
                "dtype": self.policy,
            }
        )
