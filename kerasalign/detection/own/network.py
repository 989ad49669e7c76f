"""The network of the face detector: fully convolutional, one pass over the whole image."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from kerasalign.core.compiled import replicas
from kerasalign.detection.own.coding import CHANNELS
from kerasalign.detection.own.loss import detection_loss
from kerasalign.layers import ConvNorm, SeparableBlock

#: Logit of the score before training: a probability of one percent.
_INITIAL_LOGIT = -4.6


@keras.saving.register_keras_serializable(package="kerasalign")
class FaceDetector(keras.Model):
    """Predicts for every cell of 8 x 8 pixels a score, and the face whose center lies in the cell.

    Plain convolutions at fine strides with few channels, separable ones with 5 x 5 kernels at coarse strides. Features
    of strides 32 and 16 are upsampled to stride 8 and added, so that one head finds faces of a dozen pixels and faces
    that fill the image. The head's outputs are float32 under every dtype policy.

    Args:
        channels: Channels at strides 2, 4, 8, 16 and 32.
        blocks: Separable blocks at strides 4, 8, 16 and 32.
        head: Channels of the upsampling path and of the head.
        dtype: Dtype policy of the layers.

    Call arguments:
        pictures: `(B, H, W, 3)` RGB, `uint8` or float in 0..255; H and W are multiples of 32.

    Returns:
        Dict; `"maps"` is `(B, H / 8, W / 8, 17)` float32, which `find_faces` turns into faces.

    `fit(pictures, faces)` trains it on faces `(B, M, 17)` in pixels: the 16 numbers of `coding`, and 1 for a face that
    must be found, 0 for one that is ignored, such as one that is mostly hidden. A row of NaN is no face.

    Raises:
        ValueError: If there are not five numbers of channels and four of blocks.

    Example:

        network = FaceDetector()
        faces, scores = find_faces(np.asarray(network(pictures)["maps"])[0])

    Reference: a face as the point of its center as in Zhou et al., "Objects as Points" (arXiv 1904.07850); regression
    from all cells near the center as in Liu et al., "Training-Time-Friendly Network" (arXiv 1909.00700).
    """

    def __init__(self, channels=(16, 32, 64, 128, 160), blocks=(1, 2, 3, 3), head=96, dtype=None, **kwargs):
        for name, value, count in (("channels", channels, 5), ("blocks", blocks, 4)):
            if len(value) != count or min(value) < (name == "channels"):
                raise ValueError(f"`{name}` must be {count} numbers. Received: {name}={value!r}")

        # === Functional model ===
        pictures = keras.Input((None, None, 3), name="pictures")
        x = layers.Rescaling(2 / 255, -1.0, name="rescale", dtype=dtype)(pictures)
        x = ConvNorm(channels[0], 3, 2, name="stem", dtype=dtype)(x)
        levels = []
        for level, (filters, count) in enumerate(zip(channels[1:], blocks), 2):
            if filters <= 64:
                x = ConvNorm(filters, 3, 2, name=f"down{level}", dtype=dtype)(x)
            else:
                x = SeparableBlock(filters, strides=2, name=f"down{level}", dtype=dtype)(x)
            for index in range(count):
                x = SeparableBlock(filters, name=f"level{level}_{index}", dtype=dtype)(x)
            levels.append(x)
        x = ConvNorm(head, name="top", dtype=dtype)(levels[-1])
        for level in (4, 3):
            x = layers.UpSampling2D(2, interpolation="nearest", name=f"up{level}", dtype=dtype)(x)
            side = ConvNorm(head, name=f"side{level}", dtype=dtype)(levels[level - 2])
            x = layers.Add(name=f"join{level}", dtype=dtype)([x, side])
            x = SeparableBlock(head, name=f"merge{level}", dtype=dtype)(x)
        x = SeparableBlock(head, name="head", dtype=dtype)(x)
        score = _output_layer(1, "score", keras.initializers.Constant(_INITIAL_LOGIT))(x)
        # Before training a face is upright: cosine 1, sine 0.
        face = _output_layer(CHANNELS - 1, "face", _upright)(x)
        maps = layers.Concatenate(name="maps", dtype="float32")([score, face])
        super().__init__(inputs=pictures, outputs={"maps": maps}, **kwargs)

        # === Config ===
        self.settings = {
            "channels": [int(value) for value in channels],
            "blocks": [int(value) for value in blocks],
            "head": int(head),
        }
        self.policy = self.get_layer("stem").dtype_policy.name

    def compile(self, optimizer="adam", **kwargs):
        """Configures training.

        Args:
            optimizer: A Keras optimizer or its name.
            **kwargs: As in `keras.Model.compile`; a `loss` is refused, the model brings its own.

        Raises:
            ValueError: If a loss is given.
        """
        if kwargs.get("loss") is not None:
            raise ValueError(f"FaceDetector brings its own loss. Received: loss={kwargs['loss']!r}")
        super().compile(optimizer=optimizer, **kwargs)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Sum of the parts of `detection_loss`."""
        outputs: Any = y_pred
        return sum(detection_loss(ops.cast(y, "float32"), outputs["maps"]).values()) / replicas()

    def get_config(self):
        """Plain dict that rebuilds the model."""
        return {"name": self.name} | self.settings | {"dtype": self.policy}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Rebuilds a model from `get_config`."""
        return cls(**config)


def _output_layer(filters: int, name: str, bias_initializer: Any) -> layers.Conv2D:
    # One initializer per layer: layers that share one would get the same weights.
    kernel_initializer: Any = keras.initializers.RandomNormal(stddev=0.01)
    return layers.Conv2D(
        filters,
        1,
        name=name,
        dtype="float32",
        bias_initializer=bias_initializer,
        kernel_initializer=kernel_initializer,
    )


def _upright(shape, dtype=None):
    """Initial bias of a face's numbers: cosine 1, all others 0."""
    return ops.one_hot(4, shape[0], dtype=dtype or "float32")
