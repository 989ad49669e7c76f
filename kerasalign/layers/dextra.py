"""DeLighT's transformation: grouped linear layers that widen, then narrow, with the input mixed in again."""

import math
from itertools import pairwise

import keras
import numpy as np
from keras import ops

from kerasalign.layers.grouped_linear import GroupedLinear
from kerasalign.support.checks import at_least, positive


def dextra_sizes(size: int, widest: int, depth: int, max_groups: int) -> tuple[list[int], list[int], list[int]]:
    """Inputs, outputs and groups of each grouped layer.

    Args:
        size: Features before and after, p.
        widest: Features in the middle, before rounding.
        depth: Number of layers n.
        max_groups: Largest number of groups.

    Returns:
        Three lists of n numbers. Groups double from 2 to `max_groups` at most and back; outputs grow linearly and
        shrink again, rounded up to a multiple of both neighbors' groups and of 8; every input but the first has p
        features of the transformation's own input mixed in.

    Reference: Mehta et al., "DeLighT" (arXiv 2008.00623), section 3.1, as the authors' code has it: the article starts
    with one group, the code with two.
    """
    half = -(-depth // 2)
    groups = [min(2 ** (i + 1), max_groups) for i in range(half)]
    outputs = [int(width) for width in np.linspace(size, widest, half)]
    mirrored = slice(None, None, -1) if depth % 2 == 0 else slice(-2, None, -1)
    groups += groups[mirrored]
    outputs = (outputs + outputs[mirrored])[:-1]
    for i, (before, after) in enumerate(pairwise(groups)):
        unit = max(before, after, 8)
        outputs[i] = -(-outputs[i] // unit) * unit
    inputs = [size, *(width + size for width in outputs)]
    return inputs, [*outputs, size], groups


def most_groups(features: int) -> int:
    """Default for the largest number of groups: the next power of two above a 32nd of the features, at least 2."""
    return 2 ** max(math.ceil(math.log2(features / 32)), 1)


def dextra_unit(features: int, depth: int) -> int:
    """The number that divides a token's features for `depth` grouped layers with the default number of groups."""
    return 2 * max(dextra_sizes(features // 2, features, depth, most_groups(features))[2])


@keras.saving.register_keras_serializable(package="kerasalign")
class DExTra(keras.layers.Layer):
    """Expands and reduces features by grouped linear layers of growing, then shrinking width.

    A linear layer halves the features to p, n `GroupedLinear` layers follow, each normalized within its groups; the
    halved input is mixed, group by group, into the input of every layer after the first and into the result.

    Args:
        depth: Number of grouped layers n.
        widening: Features in the middle per input feature.
        max_groups: Largest number of groups; by default the power of two next above a 32nd of the features.

    Call arguments:
        tokens: `(B, T, D)`, D even.

    Input shape:
        `(B, T, D)`.

    Output shape:
        `(B, T, D / 2)`.

    Raises:
        ValueError: If an argument is out of range or D is odd.

    Example:

        out = DExTra(4)(np.ones((1, 98, 256), "float32"))      # (1, 98, 128)

    Reference: Mehta et al., "DeLighT: Deep and Light-weight Transformer" (arXiv 2008.00623), section 3.1.
    """

    def __init__(self, depth: int = 4, widening: float = 2.0, max_groups: int | None = None, **kwargs):
        super().__init__(**kwargs)
        at_least(2, depth=depth)
        positive(widening=widening)
        self.depth = depth
        self.widening = float(widening)
        self.max_groups = max_groups

    def build(self, input_shape):
        features = input_shape[-1]
        if features % 2:
            raise ValueError(f"DExTra needs an even number of features. Received: input_shape={input_shape}")
        half = features // 2
        largest = self.max_groups or most_groups(features)
        inputs, outputs, self.groups = dextra_sizes(half, int(features * self.widening), self.depth, largest)
        policy = self.dtype_policy
        tokens = input_shape[:-1]
        self.reduce = keras.layers.Dense(half, dtype=policy, name="reduce")
        self.reduce_norm = _norm("reduce_norm", policy)
        self.reduce.build(input_shape)
        self.reduce_norm.build((*tokens, half))
        self.mixers, self.norms = [], []
        for i, (given, made, groups) in enumerate(zip(inputs, outputs, self.groups)):
            mixer = GroupedLinear(made, groups, dtype=policy, name=f"group_{i}")
            mixer.build((*tokens, given))
            # One scale and shift, shared by the groups.
            norm = _norm(f"group_norm_{i}", policy)
            norm.build((*tokens, groups, made // groups))
            self.mixers.append(mixer)
            self.norms.append(norm)
        self.leave = keras.layers.Dense(half, dtype=policy, name="leave")
        self.leave_norm = _norm("leave_norm", policy)
        self.leave.build((*tokens, 2 * half))
        self.leave_norm.build((*tokens, half))

    def call(self, tokens):
        start = ops.silu(self.reduce_norm(self.reduce(tokens)))
        out = self._grouped(0, start)
        for layer in range(1, self.depth):
            out = self._grouped(layer, self._mix(start, out, self.groups[layer]))
        return ops.silu(self.leave_norm(self.leave(ops.concatenate([start, out], -1))))

    def _grouped(self, layer: int, tokens):
        mixer = self.mixers[layer]
        out = mixer(tokens)
        shape = (-1, out.shape[1], mixer.groups, mixer.units // mixer.groups)
        out = ops.silu(self.norms[layer](ops.reshape(out, shape)))
        return ops.reshape(out, (-1, out.shape[1], mixer.units))

    @staticmethod
    def _mix(start, out, groups: int):
        """Joins both group by group."""
        count = out.shape[1]
        parts = [ops.reshape(x, (-1, count, groups, x.shape[-1] // groups)) for x in (start, out)]
        return ops.reshape(ops.concatenate(parts, -1), (-1, count, start.shape[-1] + out.shape[-1]))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] // 2)

    def get_config(self):
        return super().get_config() | {
            "depth": self.depth,
            "widening": self.widening,
            "max_groups": self.max_groups,
        }


def _norm(name: str, policy):
    return keras.layers.LayerNormalization(epsilon=1e-5, dtype=policy, name=name)
