"""Cosines of learned projections, which approximate a kernel."""

import math

import keras
from keras import ops

from kerasalign.support.checks import at_least, positive


@keras.saving.register_keras_serializable(package="kerasalign")
class CosineEmbedding(keras.layers.Layer):
    """`cos(W x + b)`: a dense layer whose activation is the cosine.

    With `W ~ N(0, 1 / bandwidth^2)`, `b ~ U(0, 2 pi)` and the factor `sqrt(2 / units)` of `normalize`, the inner
    product of two embeddings approximates the kernel `exp(-|u - v|^2 / (2 bandwidth^2))` (random Fourier features).

    Initial values matter. With `b = 0` and a small `W`, the usual initial values of a dense layer, every unit is at a
    maximum of the cosine, where its derivative is 0, and nothing is learned. A far too large `W` makes the phases of
    similar inputs unrelated. So the phases are random, and the bandwidth is of the order of the inputs' length. The
    stored kernel is `bandwidth * W`, of the order of 1: Adam moves every element by about the learning rate, which in
    `W` itself would change the phase of 32,768 inputs by several turns a step.

    Args:
        units: d, size of the embedding.
        bandwidth: Distance over which inputs count as similar; by default the square root of the number of inputs,
            which fits inputs whose elements are of the order of 1.
        learned: Whether frequencies and phases are learned (equation 4) or stay as drawn (equation 3).
        normalize: Whether to multiply by `sqrt(2 / units)`.
        seed: Seed of the initial values; `None` for different values every time.

    Call arguments:
        features: `(..., D)`.

    Input shape:
        `(..., D)`.

    Output shape:
        `(..., units)`.

    Returns:
        The embeddings. Phases are computed in float32 under every policy: in half precision a phase of several turns
        has no useful cosine.

    Raises:
        ValueError: If `units` is below 1 or `bandwidth` is not positive.

    Example:

        layer = CosineEmbedding(4096, bandwidth=2.0, learned=False, normalize=True)
        kernel = layer(u) @ layer(v).T                       # about exp(-|u - v|^2 / 8)

    Reference: Yue et al., "Attentional Alignment Networks" (BMVC 2018), section 3.3; Rahimi and Recht, "Random Features
    for Large-Scale Kernel Machines" (NIPS 2007).
    """

    def __init__(
        self,
        units: int,
        bandwidth: float | None = None,
        learned: bool = True,
        normalize: bool = False,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        at_least(1, units=units)
        if bandwidth is not None:
            positive(bandwidth=bandwidth)
        self.units = units
        self.bandwidth = bandwidth
        self.learned = learned
        self.normalize = normalize
        self.seed = seed

    def build(self, input_shape):
        width = input_shape[-1]
        frequencies = keras.initializers.RandomNormal(0.0, 1.0, seed=self.seed)
        # Not the same seed again: phases would follow the frequencies.
        other = None if self.seed is None else self.seed + 1
        phases = keras.initializers.RandomUniform(0.0, 2 * math.pi, seed=other)
        options = {"trainable": self.learned, "autocast": False}
        self.kernel = self.add_weight(shape=(width, self.units), initializer=frequencies, name="kernel", **options)
        self.bias = self.add_weight(shape=(self.units,), initializer=phases, name="bias", **options)

    def call(self, features):
        kernel, bias = ops.cast(self.kernel, "float32"), ops.cast(self.bias, "float32")
        scaled = ops.cast(features, "float32") / (self.bandwidth or math.sqrt(features.shape[-1]))
        embedding = ops.cos(ops.matmul(scaled, kernel) + bias)
        if self.normalize:
            embedding = embedding * math.sqrt(2 / self.units)
        return ops.cast(embedding, self.compute_dtype)

    def count_macs(self, features):
        """Products of one call."""
        return math.prod(features) * self.units

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        return super().get_config() | {
            "units": self.units,
            "bandwidth": self.bandwidth,
            "learned": self.learned,
            "normalize": self.normalize,
            "seed": self.seed,
        }
