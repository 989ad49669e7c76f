"""The arguments of LW-BAFA and BAFA."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from kerasalign.core.config import ModelConfig
from kerasalign.geometry import CropSpec
from kerasalign.support.checks import one_of, positive

TRANSFORMERS = ("delight", "decoder", "encoder_decoder", "delight_for_encoder", "delight_decoder")


@dataclass(frozen=True, kw_only=True)
class LWBAFAConfig(ModelConfig):
    """The arguments of `LWBAFA`.

    The paper prints the structure, the loss, the number of parameters and the multiply-adds; it prints no width. Those
    marked (*) are this library's own choice: natural numbers for which `LWBAFA` and `BAFA`, with the same second stage,
    meet all four printed sizes within 0.8 %.

    Args:
        markup: Point scheme with boundary curves, by name or as a `Markup`.
        channels: Channels of the hourglasses (*).
        stem_ratio: Middle channels of the first residual units per output channel (*).
        middle_ratio: Middle channels of the other residual units per channel (*).
        stage_weights: Weight of the maps of each hourglass in the loss; there are as many hourglasses as weights.
        depth: How often an hourglass halves its maps (*).
        shuffle: Where ShuffleNetV2 units replace residual ones: `"decoder"`, or the variants that the paper rejects,
            `"none"` and `"all"`.
        attention: Whether boundary maps weigh the features between hourglasses.
        width: Channels of the second stage (*).
        blur: Taps of the blur before the second stage halves its maps (*).
        transformer: `"delight"`, the paper's; `"decoder"`, BAFA's, or `"encoder_decoder"`; or what section 3.2 rejects:
            `"delight_for_encoder"`, where DeLighT replaces the encoder and not the decoder, and `"delight_decoder"`,
            blocks of DeLighT that look at the features as a decoder does. Its figures show neither: the designs are
            ours (*).
        separable: Whether the 3x3 convolutions of the second stage are separable. Section 3.2 says so of DeLighT, which
            has no convolution; the printed sizes fit ordinary ones.
        blocks: Blocks of the transformer's encoder and of its decoder (*).
        grouped_layers: Number of grouped layers in DeLighT's first and in its last block (*).
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
        visibility: Whether a `VisibilityHead` gives a `confidence`: the probability that a point is visible, from the
            features at the landmark. It is not in the paper; `kerasalign.training.fit_visibility` trains it.
        num_landmarks: Number of landmarks N; the markup gives it.
        dtype: Name of the dtype policy of the layers, such as `"mixed_bfloat16"`; outputs are float32 in any case.

    Raises:
        ValueError: If the markup has no boundaries or a field is out of range.
    """

    network: ClassVar[str] = "kerasalign.models.lw_bafa.network:LWBAFA"

    channels: int = 160
    stem_ratio: float = 0.25
    middle_ratio: float = 0.5
    stage_weights: tuple[float, ...] = (0.25, 0.5, 0.75, 1.0)
    depth: int = 4
    shuffle: str = "decoder"
    attention: bool = True
    width: int = 256
    blur: int = 4
    transformer: str = "delight"
    separable: bool = False
    blocks: int = 2
    grouped_layers: tuple[int, ...] = (4, 8)
    heads: int = 8
    hidden: int = 1024
    dropout: float = 0.1
    size: int = 256
    crop_scale: float = 1.25
    map_weight: float = 1e-4
    sigma: float = 1.0
    coordinate_scale: float | None = None
    map_reduction: str = "sum"
    visibility: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.scheme is None or not self.scheme.boundaries:
            name = None if self.scheme is None else self.scheme.name
            raise ValueError(f"`markup` must have boundary curves. Received: markup={name!r}")
        step = max(4 * 2**self.depth, 16)
        if self.size < step or self.size % step:
            raise ValueError(f"`size` must be a multiple of {step} for depth {self.depth}. Received: size={self.size}")
        one_of("shuffle", self.shuffle, ("none", "decoder", "all"))
        one_of("transformer", self.transformer, TRANSFORMERS)
        one_of("map_reduction", self.map_reduction, ("sum", "mean"))
        if not self.stage_weights:
            raise ValueError(
                f"`stage_weights` must hold one per hourglass. Received: stage_weights={self.stage_weights}"
            )
        positive(sigma=self.sigma, crop_scale=self.crop_scale)
        if self.coordinate_scale is not None:
            positive(coordinate_scale=self.coordinate_scale)

    @property
    def boundaries(self) -> dict[str, tuple[int, ...]]:
        """Name of each boundary curve to the indices of its points, as the markup has them."""
        return {} if self.scheme is None else {name: tuple(curve) for name, curve in self.scheme.boundaries.items()}

    @property
    def middle(self) -> int:
        """Middle channels of a residual unit behind the stem."""
        return max(int(self.channels * self.middle_ratio), 1)

    @property
    def crop(self) -> CropSpec:
        """The crop: the tight box of the landmarks, enlarged by `crop_scale`."""
        return CropSpec(size=self.size, scale=self.crop_scale, shift=self.crop_shift)

    def resolved(self) -> Self:
        """As in `ModelConfig`; the default of `coordinate_scale` is written out."""
        scale = self.size if self.coordinate_scale is None else self.coordinate_scale
        return super().resolved().replace(coordinate_scale=scale)


@dataclass(frozen=True, kw_only=True)
class BAFAConfig(LWBAFAConfig):
    """The arguments of `BAFA`: those of `LWBAFAConfig`, four of them with other defaults.

    Args: As in `LWBAFAConfig`.
    """

    network: ClassVar[str] = "kerasalign.models.lw_bafa.bafa:BAFA"

    channels: int = 256
    stem_ratio: float = 0.5
    shuffle: str = "none"
    transformer: str = "decoder"
