"""MuSiCa: selective cascaded regression with patch attention.

Paper: Shapira, Levy, Goldin, Jevnisek, "Knowing When to Quit: Selective Cascaded Regression with Patch
Attention for Real-Time Face Alignment", ACM Multimedia 2021, https://arxiv.org/abs/2108.00377
"""

from __future__ import annotations

import json
from itertools import pairwise

import keras
import numpy as np
from keras import ops

from kerasalign.core.landmark_model import LandmarkModel, resolve_markup
from kerasalign.geometry import CropSpec
from kerasalign.layers import PhotoStatistics, PyramidLevel
from kerasalign.losses import rectified_l1, rectified_wing
from kerasalign.models.musica.iteration import MuSiCaIteration
from kerasalign.models.musica.select import SelectIteration


def pyramid_of(levels: dict[int, PyramidLevel], crops, mean, scale) -> dict:
    """What an iteration takes as its image and statistics, by level: at level 0 they are the crop's own.

    Args:
        levels: Layers by level, the finest first; each further one halves the level before it.
        crops: `(B, S, S, 3)`.
        mean: `(B, 1)`.
        scale: `(B, 1)`.
    """
    made, image = {0: (crops, mean, scale)}, None
    for level, layer in levels.items():
        image = layer(crops, mean, scale) if image is None else layer(image)
        made[level] = (image, None, None)
    return made


@keras.saving.register_keras_serializable(package="kerasalign")
class MuSiCa(LandmarkModel):
    """Coarse-to-fine cascade that estimates its own error and knows when to quit.

    Args:
        markup: Point scheme, by name or as a `Markup`; `None` with `num_landmarks` builds a network without
            one, which cannot be trained here.
        patches: Indices of the landmarks that get a patch; `None` means all.
        levels: Pyramid level of each iteration; level l is 2^l times coarser than the crop.
        hidden: Size of the recurrent state.
        patch_size: Side of a patch in pixels.
        local_attention: Whether patches attend to their own features (section 3.1).
        extractor: `"conv"`, or the ablation `"inverted_bottleneck"` (section 5).
        global_attention: `"none"`, or the ablations `"fc"` and `"gcn"`: patches weighed by what the others show.
        size: Side of the crop in pixels.
        box_side: Longer side of the face box in crop pixels.
        mean_shape: `(N, 2)` initial shape in crop pixels, x then y; by default the markup's schematic face.
            A recipe puts the mean of its training faces here.
        success_threshold: T_s in percent: a face whose estimate is below it is finished. `None`: all
            iterations run.
        failure_threshold: T_f in percent: a face whose last estimate is above it has failed. `None`: none has.
        landmark_loss: `"l1"` (rectified, the paper's) or `"rwing"`.
        num_landmarks: N where there is no markup.
        dtype: Dtype policy of the layers, such as `"mixed_float16"`; landmarks are float32 in any case.

    Returns (output dict):
        `landmarks` `(B, N, 2)` of the iteration at which each face quits, `error` `(B,)` its estimate in
        percent, `iterations` `(B,)` int32, `failed` `(B,)` bool, and of every iteration
        `cascade_landmarks` `(B, I, N, 2)`, `cascade_error` `(B, I)` in percent and `attention` `(B, I, P)`.

    The estimate is in the units of the loss: mean L1 distance over the L1 distance of the outer eye corners.
    For upright faces and errors in random directions it is about 4/pi times the inter-ocular NME.

    The initial shape is centred in the box; the authors anchor it at the box's top-left corner. Crop scale:
    the box's longer side is 142 px, the margin 0.3 of it, so the crop is 228 px (divisible by 4; the authors'
    crops vary up to 227).

    Example:

        model = MuSiCa(markup="68", patches=range(0, 68, 2))
        model.compile()
        model.fit(crops, landmarks)
    """

    point_weights = ("/global_attention/", "/recurrence/", "/regression/")
    staged_format = "musica_stages"

    def __init__(
        self,
        markup="68",
        patches=None,
        levels=(2, 1, 0),
        hidden=512,
        patch_size=14,
        local_attention=True,
        extractor="conv",
        global_attention="none",
        size=228,
        box_side=142,
        mean_shape=None,
        success_threshold=None,
        failure_threshold=None,
        landmark_loss="l1",
        num_landmarks=None,
        dtype=None,
        **kwargs,
    ):
        markup, points = resolve_markup(markup, num_landmarks)
        patches = list(range(points)) if patches is None else [int(i) for i in patches]
        if not patches or min(patches) < 0 or max(patches) >= points:
            raise ValueError(f"`patches` must be landmark indices in 0..{points - 1}. Received: patches={patches}")
        if not len(levels) or min(levels) < 0:
            raise ValueError(f"`levels` must be pyramid levels, 0 the finest. Received: levels={levels}")
        if landmark_loss not in ("l1", "rwing"):
            raise ValueError(f"`landmark_loss` must be 'l1' or 'rwing'. Received: landmark_loss={landmark_loss!r}")
        if mean_shape is None:
            unit = markup.mean_shape if markup else np.zeros((points, 2))
            mean_shape = unit * box_side + (size - 1) / 2
        mean_shape = np.asarray(mean_shape, "float64")
        if mean_shape.shape != (points, 2):
            raise ValueError(f"`mean_shape` must be ({points}, 2). Received: shape {mean_shape.shape}")

        # === Layers ===
        statistics = PhotoStatistics(name="statistics", dtype=dtype)
        made = sorted({0, *levels})
        pyramid = {
            level: PyramidLevel(level - finer, name=f"level_{level}", dtype=dtype) for finer, level in pairwise(made)
        }
        cascade = [
            MuSiCaIteration(
                start=mean_shape[:, ::-1] / 2**level,
                patches=patches,
                step=2.0 ** (previous - level),
                to_crop=2.0**level,
                hidden=hidden,
                patch_size=patch_size,
                local_attention=local_attention,
                extractor=extractor,
                global_attention=global_attention,
                name=f"iteration_{index}",
                dtype=dtype,
            )
            for index, (previous, level) in enumerate(zip([levels[0], *levels], levels))
        ]
        select = SelectIteration(success_threshold, failure_threshold, name="select", dtype="float32")

        # === Functional model ===
        crops = keras.Input((size, size, 3), name="crops")
        images = pyramid_of(pyramid, crops, *statistics(crops))
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
            **kwargs,
        )

        # === Config ===
        self.markup = markup
        self.crop_spec = CropSpec(size=size, scale=size / box_side)
        self.num_landmarks = points
        self.patches = patches
        self.levels = [int(level) for level in levels]
        self.hidden = hidden
        self.patch_size = patch_size
        self.local_attention = local_attention
        self.extractor = extractor
        self.global_attention = global_attention
        self.box_side = box_side
        self.mean_shape = mean_shape
        self.landmark_loss = landmark_loss
        self.cascade = cascade
        self.select = select
        self.policy = statistics.dtype_policy.name
        self.statistics = statistics
        self.pyramid = pyramid

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
        config = self.get_config() | {"success_threshold": success, "failure_threshold": failure}
        model = type(self).from_config(config)
        model.set_weights(self.get_weights())
        return model.with_origin(self.origin)

    def face_loss(self, landmarks, outputs):
        """Sum over the iterations of `0.95 L_i + 0.05 |L_i - E_i|` (section 3.3 and the authors' weights).

        Divided by the L1 distance of the eyes. A face that lacks one of their points has that of the mean shape as it
        lies best on the points that are known.
        """
        if self.markup is None:
            raise ValueError("A MuSiCa without a markup cannot be trained. Received: markup=None")
        known = ops.logical_not(ops.any(ops.isnan(landmarks), -1))
        target = ops.where(known[..., None], landmarks, 0.0)
        weight = ops.cast(known, "float32")
        distance = ops.maximum(ops.sum(ops.abs(self._eye_line(target, weight)), -1), 1.0)
        weight = weight / ops.maximum(ops.sum(weight, -1, keepdims=True), 1.0)
        difference = outputs["cascade_landmarks"] - target[:, None]
        if self.landmark_loss == "l1":
            error = rectified_l1(ops.sum(ops.abs(difference), -1))
        else:
            error = ops.sum(rectified_wing(difference), -1)
        losses = ops.sum(error * weight[:, None], -1) / distance[:, None]
        # No stop_gradient: the estimate pulls the landmarks too (authors' code).
        estimate = ops.abs(losses - outputs["cascade_error"] / 100.0)
        return ops.sum(0.95 * losses + 0.05 * estimate, -1)

    def _eye_line(self, target, weight):
        """`(B, 2)` from the right eye to the left one, of `(B, N, 2)` points with weight 0 where unknown, `(B, N)`."""
        right, left = (list(side) for side in self.markup.normaliser("inter_ocular"))
        shapes = target, ops.convert_to_tensor(self.mean_shape[None], "float32")
        seen, schematic = (
            ops.mean(ops.take(points, left, axis=1), 1) - ops.mean(ops.take(points, right, axis=1), 1)
            for points in shapes
        )
        # The similarity transform that takes the mean shape to the known points, least squares.
        weight, count = weight[..., None], ops.maximum(ops.sum(weight, -1), 1.0)[:, None, None]
        centred = [(points - ops.sum(points * weight, 1, keepdims=True) / count) * weight for points in shapes]
        (x, y), (u, v) = ((points[..., 0], points[..., 1]) for points in centred)
        size = ops.sum(u * u + v * v, -1)
        turn = ops.stack([ops.sum(u * x + v * y, -1), ops.sum(u * y - v * x, -1)]) / ops.maximum(size, 1e-6)
        # One point says nothing of size and turn.
        cos, sin = ops.where(size > 0, turn[0], 1.0), turn[1]
        turned = ops.stack(
            [cos * schematic[..., 0] - sin * schematic[..., 1], sin * schematic[..., 0] + cos * schematic[..., 1]], -1
        )
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

        found = predict_selectively(self, self.check_crops(crops), batch_size)
        return {key: value for key, value in found.items() if outputs is None or key in outputs}

    def inference_stages(self, dtype: str = "uint8") -> list[keras.Model]:
        """As in `LandmarkModel`: one network per iteration; see `early_exit.stage_networks`."""
        from kerasalign.models.musica.early_exit import stage_networks

        return stage_networks(self, dtype)

    def stage_metadata(self) -> dict[str, str]:
        """Both thresholds as JSON."""
        return {name: json.dumps(getattr(self, name)) for name in ("success_threshold", "failure_threshold")}

    def config_for_markup(self, markup, landmarks=None):
        """As in `LandmarkModel`; there are at most as many patches as before, spread evenly over the new points."""
        count = min(len(self.patches), markup.num_points)
        patches = np.linspace(0, markup.num_points - 1, count).round().astype(int)
        return super().config_for_markup(markup, landmarks) | {"patches": patches.tolist()}

    def count_macs(self, convention: str = "full") -> int:
        """Multiply-adds of one face through all iterations; see `musica.macs`."""
        from kerasalign.models.musica.macs import count_macs

        return count_macs(self, convention)

    def get_config(self):
        return super().get_config() | {
            "patches": self.patches,
            "levels": self.levels,
            "hidden": self.hidden,
            "patch_size": self.patch_size,
            "local_attention": self.local_attention,
            "extractor": self.extractor,
            "global_attention": self.global_attention,
            "size": self.crop_spec.size,
            "box_side": self.box_side,
            "mean_shape": self.mean_shape.tolist(),
            "success_threshold": self.success_threshold,
            "failure_threshold": self.failure_threshold,
            "landmark_loss": self.landmark_loss,
            "num_landmarks": self.num_landmarks,
            "dtype": self.policy,
        }
