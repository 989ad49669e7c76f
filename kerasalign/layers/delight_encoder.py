"""DeLighT encoder: blocks that get deeper and wider towards the output."""

import keras
import numpy as np

from kerasalign.layers.delight_block import DeLighTBlock
from kerasalign.support.checks import at_least


@keras.saving.register_keras_serializable(package="kerasalign")
class DeLighTEncoder(keras.layers.Layer):
    """A stack of `DeLighTBlock`s under block-wise scaling.

    The number of grouped layers grows linearly from `min_depth` at the first block to `max_depth` at the last, the
    widening from `widening` to `widening + max_depth / min_depth - 1`. Tokens have no positions: a permutation of the
    tokens permutes the result.

    Args:
        blocks: Number of blocks B.
        min_depth: Grouped layers of the first block.
        max_depth: Grouped layers of the last block.
        widening: Widening of the first block.
        reduction: Input features per hidden unit of the feed-forward layers.
        dropout: Dropout rate after attention and feed-forward layer.
        max_groups: As in `DExTra`.

    Call arguments:
        tokens: `(B, T, D)`, D even.
        memory: `(B, S, M)`, optional: every block looks at it, as a decoder's.

    Input shape:
        `(B, T, D)`, and `(B, S, M)` with a memory.

    Output shape:
        `(B, T, D)`.

    Raises:
        ValueError: If `blocks` is below 1, or the depths are not in order.

    Example:

        out = DeLighTEncoder(2)(np.ones((1, 98, 256), "float32"))

    Reference: Mehta et al., "DeLighT: Deep and Light-weight Transformer" (arXiv 2008.00623), section 3.3.
    """

    def __init__(
        self,
        blocks: int = 2,
        min_depth: int = 4,
        max_depth: int = 8,
        widening: float = 2.0,
        reduction: int = 4,
        dropout: float = 0.1,
        max_groups=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        at_least(1, blocks=blocks)
        if not 2 <= min_depth <= max_depth:
            raise ValueError(
                "`min_depth` must be at least 2 and at most `max_depth`. "
                f"Received: min_depth={min_depth}, max_depth={max_depth}"
            )
        self.blocks = blocks
        self.min_depth = min_depth
        self.max_depth = max_depth
        self.widening = float(widening)
        self.reduction = reduction
        self.dropout = dropout
        self.max_groups = max_groups

    def build(self, tokens_shape, memory_shape=None):
        depths = np.linspace(self.min_depth, self.max_depth, self.blocks, dtype=int)
        growth = self.max_depth / self.min_depth - 1
        widenings = np.linspace(self.widening, self.widening + growth, self.blocks).round(3)
        self.stack = [
            DeLighTBlock(
                int(depth),
                float(widening),
                self.reduction,
                self.dropout,
                self.max_groups,
                dtype=self.dtype_policy,
                name=f"block_{i}",
            )
            for i, (depth, widening) in enumerate(zip(depths, widenings))
        ]
        for block in self.stack:
            block.build(tokens_shape, memory_shape)

    def call(self, tokens, memory=None, training=None):
        for block in self.stack:
            tokens = block(tokens, memory, training=training)
        return tokens

    def compute_output_shape(self, tokens_shape, memory_shape=None):
        return tuple(tokens_shape)

    def get_config(self):
        return super().get_config() | {
            "blocks": self.blocks,
            "min_depth": self.min_depth,
            "max_depth": self.max_depth,
            "widening": self.widening,
            "reduction": self.reduction,
            "dropout": self.dropout,
            "max_groups": self.max_groups,
        }
