"""The arguments of AAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from kerasalign.core.config import ModelConfig
from kerasalign.geometry import CropSpec
from kerasalign.support.checks import one_of, positive, shown

# Cells along each side of the grid over which an early prediction averages features.
GRID = 4


@dataclass(frozen=True, kw_only=True)
class AANConfig(ModelConfig):
    """The arguments of `AAN`.

    The paper prints the structure and no size. Those marked (*) are this library's own choice.

    Args:
        markup: Point scheme, by name or as a `Markup`; `None` with `num_landmarks`.
        attention: Whether there are attention maps; without, there is no intermediate supervision either (Table 5).
        embedding: d, units of the cosine embedding; `None` leaves it out (Table 5).
        bandwidth: Distance over which the last features of two faces count as alike, in units of the square root of
            their number (*). In an untrained network two faces are more than one such unit apart: with 1 their
            embeddings start out unrelated, and landmarks are learned more slowly.
        intermediate: What early predictions are made from during training: `"features"`, the weighted features of
            equation 1; `"attended"`, the features times their map; or `None`, no early predictions, as in the network
            that `strip_aux` returns.
        weighting: `"residual"`, features plus their products with the map (equation 1), or `"map"`, the products alone
            (equation 2), which the paper rejects.
        attention_blocks: Blocks, counted from 1, that have a map: a map for each, `None`, is multi-scale attention;
            `[4]` is a single map.
        learned_frequencies: Whether the embedding is learned (equation 4) or keeps its random frequencies (equation 3).
        attention_relu: Whether ReLU stands before the sigmoid of a map, as printed; see `SpatialAttention`.
        attention_channels: 1, one map for all channels (*), or `None`, one for each.
        channels: Channels of the blocks, four in the paper (*); a bottleneck is a quarter as wide inside.
        stem: Channels of the first convolution (*).
        stem_kernel: Side of its kernel (*).
        stem_strides: Its stride (*).
        loss: `"l2"`, the squared error summed over the coordinates in units of half the crop (*); `"l1"` in these
            units; or `"smooth_l1"` or `"wing"` in pixels of the crop.
        size: Side of the crop in pixels (*), a multiple of 32 strides of the stem for four blocks.
        crop_scale: Side of the crop in units of the box's longer side; the paper crops by the box itself.
        box: Kind of box that crops are cut by; `"landmarks"` is the tight box of the points.
        num_landmarks: Number of landmarks N; needed where there is no markup.
        dtype: Name of the dtype policy of the convolutions, such as `"mixed_bfloat16"`; embedding and landmarks are
            float32 in any case.

    Raises:
        ValueError: If a field is out of range.
    """

    network: ClassVar[str] = "kerasalign.models.aan.network:AAN"

    attention: bool = True
    embedding: int | None = 256
    bandwidth: float = 4.0
    intermediate: str | None = "features"
    weighting: str = "residual"
    attention_blocks: tuple[int, ...] | None = None
    learned_frequencies: bool = True
    attention_relu: bool = True
    attention_channels: int | None = 1
    channels: tuple[int, ...] = (64, 128, 256, 512)
    stem: int = 64
    stem_kernel: int = 3
    stem_strides: int = 1
    loss: str = "l2"
    size: int = 128
    crop_scale: float = 1.0
    box: str = "landmarks"

    def __post_init__(self) -> None:
        super().__post_init__()
        one_of("intermediate", self.intermediate, ("features", "attended", None))
        one_of("weighting", self.weighting, ("residual", "map"))
        blocks = set(self.attention_blocks or (1,))
        if self.attention_blocks == () or not blocks <= set(range(1, len(self.channels) + 1)):
            raise ValueError(
                f"`attention_blocks` must be of 1..{len(self.channels)}, at least one. "
                f"Received: attention_blocks={self.attention_blocks}"
            )
        one_of("loss", self.loss, ("l2", "l1", "smooth_l1", "wing"))
        if not self.channels or min(self.channels) < 4 or any(count % 4 for count in self.channels):
            raise ValueError(f"`channels` must hold multiples of 4. Received: channels={shown(self.channels)}")
        positive(bandwidth=self.bandwidth, stem_strides=self.stem_strides)
        # Every map must be divisible into the grid of an early prediction, and then be halved.
        step = self.stem_strides * max(GRID, 2) * 2 ** (len(self.channels) - 1)
        if self.size < step or self.size % step:
            raise ValueError(f"`size` must be a multiple of {step}. Received: size={self.size}")

    @property
    def stored_scales(self) -> dict[str, float]:
        """End of the path of each kernel that is stored as a multiple of the paper's weights, to that multiple."""
        side, halvings = self.size // self.stem_strides, len(self.channels)
        root = (self.channels[-1] * (side // 2**halvings) ** 2) ** 0.5
        heads = [i for i in range(1, len(self.channels) + 1) if self.intermediate and self.attends(i)]
        scales = {f"head{i}/kernel": GRID * self.channels[i - 1] ** 0.5 for i in heads}
        last = {"landmarks_out/kernel": root} if self.embedding is None else {"embedding/kernel": self.bandwidth * root}
        return scales | last

    @property
    def crop(self) -> CropSpec:
        """The crop: the box of kind `box`, enlarged by `crop_scale`."""
        return CropSpec(size=self.size, scale=self.crop_scale, shift=self.crop_shift, box=self.box)

    def resolved(self) -> Self:
        """As in `ModelConfig`; without attention there are no early predictions."""
        return super().resolved().replace(intermediate=self.intermediate if self.attention else None)

    def attends(self, block: int) -> bool:
        """Whether a block, counted from 1, has an attention map."""
        return self.attention and (self.attention_blocks is None or block in self.attention_blocks)
