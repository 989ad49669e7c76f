"""AAN: direct regression under multi-scale attention, with a nonlinear embedding.

Paper: Yue et al., "Attentional Alignment Networks", British Machine Vision Conference (BMVC) 2018
"""

from __future__ import annotations

import keras
import numpy as np
from keras import layers, ops

from kerasalign.core.compiled import compiled, predict_in_batches
from kerasalign.core.landmark_model import LandmarkModel
from kerasalign.core.point_axis import PointAxis
from kerasalign.layers import ConvNorm, CosineEmbedding, ResidualBottleneck, SpatialAttention
from kerasalign.losses import wing
from kerasalign.models.aan.config import GRID, AANConfig


@keras.saving.register_keras_serializable(package="kerasalign")
class AAN(LandmarkModel):
    """Four residual bottlenecks, each under an attention map, a cosine embedding and a linear layer.

    The paper prints the structure and no size: `AANConfig` says which choices are this library's. So are the loss in
    squared crop units and the scaling of pixels to -1..1.

    Args:
        config: An `AANConfig`, which describes every argument; or
        **fields: the fields of one, by name.
        name: Name of the Keras model.

    Call arguments:
        crops: `(B, S, S, 3)` RGB, `uint8` or float in 0..255.

    Returns (output dict):
        `landmarks` `(B, N, 2)` in crop pixels, and where there are early predictions `intermediate` `(B, M, N, 2)`
        of the M maps, 4 in the paper.

    Raises:
        ValueError: If an argument is unknown or out of range.

    Example:

        model = AAN(markup="68")
        model.compile(keras.optimizers.Adam(1e-3, weight_decay=1e-3))
        model.fit(crops, landmarks)
        for_photos = model.strip_aux()

    Reference: Yue et al., BMVC 2018.
    """

    config_class = AANConfig
    config: AANConfig

    @property
    def point_weights(self) -> dict[str, PointAxis | None]:
        """As in `LandmarkModel`; outputs are coordinates of -1..1 across the crop."""
        outputs = PointAxis(per_point=2, linear=True, unit=2 / self.config.size)
        return {"landmarks_out": outputs, "head": outputs}

    def __init__(self, config: AANConfig | None = None, *, name: str | None = None, **fields):
        config = AANConfig.of(config, fields).resolved()
        points, size, dtype = config.num_points, config.size, config.dtype
        # Phases and pixels need more digits than a half has. A network whose weights are halves is only a file.
        exact = "float32" if keras.DTypePolicy(dtype).variable_dtype == "float32" else dtype

        # === Layers and functional model ===
        norm = {"momentum": 0.99, "epsilon": 1e-3, "dtype": dtype}
        crops = keras.Input((size, size, 3), name="crops")
        x = ops.cast(crops, "float32") / 127.5 - 1.0
        x = ConvNorm(config.stem, config.stem_kernel, strides=config.stem_strides, name="stem", **norm)(x)
        early = []
        for index, count in enumerate(config.channels, 1):
            x = ResidualBottleneck(count, count // 4, name=f"block{index}", **norm)(x)
            if config.attends(index):
                residual = config.weighting == "residual"
                attend = SpatialAttention(
                    config.attention_channels,
                    config.attention_relu,
                    residual=residual,
                    name=f"attention{index}",
                    **norm,
                )
                weighted, attention_map = attend(x)
                if config.intermediate:
                    features = weighted if config.intermediate == "features" else attention_map * x
                    early.append(_early_prediction(features, points, f"head{index}", dtype, exact))
                x = weighted
            x = layers.MaxPooling2D(2, name=f"pool{index}", dtype=dtype)(x)
        x = layers.Flatten(name="flatten", dtype=dtype)(x)
        if config.embedding is None:
            x = _scaled(x)
        else:
            bandwidth = config.bandwidth * x.shape[-1] ** 0.5
            x = CosineEmbedding(config.embedding, bandwidth, config.learned_frequencies, name="embedding", dtype=exact)(
                x
            )
        x = layers.Dense(2 * points, kernel_initializer="zeros", name="landmarks_out", dtype=exact)(x)
        outputs = {"landmarks": _to_pixels(ops.reshape(x, (-1, points, 2)), size)}
        if early:
            outputs["intermediate"] = _to_pixels(ops.stack(early, 1), size)
        super().__init__(inputs=crops, outputs=outputs, name=name)

        # === Config ===
        self.config = config

    def face_loss(self, landmarks, outputs):
        """Loss of the landmarks and of every early prediction, summed over the known coordinates of each face."""
        known = ops.logical_not(ops.isnan(landmarks))
        target = ops.where(known, landmarks, 0.0)
        predictions = outputs["landmarks"][:, None]
        if self.config.intermediate:
            predictions = ops.concatenate([predictions, outputs["intermediate"]], 1)
        error = ops.where(known[:, None], predictions - target[:, None], 0.0)
        return ops.sum(self._loss(error), (1, 2, 3))

    def _loss(self, error):
        in_units = error * (2 / self.config.size)
        if self.config.loss == "l2":
            return ops.square(in_units)
        if self.config.loss == "l1":
            return ops.abs(in_units)
        if self.config.loss == "wing":
            return wing(error, 10.0, 2.0)
        size = ops.abs(error)
        return ops.where(size < 1, 0.5 * ops.square(size), size - 0.5)

    def strip_aux(self) -> AAN:
        """This network without early predictions, with a copy of its weights; its landmarks are the same to the bit."""
        if not self.config.intermediate:
            return self
        twin = type(self)(self.config.replace(intermediate=None), name=self.name)
        for layer in twin.layers:
            if layer.weights:
                layer.set_weights(self.get_layer(layer.name).get_weights())
        return twin.with_origin(self.origin)

    def inference_network(self) -> AAN:
        """As `strip_aux`."""
        return self.strip_aux()

    def attention_maps(self, crops, batch_size: int = 32) -> np.ndarray:
        """The attention maps of crops, resized to the crops (figure 4).

        Args:
            crops: `(B, S, S, 3)` uint8 or float in 0..255.
            batch_size: Crops per forward pass.

        Returns:
            `(B, M, S, S)` float32 in 0..1, the finest first; with one map per channel, their mean.

        Raises:
            ValueError: If the network has no attention.
        """
        if not self.config.attention:
            raise ValueError("A network without attention has no maps. Received: attention=False")
        size = self.crop_spec.size
        outputs = [layer.output[1] for layer in self.layers if isinstance(layer, SpatialAttention)]
        maps = [ops.mean(ops.cast(output, "float32"), -1, keepdims=True) for output in outputs]
        resized = ops.concatenate([ops.image.resize(one, (size, size)) for one in maps], -1)
        forward = compiled(keras.Model(self.inputs, {"maps": ops.transpose(resized, (0, 3, 1, 2))}))
        return predict_in_batches(forward, self.check_crops(crops), batch_size)["maps"]


def _early_prediction(features, points: int, name: str, dtype, exact):
    """Landmarks in crop units from features averaged over a grid of cells."""
    cell = features.shape[1] // GRID
    cells = layers.AveragePooling2D(cell, name=f"{name}_cells", dtype=dtype)(features)
    flat = layers.Flatten(name=f"{name}_flatten", dtype=dtype)(cells)
    landmarks = layers.Dense(2 * points, kernel_initializer="zeros", name=name, dtype=exact)(_scaled(flat))
    return ops.reshape(landmarks, (-1, points, 2))


def _scaled(features):
    """Features divided by the square root of their number.

    A step of Adam moves every weight of a linear layer by about the learning rate; with thousands of positive features
    that would move the landmarks by several crops.
    """
    return ops.cast(features, "float32") * features.shape[-1] ** -0.5


def _to_pixels(landmarks, size: int):
    """Coordinates of -1..1 across the crop as crop pixels; pixel 0 begins at -0.5."""
    return (ops.cast(landmarks, "float32") + 1) * (size / 2) - 0.5
