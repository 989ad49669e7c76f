"""The arguments of SDU."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Self

from kerasalign.core.config import ModelConfig
from kerasalign.geometry import CropSpec
from kerasalign.support.checks import at_least, in_range, one_of, positive

# How often a topology halves its maps where the paper gives no number.
DEPTHS = {"hourglass": 4, "unet": 4, "dla": 4, "sat1": 4, "sat2": 3, "sat3": 3}
BLOCKS = ("resnet", "inception", "hpm", "cab")
# Row of Table 1: where its convolutions are deformable.
TRANSFORMERS = {"none": 0, "stn": 3, "inside": 3, "outside": 0, "dual": 3}


class Loss(NamedTuple):
    """A training loss of SDU: the loss of the maps, how they are read, and the coherence of pairs.

    The loss of the maps is summed over the stacks. Equation 1 weighs each prediction's coherence against its own maps,
    so that it is summed as well; the code of 2019 takes the mean.
    """

    maps: str
    activation: str
    coherence: str
    weight: float
    stacks: str


LOSSES = {
    "paper": Loss("sigmoid_ce", "sigmoid", "mse", 1e-3, "sum"),
    "code": Loss("softmax_ce", "softmax", "smooth_l1", 1e-4, "mean"),
    "mse": Loss("mse", "linear", "mse", 1e-3, "sum"),
}


@dataclass(frozen=True, kw_only=True)
class SDUConfig(ModelConfig):
    """The arguments of `SDU`; the defaults are the best row of the paper's Table 1.

    Args:
        markup: Point scheme, by name or as a `Markup`; `None` with `num_landmarks`, if no face is mirrored.
        topology: `"hourglass"`, `"unet"`, `"dla"`, `"sat1"`, `"sat2"` or `"sat3"`, the dense U-Net.
        stacks: How many of them in a row; each predicts heatmaps.
        block: `"resnet"`, `"inception"`, `"hpm"` or `"cab"`.
        down: How often a topology halves its maps; by default 4, and 3 for `"sat2"` and `"sat3"`.
        transformer: `"none"`, `"stn"`, `"inside"`, `"outside"`, or `"dual"`, both of the latter.
        deformable: 1: deformable convolutions between stacks; 2: in the heads; 3: in both; 0: none. By default 3 where
            `transformer` is inside, dual or stn: the printed sizes of those three rows fit no other.
        stn_mode: `"similarity"`, as the paper says, `"rotation"`, as its code does, or `"affine"`.
        lateral: What a U-Net has between its halves: `"conv1x1"` fits the printed size, `"identity"` the sentence.
        gate: Whether the finest map gates one node, as in the released code's first dense U-Net.
        down_activation: Activation of the downward paths of SAT (I) and (II), or `None`; not in the paper.
        boundary: Border rule of `DeformConv2D`: `"zeros"` or `"mxnet"`.
        faithful_init: Whether upward convolutions start as in the released code, with all channels alike.
        multiplier: Factor of all widths; 256 times it must be divisible by 8.
        size: Side of the crop in pixels.
        stride: Crop pixels per pixel of a map: 2, or 4 with a wider first convolution.
        crop_scale: Side of the crop in units of the box's longer side.
        decode: How a landmark is read from its map: `"quarter"`, `"soft"` or `"insightface"`, as in `DecodeHeatmaps`.
        loss: `"paper"`: sigmoid cross-entropy with Gaussians; `"code"`: softmax cross-entropy over the pixels; `"mse"`.
        sigma: Width of the Gaussians in pixels of a map.
        reduction: `"mean"` or `"sum"` of losses over the pixels of a map.
        coherence_weight: lambda; by default 0.001, the paper's, and 0.0001 for `loss="code"`.
        coherence: Distance between the maps of a pair, `"mse"` or `"smooth_l1"`; by default that of `loss`.
        coherence_sigmoid: Whether that distance is taken after the sigmoid, with `loss="paper"`, rather than before, as
            in the released code.
        pair_flip: Share of transforms T that mirror.
        pair_rotation: Range of T's rotation in degrees.
        pair_scale: Range of T's scale.
        pair_shift: Range of T's translation in units of the crop's side, in x and y; the paper names it and prints no
            range.
        pair_bounded: Whether the copy of a crop that augmentation has turned or scaled already keeps to the ranges of
            `pair_rotation` and `pair_scale` too, by its landmarks beside the markup's mean shape. Without, T on top
            takes a fifth of the copies beyond them.
        visibility: Whether a `VisibilityHead` gives the confidence: the probability that a point is visible, from the
            features at the landmark and the peak of its map. `kerasalign.training.fit_visibility` trains it. Without,
            the confidence is the peak alone.
        num_landmarks: Number of landmarks N; needed where there is no markup.
        dtype: Name of the dtype policy of the layers, such as `"mixed_bfloat16"`; maps and landmarks are float32 in any
            case.

    Raises:
        ValueError: If a field is out of range.
    """

    network: ClassVar[str] = "kerasalign.models.sdu.network:SDU"

    topology: str = "sat3"
    stacks: int = 2
    block: str = "cab"
    down: int | None = None
    transformer: str = "dual"
    deformable: int | None = None
    stn_mode: str = "similarity"
    lateral: str = "conv1x1"
    gate: bool = False
    down_activation: str | None = "sigmoid"
    boundary: str = "zeros"
    faithful_init: bool = False
    multiplier: float = 1.0
    size: int = 128
    stride: int = 2
    crop_scale: float = 2.0
    decode: str = "quarter"
    loss: str = "paper"
    sigma: float = 1.0
    reduction: str = "mean"
    coherence_weight: float | None = None
    coherence: str | None = None
    coherence_sigmoid: bool = False
    pair_flip: float = 0.5
    pair_rotation: tuple[float, ...] = (-40.0, 40.0)
    pair_scale: tuple[float, ...] = (0.8, 1.2)
    pair_shift: tuple[float, ...] = (-0.05, 0.05)
    pair_bounded: bool = True
    visibility: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        one_of("topology", self.topology, DEPTHS)
        one_of("block", self.block, BLOCKS)
        one_of("transformer", self.transformer, TRANSFORMERS)
        one_of("deformable", self.deformable, (None, 0, 1, 2, 3))
        one_of("stn_mode", self.stn_mode, ("rotation", "similarity", "affine"))
        one_of("lateral", self.lateral, ("conv1x1", "identity"))
        one_of("boundary", self.boundary, ("zeros", "mxnet"))
        one_of("decode", self.decode, ("quarter", "soft", "insightface"))
        one_of("loss", self.loss, LOSSES)
        one_of("reduction", self.reduction, ("mean", "sum"))
        one_of("stride", self.stride, (2, 4))
        one_of("coherence", self.coherence, (None, "mse", "smooth_l1"))
        at_least(1, stacks=self.stacks, down=self.depth)
        positive(sigma=self.sigma)
        in_range(0, 1, pair_flip=self.pair_flip)
        step = self.stride * 2**self.depth
        if self.size % step or self.size < step:
            raise ValueError(
                f"`size` must be a multiple of {step} for down={self.depth} and stride={self.stride}. "
                f"Received: size={self.size}"
            )
        if self.width < 8 or self.width % 8:
            raise ValueError(f"`multiplier` times 256 must be a multiple of 8. Received: multiplier={self.multiplier}")
        if self.paired and self.pair_flip and self.scheme is None:
            raise ValueError(f"Without a markup no face can be mirrored. Received: pair_flip={self.pair_flip}")
        if self.coherence_sigmoid and self.map_loss != "sigmoid_ce":
            raise ValueError(
                "`coherence_sigmoid` is for maps that are read through a sigmoid, with loss='paper'. "
                f"Received: loss={self.loss!r}"
            )

    @property
    def depth(self) -> int:
        """How often a topology halves its maps."""
        return DEPTHS[self.topology] if self.down is None else self.down

    @property
    def width(self) -> int:
        """Channels of the maps inside the stacks."""
        return int(256 * self.multiplier)

    @property
    def paired(self) -> bool:
        """Whether training pairs each crop with a transformed copy: the outside transformer."""
        return self.transformer in ("outside", "dual")

    @property
    def map_loss(self) -> str:
        """Loss of the maps: `"sigmoid_ce"`, `"softmax_ce"` or `"mse"`."""
        return LOSSES[self.loss].maps

    @property
    def coherence_stacks(self) -> str:
        """How the coherence of the stacks is joined: `"sum"`, as the loss of their maps, or `"mean"`."""
        return LOSSES[self.loss].stacks

    @property
    def map_activation(self) -> str:
        """Activation through which maps are read."""
        return LOSSES[self.loss].activation

    @property
    def crop(self) -> CropSpec:
        """The crop: the tight box of the landmarks, enlarged by `crop_scale`."""
        return CropSpec(size=self.size, scale=self.crop_scale, shift=self.crop_shift)

    def resolved(self) -> Self:
        """As in `ModelConfig`; the defaults that topology, transformer and loss decide are written out."""
        loss = LOSSES[self.loss]
        return (
            super()
            .resolved()
            .replace(
                down=self.depth,
                deformable=TRANSFORMERS[self.transformer] if self.deformable is None else self.deformable,
                coherence=loss.coherence if self.coherence is None else self.coherence,
                coherence_weight=loss.weight if self.coherence_weight is None else self.coherence_weight,
            )
        )
