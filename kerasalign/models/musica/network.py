"""MuSiCa: selective cascaded regression with patch attention.

Paper: Shapira, Levy, Goldin, Jevnisek, "Knowing When to Quit: Selective Cascaded Regression with Patch
Attention for Real-Time Face Alignment", ACM Multimedia 2021, https://arxiv.org/abs/2108.00377
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import ClassVar

import keras
import numpy as np
from keras import ops

from kerasalign.core.landmark_model import LandmarkModel
from kerasalign.core.point_axis import PointAxis
from kerasalign.layers import PhotoStatistics, PyramidLevel
from kerasalign.losses import rectified_l1, rectified_wing
from kerasalign.models.musica.config import MuSiCaConfig
from kerasalign.models.musica.iteration import MuSiCaIteration
from kerasalign.models.musica.pyramid import image_pyramid
from kerasalign.models.musica.select import SelectIteration


@keras.saving.register_keras_serializable(package="kerasalign")
class MuSiCa(LandmarkModel):
    """Coarse-to-fine cascade that estimates its own error and knows when to quit.

    The estimate is in the units of the loss: mean L1 distance over the L1 distance of the outer eye corners.
    For upright faces and errors in random directions it is about 4/pi times the inter-ocular NME.

    The initial shape is centered in the box; the authors anchor it at the box's top-left corner. Crop scale:
    the box's longer side is 142 px, the margin 0.3 of it, so the crop is 228 px (divisible by 4; the authors'
    crops vary up to 227).

    Args:
        config: A `MuSiCaConfig`, which describes every argument; or
        **fields: the fields of one, by name.
        name: Name of the Keras model.

    Call arguments:
        crops: `(B, S, S, 3)` RGB, `uint8` or float in 0..255.

    Returns (output dict):
        `landmarks` `(B, N, 2)` of the iteration at which each face quits, `error` `(B,)` its estimate in
        percent, `iterations` `(B,)` int32, `failed` `(B,)` bool, and of every iteration
        `cascade_landmarks` `(B, I, N, 2)`, `cascade_error` `(B, I)` in percent and `attention` `(B, I, P)`.

    Raises:
        ValueError: If an argument is unknown or out of range.

    Example:

        model = MuSiCa(markup="68", patches=range(0, 68, 2))
        model.compile()
        model.fit(crops, landmarks)

    Reference: arXiv 2108.00377.
    """

    config_class = MuSiCaConfig
    config: MuSiCaConfig
    # The last output is the error estimate; displacements of points that are means of others are means of theirs.
    point_weights: ClassVar = {"/regression/": PointAxis(per_point=2, after=1, linear=True)}
    staged_format = "musica_stages"

    def __init__(self, config: MuSiCaConfig | None = None, *, name: str | None = None, **fields):
        config = MuSiCaConfig.of(config, fields).resolved()
        mean_shape, levels = np.asarray(config.mean_shape, "float64"), config.levels

        # === Layers ===
        statistics = PhotoStatistics(name="statistics", dtype=config.dtype)
        pyramid = {
            level: PyramidLevel(level - finer, name=f"level_{level}", dtype=config.dtype)
            for finer, level in pairwise(sorted({0, *levels}))
        }
        cascade = [
            MuSiCaIteration(
                start=mean_shape[:, ::-1] / 2**level,
                patches=config.patches,
                places=None if config.patch_places is None else config.resolved_places()[:, ::-1] / 2**level,
                step=2.0 ** (previous - level),
                to_crop=2.0**level,
                hidden=config.hidden,
                patch_size=config.patch_size,
                local_attention=config.local_attention,
                extractor=config.extractor,
                global_attention=config.global_attention,
                name=f"iteration_{index}",
                dtype=config.dtype,
            )
            for index, (previous, level) in enumerate(zip([levels[0], *levels], levels))
        ]
        select = SelectIteration(config.success_threshold, config.failure_threshold, name="select", dtype="float32")

        # === Functional model ===
        crops = keras.Input((config.size, config.size, 3), name="crops")
        images = image_pyramid(pyramid, crops, *statistics(crops))
        outputs, shift, state = [], None, None
        for iteration, level in zip(cascade, levels):
            image, *own = images[level]
            out = iteration(image, shift, state, *own)
            shift, state = out["shift"], out["state"]
            outputs.append(out)
        stacked = {key: ops.stack([out[key] for out in outputs], 1) for key in ("landmarks", "error", "attention")}
        super().__init__(
            inputs=crops,
            outputs=select(stacked["landmarks"], stacked["error"]) | {"attention": stacked["attention"]},
            name=name,
        )

        # === Config ===
        self.config = config
        self.mean_shape = mean_shape
        self.statistics = statistics
        # Past the tracking of attributes: a SavedModel takes no dict with keys that are numbers.
        object.__setattr__(self, "pyramid", pyramid)
        self.cascade = cascade
        self.select = select

    @property
    def success_threshold(self) -> float | None:
        """T_s in percent."""
        return self.select.success_threshold

    @property
    def failure_threshold(self) -> float | None:
        """T_f in percent."""
        return self.select.failure_threshold

    def with_thresholds(self, success: float | None, failure: float | None = None) -> MuSiCa:
        """The same weights at another operating point: thresholds T_s and T_f in percent, `None` for off."""
        model = type(self)(self.config.replace(success_threshold=success, failure_threshold=failure), name=self.name)
        model.set_weights(self.get_weights())
        return model

    def face_loss(self, landmarks, outputs):
        """Sum over the iterations of `(1 - w) L_i + w |L_i - E_i|` (section 3.3), with w 0.05 by the authors' code.

        Divided by the L1 distance of the eyes. A face that lacks one of their points has that of the mean shape as it
        lies best on the points that are known. A markup without eyes has half the longer side of its mean shape, laid
        on the face in the same way, in their place.
        """
        if self.markup is None:
            raise ValueError("A MuSiCa without a markup cannot be trained. Received: markup=None")
        known = ops.logical_not(ops.any(ops.isnan(landmarks), -1))
        target = ops.where(known[..., None], landmarks, 0.0)
        weight = ops.cast(known, "float32")
        eyes = self._eye_line(target, weight)
        distance = ops.maximum(ops.sum(ops.abs(eyes), -1), 1.0)
        weight = weight / ops.maximum(ops.sum(weight, -1, keepdims=True), 1.0)
        difference = outputs["cascade_landmarks"] - target[:, None]
        if self.config.landmark_loss == "l1":
            error = rectified_l1(ops.sum(ops.abs(difference), -1))
        else:
            error = ops.sum(rectified_wing(difference), -1)
        losses = ops.sum(error * weight[:, None], -1) / distance[:, None]
        truth, share = losses, self.config.error_weight
        if self.config.error_norm == "nme":
            # Under the root a little more than 0, whose slope is infinite.
            length = ops.sqrt(ops.sum(ops.square(difference), -1) + 1e-12)
            ocular = ops.maximum(ops.sqrt(ops.sum(ops.square(eyes), -1)), 1.0)
            truth = ops.sum(length * weight[:, None], -1) / ocular[:, None]
        if self.config.error_gradient == "estimate":
            truth = ops.stop_gradient(truth)
        estimate = ops.abs(truth - outputs["cascade_error"] / 100.0)
        return ops.sum((1 - share) * losses + share * estimate, -1)

    def _eye_line(self, target, weight):
        """`(B, 2)` from the right eye to the left one, of `(B, N, 2)` points with weight 0 where unknown, `(B, N)`."""
        scheme = self.config.scheme
        assert scheme is not None
        shapes = target, ops.convert_to_tensor(self.mean_shape[None], "float32")
        # A markup without eyes has half the longer side of its mean shape.
        schematic = np.array([[np.ptp(self.mean_shape, axis=0).max() / 2, 0]], "float32")
        right, left, seen = [], [], None
        if "inter_ocular" in scheme.eyes:
            right, left = (list(side) for side in scheme.eye_groups("inter_ocular"))
            seen, schematic = (
                ops.mean(ops.take(points, left, axis=1), 1) - ops.mean(ops.take(points, right, axis=1), 1)
                for points in shapes
            )
        # The similarity transform that takes the mean shape to the known points, least squares.
        weight, count = weight[..., None], ops.maximum(ops.sum(weight, -1), 1.0)[:, None, None]
        centered = [(points - ops.sum(points * weight, 1, keepdims=True) / count) * weight for points in shapes]
        (x, y), (u, v) = ((points[..., 0], points[..., 1]) for points in centered)
        size = ops.sum(u * u + v * v, -1)
        turn = ops.stack([ops.sum(u * x + v * y, -1), ops.sum(u * y - v * x, -1)]) / ops.maximum(size, 1e-6)
        # One point says nothing of size and turn.
        cos, sin = ops.where(size > 0, turn[0], 1.0), turn[1]
        turned = ops.stack(
            [cos * schematic[..., 0] - sin * schematic[..., 1], sin * schematic[..., 0] + cos * schematic[..., 1]], -1
        )
        if seen is None:
            return turned
        whole = ops.all(ops.take(weight[..., 0], right + left, axis=1) > 0, -1, keepdims=True)
        return ops.where(whole, seen, turned)

    def predict_crops(self, crops, batch_size=64, early_exit=True, outputs=None):
        """As in `LandmarkModel`; with a `success_threshold`, finished faces leave the batch.

        Args:
            crops: `(B, S, S, 3)`.
            batch_size: Crops per forward pass.
            early_exit: `False` computes every iteration of every face and then selects; same landmarks.
            outputs: As in `LandmarkModel.predict_crops`.

        Returns:
            The output dict; with early exit, without the `cascade_` and `attention` entries.
        """
        if self.success_threshold is None or not early_exit:
            return super().predict_crops(crops, batch_size, outputs)
        from kerasalign.models.musica.early_exit import predict_selectively

        results = predict_selectively(self, self.check_crops(crops), batch_size)
        return {key: value for key, value in results.items() if outputs is None or key in outputs}

    def inference_stages(self, dtype: str = "uint8") -> list[keras.Model]:
        """As in `LandmarkModel`: one network per iteration; see `early_exit.stage_networks`."""
        from kerasalign.models.musica.early_exit import stage_networks

        return stage_networks(self, dtype)

    def stage_metadata(self) -> dict[str, str]:
        """Both thresholds as JSON."""
        return {name: json.dumps(getattr(self, name)) for name in ("success_threshold", "failure_threshold")}

    def paper_memory(self) -> float:
        """Megabytes by the paper's count (Table 1); see `musica.macs`."""
        from kerasalign.models.musica.macs import paper_memory

        return paper_memory(self)

    def count_macs(self, convention: str = "full") -> int:
        """Multiply-adds of one face through all iterations; see `musica.macs`."""
        from kerasalign.models.musica.macs import count_macs

        return count_macs(self, convention)
