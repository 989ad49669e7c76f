"""Scaled dot-product attention."""

from __future__ import annotations

import math

from keras import ops


def attend(query, key, value, heads: int = 1):
    """`softmax(Q K^T / sqrt(D / heads)) V` for each head; the softmax in float32.

    Args:
        query: `(B, T, D)`.
        key: `(B, S, D)`.
        value: `(B, S, E)`.
        heads: Number of attention heads, equal parts of D and E.

    Returns:
        `(B, T, E)`.
    """
    query, key, value = (_split(x, heads) for x in (query, key, value))
    query = query * (1 / math.sqrt(query.shape[-1]))
    weights = ops.softmax(ops.cast(ops.matmul(query, ops.swapaxes(key, -1, -2)), "float32"))
    out = ops.matmul(ops.cast(weights, value.dtype), value)
    if heads == 1:
        return out
    _, _, tokens, size = out.shape
    return ops.reshape(ops.transpose(out, (0, 2, 1, 3)), (-1, tokens, heads * size))


def attention_macs(batch: int, queries: int, keys: int, size: int) -> int:
    """Multiply-adds of `attend` when queries, keys and values have one size."""
    return 2 * batch * queries * keys * size


def _split(tokens, heads: int):
    if heads == 1:
        return tokens
    _, count, size = tokens.shape
    return ops.transpose(ops.reshape(tokens, (-1, count, heads, size // heads)), (0, 2, 1, 3))
