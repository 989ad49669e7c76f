"""A Transformer block, encoder or decoder."""

import keras
from keras import ops

from kerasalign.layers.attention import attend, attention_macs
from kerasalign.support.checks import at_least


@keras.saving.register_keras_serializable(package="kerasalign")
class TransformerBlock(keras.layers.Layer):
    """Self-attention, cross-attention to a memory if one is given, and feed-forward; each added and then normalized.

    Called with tokens alone it is an encoder block, with tokens and memory a decoder block.

    Args:
        heads: Attention heads; they divide D.
        hidden: Width of the feed-forward layer.
        dropout: Dropout rate after each part.

    Call arguments:
        tokens: `(B, T, D)`.
        memory: `(B, S, M)`, optional.

    Input shape:
        `(B, T, D)`, and `(B, S, M)` for a decoder block.

    Output shape:
        `(B, T, D)`.

    Raises:
        ValueError: If an argument is out of range, or the heads do not divide D.

    Example:

        out = TransformerBlock(8, 1024)(tokens, memory)

    Reference: Vaswani et al., "Attention Is All You Need" (arXiv 1706.03762), section 3.1.
    """

    def __init__(self, heads: int = 8, hidden: int = 1024, dropout: float = 0.1, **kwargs):
        super().__init__(**kwargs)
        at_least(1, heads=heads, hidden=hidden)
        if not 0 <= dropout < 1:
            raise ValueError(f"`dropout` must be in [0, 1). Received: dropout={dropout}")
        self.heads = heads
        self.hidden = hidden
        self.dropout = dropout

    def build(self, tokens_shape, memory_shape=None):
        features = tokens_shape[-1]
        if features % self.heads:
            raise ValueError(
                f"A TransformerBlock of {self.heads} heads needs features divisible by that. "
                f"Received: tokens_shape={tokens_shape}"
            )
        self.project = self._dense(3 * features, "project", tokens_shape)
        self.leave = self._dense(features, "leave", tokens_shape)
        self.self_norm = self._norm("self_norm", tokens_shape)
        self.looks = memory_shape is not None
        if self.looks:
            self.query = self._dense(features, "query", tokens_shape)
            self.remember = self._dense(2 * features, "remember", memory_shape)
            self.look = self._dense(features, "look", tokens_shape)
            self.look_norm = self._norm("look_norm", tokens_shape)
        self.widen = self._dense(self.hidden, "widen", tokens_shape, "relu")
        self.narrow = self._dense(features, "narrow", (*tokens_shape[:-1], self.hidden))
        self.norm = self._norm("norm", tokens_shape)
        self.drop = keras.layers.Dropout(self.dropout, dtype=self.dtype_policy, name="drop")

    def _dense(self, units: int, name: str, shape, activation=None):
        layer = keras.layers.Dense(units, activation, dtype=self.dtype_policy, name=name)
        layer.build(shape)
        return layer

    def _norm(self, name: str, shape):
        layer = keras.layers.LayerNormalization(epsilon=1e-5, dtype=self.dtype_policy, name=name)
        layer.build(shape)
        return layer

    def call(self, tokens, memory=None, training=None):
        mixed = self.leave(attend(*ops.split(self.project(tokens), 3, -1), heads=self.heads))
        tokens = self.self_norm(tokens + self.drop(mixed, training=training))
        if self.looks:
            seen = attend(self.query(tokens), *ops.split(self.remember(memory), 2, -1), heads=self.heads)
            tokens = self.look_norm(tokens + self.drop(self.look(seen), training=training))
        fed = self.narrow(self.widen(tokens))
        return self.norm(tokens + self.drop(fed, training=training))

    def count_macs(self, tokens, memory=None):
        """Products of the attentions."""
        batch, count, features = tokens
        looked_at = memory[1] if memory else 0
        return attention_macs(batch, count, count + looked_at, features)

    def compute_output_shape(self, tokens_shape, memory_shape=None):
        return tuple(tokens_shape)

    def get_config(self):
        return super().get_config() | {"heads": self.heads, "hidden": self.hidden, "dropout": self.dropout}
