"""One block of DeLighT: transformation, single-head attention, light feed-forward."""

import keras
from keras import ops

from kerasalign.layers.attention import attend, attention_macs
from kerasalign.layers.dextra import DExTra
from kerasalign.support.checks import at_least


@keras.saving.register_keras_serializable(package="kerasalign")
class DeLighTBlock(keras.layers.Layer):
    """`x = LN(x + attention(DExTra(x)))`, then `x = LN(x + feed_forward(x))`.

    The attention has one head over the D / 2 features of DExTra. With a memory, attention to it
    follows in the same way, as in a decoder. The feed-forward layer has D / `reduction` units.

    Args:
        depth: Number of grouped layers of DExTra.
        widening: Features of the widest grouped layer per input feature.
        reduction: Input features per hidden unit of the feed-forward layer.
        dropout: Dropout rate after attention and feed-forward layer.
        max_groups: As in `DExTra`.

    Call arguments:
        tokens: `(B, T, D)`.
        memory: `(B, S, M)`, optional: what a decoder block looks at.

    Input shape:
        `(B, T, D)`, and `(B, S, M)` for a decoder block.

    Output shape:
        `(B, T, D)`.

    Raises:
        ValueError: If `reduction` is below 1 or `dropout` is not in [0, 1).

    Example:

        out = DeLighTBlock(4)(np.ones((1, 98, 256), "float32"))

    Reference: Mehta et al., "DeLighT" (arXiv 2008.00623), section 3.2 and figure 1d, normalized after the sum.
    """

    def __init__(
        self, depth: int = 4, widening: float = 2.0, reduction: int = 4, dropout: float = 0.1, max_groups=None, **kwargs
    ):
        super().__init__(**kwargs)
        at_least(1, reduction=reduction)
        if not 0 <= dropout < 1:
            raise ValueError(f"`dropout` must be in [0, 1). Received: dropout={dropout}")
        self.depth = depth
        self.widening = float(widening)
        self.reduction = reduction
        self.dropout = dropout
        self.max_groups = max_groups

    def build(self, tokens_shape, memory_shape=None):
        features = tokens_shape[-1]
        half, narrow = features // 2, max(features // self.reduction, 1)
        policy = self.dtype_policy
        tokens = tokens_shape[:-1]
        self.transform = DExTra(self.depth, self.widening, self.max_groups, dtype=policy, name="transform")
        self.project = keras.layers.Dense(3 * half, dtype=policy, name="project")
        self.leave = keras.layers.Dense(features, dtype=policy, name="leave")
        self.attention_norm = keras.layers.LayerNormalization(epsilon=1e-5, dtype=policy, name="attention_norm")
        self.narrow = keras.layers.Dense(narrow, activation="silu", dtype=policy, name="narrow")
        self.widen = keras.layers.Dense(features, dtype=policy, name="widen")
        self.norm = keras.layers.LayerNormalization(epsilon=1e-5, dtype=policy, name="norm")
        self.drop = keras.layers.Dropout(self.dropout, dtype=policy, name="drop")
        for layer in (self.transform, self.attention_norm, self.narrow, self.norm):
            layer.build(tokens_shape)
        for layer in (self.project, self.leave):
            layer.build((*tokens, half))
        self.widen.build((*tokens, narrow))
        self.looks = memory_shape is not None
        if self.looks:
            self.query = keras.layers.Dense(half, dtype=policy, name="query")
            self.remember = keras.layers.Dense(2 * half, dtype=policy, name="remember")
            self.look = keras.layers.Dense(features, dtype=policy, name="look")
            self.look_norm = keras.layers.LayerNormalization(epsilon=1e-5, dtype=policy, name="look_norm")
            self.query.build(tokens_shape)
            self.remember.build(memory_shape)
            self.look.build((*tokens, half))
            self.look_norm.build(tokens_shape)

    def call(self, tokens, memory=None, training=None):
        mixed = self.leave(attend(*ops.split(self.project(self.transform(tokens)), 3, -1)))
        tokens = self.attention_norm(tokens + self.drop(mixed, training=training))
        if self.looks:
            seen = attend(self.query(tokens), *ops.split(self.remember(memory), 2, -1))
            tokens = self.look_norm(tokens + self.drop(self.look(seen), training=training))
        fed = self.widen(self.narrow(tokens))
        return self.norm(tokens + self.drop(fed, training=training))

    def count_macs(self, tokens, memory=None):
        """Products of the attentions."""
        batch, count, features = tokens
        return attention_macs(batch, count, count + (memory[1] if memory else 0), features // 2)

    def compute_output_shape(self, tokens_shape, memory_shape=None):
        return tuple(tokens_shape)

    def get_config(self):
        return super().get_config() | {
            "depth": self.depth,
            "widening": self.widening,
            "reduction": self.reduction,
            "dropout": self.dropout,
            "max_groups": self.max_groups,
        }
