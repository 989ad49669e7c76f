"""AAN: direct regression under multi-scale attention, with a nonlinear embedding.

Paper: Yue et al., "Attentional Alignment Networks", British Machine Vision Conference (BMVC) 2018
"""

from __future__ import annotations

import keras
import numpy as np
from keras import layers, ops

from kerasalign.core.compiled import compiled, predict_in_batches
from kerasalign.core.landmark_model import LandmarkModel, resolve_markup
from kerasalign.geometry import CropSpec
from kerasalign.layers import ConvNorm, CosineEmbedding, ResidualBottleneck, SpatialAttention
from kerasalign.losses import wing

INTERMEDIATE = ("features", "attended", None)
LOSSES = ("l2", "l1", "smooth_l1", "wing")
_GRID = 4


@keras.saving.register_keras_serializable(package="kerasalign")
class AAN(LandmarkModel):
    """Four residual bottlenecks, each under an attention map, a cosine embedding and a linear layer.

    The paper prints the structure and no size. Those marked (*) are this library's own resolution, and so are the loss
    in squared crop units and the scaling of pixels to -1..1.

    Args:
        markup: Point scheme, by name or as a `Markup`; `None` with `num_landmarks`.
        attention: Whether there are attention maps; without, there is no intermediate supervision either (Table 5).
        embedding: d, units of the cosine embedding; `None` leaves it out (Table 5).
        bandwidth: Distance over which the last features of two faces count as alike, in units of the square root of
            their number (*). In an untrained network two faces are more than one of these apart: with 1 their
            embeddings start out unrelated, and landmarks are learned more slowly.
        intermediate: What early predictions are made from while training: `"features"`, the weighted features of
            equation 1, `"attended"`, the features times their map, or `None`, no early predictions, as `strip_aux` has
            it.
        attention_relu: Whether ReLU stands before the sigmoid of a map, as printed; see `SpatialAttention`.
        attention_channels: 1, a map for all channels (*), or `None`, one for each.
        channels: Channels of the four blocks (*); a bottleneck is a quarter as wide inside.
        stem: Channels of the first convolution (*).
        stem_kernel: Its side (*).
        stem_strides: Its step (*).
        loss: `"l2"`, the squared error summed over the coordinates in units of half the crop (*), `"l1"` in these
            units, or `"smooth_l1"` or `"wing"` in pixels of the crop.
        size: Side of the crop in pixels (*), a multiple of 32 steps of the stem.
        crop_scale: Side of the crop in units of the box's longer side; the paper crops by the box itself.
        box: Kind of box that crops are cut by; `"landmarks"` is the tight box of the points.
        num_landmarks: N where there is no markup.
        dtype: Dtype policy of the convolutions, such as `"mixed_bfloat16"`; embedding and landmarks are float32 in any
            case.

    Returns (output dict):
        `landmarks` `(B, N, 2)` in crop pixels, and where there are early predictions `intermediate` `(B, 4, N, 2)`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

        model = AAN(markup="68")
        model.compile(keras.optimizers.Adam(1e-3, weight_decay=1e-3))
        model.fit(crops, landmarks)
        photo_ready = model.strip_aux()
    """

    point_weights = ("landmarks_out", "head")

    def __init__(
        self,
        markup="68",
        attention=True,
        embedding=256,
        bandwidth=4.0,
        intermediate="features",
        attention_relu=True,
        attention_channels=1,
        channels=(64, 128, 256, 512),
        stem=64,
        stem_kernel=3,
        stem_strides=1,
        loss="l2",
        size=128,
        crop_scale=1.0,
        box="landmarks",
        num_landmarks=None,
        dtype=None,
        **kwargs,
    ):
        markup, points = resolve_markup(markup, num_landmarks)
        for name, value, known in (("intermediate", intermediate, INTERMEDIATE), ("loss", loss, LOSSES)):
            if value not in known:
                raise ValueError(f"`{name}` must be one of {known}. Received: {name}={value!r}")
        if not channels or min(channels) < 4 or any(count % 4 for count in channels):
            raise ValueError(f"`channels` must hold multiples of 4. Received: channels={channels}")
        if not bandwidth > 0:
            raise ValueError(f"`bandwidth` must be positive. Received: bandwidth={bandwidth}")
        # Every map must be divisible into the grid of an early prediction, and then be halved.
        step = stem_strides * max(_GRID, 2) * 2 ** (len(channels) - 1)
        if size < step or size % step:
            raise ValueError(f"`size` must be a multiple of {step}. Received: size={size}")
        if not attention:
            intermediate = None

        # Phases and pixels need more digits than a half has. A network whose weights are halves is only a file.
        policy = keras.DTypePolicy(dtype or keras.config.dtype_policy().name)
        exact = "float32" if policy.variable_dtype == "float32" else policy.name

        # === Layers and functional model ===
        norm = {"momentum": 0.99, "epsilon": 1e-3, "dtype": dtype}
        crops = keras.Input((size, size, 3), name="crops")
        x = ops.cast(crops, "float32") / 127.5 - 1.0
        x = ConvNorm(stem, stem_kernel, strides=stem_strides, name="stem", **norm)(x)
        early = []
        for index, count in enumerate(channels, 1):
            x = ResidualBottleneck(count, count // 4, name=f"block{index}", **norm)(x)
            if attention:
                weigh = SpatialAttention(attention_channels, attention_relu, name=f"attention{index}", **norm)
                weighted, attention_map = weigh(x)
                if intermediate:
                    shown = weighted if intermediate == "features" else attention_map * x
                    early.append(_early_prediction(shown, points, f"head{index}", dtype, exact))
                x = weighted
            x = layers.MaxPooling2D(2, name=f"pool{index}", dtype=dtype)(x)
        x = layers.Flatten(name="flatten", dtype=dtype)(x)
        if embedding is None:
            x = _short(x)
        else:
            x = CosineEmbedding(embedding, bandwidth * x.shape[-1] ** 0.5, name="embedding", dtype=exact)(x)
        x = layers.Dense(2 * points, kernel_initializer="zeros", name="landmarks_out", dtype=exact)(x)
        outputs = {"landmarks": _to_pixels(ops.reshape(x, (-1, points, 2)), size)}
        if early:
            outputs["intermediate"] = _to_pixels(ops.stack(early, 1), size)
        super().__init__(inputs=crops, outputs=outputs, **kwargs)

        # === Config ===
        self.markup = markup
        self.crop_spec = CropSpec(size=size, scale=crop_scale, box=box)
        self.num_landmarks = points
        self.intermediate = intermediate
        self.loss_name = loss
        self.settings = {
            "attention": attention,
            "embedding": embedding,
            "bandwidth": bandwidth,
            "attention_relu": attention_relu,
            "attention_channels": attention_channels,
            "channels": [int(count) for count in channels],
            "stem": stem,
            "stem_kernel": stem_kernel,
            "stem_strides": stem_strides,
        }
        self.policy = self.get_layer("stem").dtype_policy.name

    def face_loss(self, landmarks, outputs):
        """Loss of the landmarks and of every early prediction, summed over the known coordinates of each face."""
        known = ops.logical_not(ops.isnan(landmarks))
        target = ops.where(known, landmarks, 0.0)
        predictions = outputs["landmarks"][:, None]
        if self.intermediate:
            predictions = ops.concatenate([predictions, outputs["intermediate"]], 1)
        error = ops.where(known[:, None], predictions - target[:, None], 0.0)
        return ops.sum(self._loss(error), (1, 2, 3))

    def _loss(self, error):
        in_units = error * (2 / self.crop_spec.size)
        if self.loss_name == "l2":
            return ops.square(in_units)
        if self.loss_name == "l1":
            return ops.abs(in_units)
        if self.loss_name == "wing":
            return wing(error, 10.0, 2.0)
        size = ops.abs(error)
        return ops.where(size < 1, 0.5 * ops.square(size), size - 0.5)

    def strip_aux(self) -> AAN:
        """This network without early predictions, with a copy of its weights; its landmarks are the same to the bit."""
        if not self.intermediate:
            return self
        twin = type(self).from_config(self.get_config() | {"intermediate": None})
        for layer in twin.layers:
            if layer.weights:
                layer.set_weights(self.get_layer(layer.name).get_weights())
        return twin.with_origin(self.origin)

    def inference_network(self) -> AAN:
        """As `strip_aux`."""
        return self.strip_aux()

    def attention_maps(self, crops, batch_size: int = 32) -> np.ndarray:
        """The attention maps of crops, brought to their size (figure 4).

        Args:
            crops: `(B, S, S, 3)` uint8 or float in 0..255.
            batch_size: Crops per forward pass.

        Returns:
            `(B, 4, S, S)` float32 in 0..1, the finest first; with one map per channel, their mean.

        Raises:
            ValueError: If the network has no attention.
        """
        if not self.settings["attention"]:
            raise ValueError("A network without attention has no maps. Received: attention=False")
        size = self.crop_spec.size
        found = [layer.output[1] for layer in self.layers if isinstance(layer, SpatialAttention)]
        maps = [ops.mean(ops.cast(one, "float32"), -1, keepdims=True) for one in found]
        shown = ops.concatenate([ops.image.resize(one, (size, size)) for one in maps], -1)
        forward = compiled(keras.Model(self.inputs, {"maps": ops.transpose(shown, (0, 3, 1, 2))}))
        return predict_in_batches(forward, self.check_crops(crops), batch_size)["maps"]

    def get_config(self):
        return (
            super().get_config()
            | self.settings
            | {
                "intermediate": self.intermediate,
                "loss": self.loss_name,
                "size": self.crop_spec.size,
                "crop_scale": self.crop_spec.scale,
                "box": self.crop_spec.box,
                "num_landmarks": self.num_landmarks,
                "dtype": self.policy,
            }
        )


def _early_prediction(features, points: int, name: str, dtype, exact):
    """Landmarks in crop units from features averaged over a grid of cells."""
    cell = features.shape[1] // _GRID
    cells = layers.AveragePooling2D(cell, name=f"{name}_cells", dtype=dtype)(features)
    flat = layers.Flatten(name=f"{name}_flatten", dtype=dtype)(cells)
    places = layers.Dense(2 * points, kernel_initializer="zeros", name=name, dtype=exact)(_short(flat))
    return ops.reshape(places, (-1, points, 2))


def _short(features):
    """Features over the square root of their number: a step of Adam moves every weight of a linear layer by about the
    rate, and with thousands of positive features the landmarks by several crops."""
    return ops.cast(features, "float32") * features.shape[-1] ** -0.5


def _to_pixels(places, size: int):
    """-1..1 over the crop to pixels of it: pixel 0 begins at -0.5."""
    return (ops.cast(places, "float32") + 1) * (size / 2) - 0.5
