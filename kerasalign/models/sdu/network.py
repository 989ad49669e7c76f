"""SDU: stacked dense U-Nets with dual transformers.

Paper: Guo, Deng, Xue, Zafeiriou, "Stacked Dense U-Nets with Dual Transformers for Robust Face Alignment", BMVC 2018,
https://arxiv.org/abs/1812.01936
"""

from __future__ import annotations

import keras
from keras import ops

from kerasalign.core.landmark_model import LandmarkModel
from kerasalign.core.point_axis import PointAxis
from kerasalign.core.weighted import weighted_mean
from kerasalign.layers import DecodeHeatmaps
from kerasalign.losses import coherent_loss, heatmap_loss
from kerasalign.models.sdu.coherence import Transforms, pose_of
from kerasalign.models.sdu.config import SDUConfig
from kerasalign.models.sdu.stacks import stacked_network
from kerasalign.models.visibility import POINT_WEIGHTS, visibility


@keras.saving.register_keras_serializable(package="kerasalign")
class SDU(LandmarkModel):
    """Stacks of hourglasses, U-Nets or denser topologies whose heatmaps follow transforms of the face.

    `SDU(**TABLE_1["Hourglass2-CAB"])` builds a row of the paper's Table 1; the defaults are its best.

    In training, with `transformer="outside"` or `"dual"`, each batch has a transformed copy: the loss is that of both
    and of the difference between the maps of the copy and the transformed maps. The copy is normalized by its own
    batch statistics. Points that T moves out of the crop do not count there.

    Args:
        config: An `SDUConfig`, which describes every argument; or
        **fields: the fields of one, by name.
        name: Name of the Keras model.

    Call arguments:
        crops: `(B, S, S, 3)` RGB, `uint8` or float in 0..255.

    Returns (output dict):
        `landmarks` `(B, N, 2)` in crop pixels; `confidence` `(B, N)`, the probability at the peak of each map, with
        `visibility=True` that a point is visible;
        `heatmaps` `(B, I, S / stride, S / stride, N)`, the maps of each stack before the sigmoid or softmax. With
        `transformer="stn"` also `frame` `(B, 2, 3)`: the maps are those of the transformed crop, and this matrix takes
        its pixels to those of the crop.

    Raises:
        ValueError: If an argument is unknown or out of range.

    Example:

        model = SDU(markup="68")
        model.compile(keras.optimizers.Nadam(2.5e-4, epsilon=1e-8))
        model.fit(crops, landmarks)

    Reference: arXiv 1812.01936.
    """

    config_class = SDUConfig
    config: SDUConfig

    @property
    def point_weights(self) -> dict[str, PointAxis | None]:
        """As in `LandmarkModel`: heads give a map for each point, and the next stack reads them."""
        read = {f"merge{index}_maps": PointAxis(axis=-2) for index in range(self.config.stacks - 1)}
        # Behind the maps comes the peak of a point's own.
        kernel = PointAxis(axis=-2, before=2 * self.config.width, after=1)
        return {**read, "_maps": PointAxis(), **POINT_WEIGHTS, "/visibility/kernel": kernel}

    profile_blocks = ("stem", "transformer", *(f"{part}{i}" for i in range(8) for part in ("stack", "merge")))

    def __init__(self, config: SDUConfig | None = None, *, name: str | None = None, **fields):
        config = SDUConfig.of(config, fields).resolved()

        # === Layers ===
        decoder = DecodeHeatmaps(config.stride, config.decode, config.map_activation, name="decode", dtype="float32")

        # === Functional model ===
        crops = keras.Input((config.size, config.size, 3), name="crops")
        maps, (stem, features), frame = stacked_network(crops, config)
        landmarks, confidence = decoder(maps[-1])
        if config.visibility:
            read = {"stem": stem, "features": features, "maps": maps[-1]}
            confidence = visibility(read, landmarks, config.size, confidence[..., None])
        outputs = {"landmarks": landmarks, "confidence": confidence, "heatmaps": ops.stack(maps, 1)}
        if frame is not None:
            turned = ops.matmul(landmarks, ops.swapaxes(frame[:, :, :2], 1, 2))
            outputs |= {"landmarks": turned + frame[:, None, :, 2], "frame": frame}
        super().__init__(inputs=crops, outputs=outputs, name=name)

        # === Config ===
        self.config = config
        self.seed_generator = keras.random.SeedGenerator()

    def draw_transforms(self, count, landmarks=None) -> Transforms:
        """Random transforms T for `count` crops; by their landmarks `(B, N, 2)` they keep to the ranges of copies."""
        config, flip = self.config, self.markup.flip if self.markup else None
        pose, shape = None, config.mean_face()
        if landmarks is not None and config.pair_bounded and shape is not None:
            pose = pose_of(ops.cast(landmarks, "float32"), shape)
        return Transforms.draw(
            count,
            config.pair_flip,
            config.pair_rotation,
            config.pair_scale,
            flip,
            self.seed_generator,
            config.pair_shift,
            pose,
        )

    def face_loss(self, landmarks, outputs):
        """Loss of each face's heatmaps, summed over the stacks: L_p-g of equation 1."""
        if "frame" in outputs:
            landmarks = _to_frame(ops.stop_gradient(outputs["frame"]), landmarks)
        config = self.config
        return heatmap_loss(
            outputs["heatmaps"], landmarks, config.stride, config.map_loss, config.sigma, config.reduction
        )

    def pair_loss(self, crops, landmarks, outputs, transforms: Transforms, training=True):
        """The outside transformer's part of the loss of each face: `L_p-g(H(T I), T G) + lambda L_p-p` (equation 1).

        Args:
            crops: `(B, S, S, 3)`.
            landmarks: `(B, N, 2)` in crop pixels.
            outputs: The model's outputs for these crops.
            transforms: T of each.
            training: Whether the copy is normalized by its batch.
        """
        config, size = self.config, self.config.size
        copy = self(transforms.images(crops), training=training)
        error = self.face_loss(transforms.points(ops.cast(landmarks, "float32"), size), copy)
        of_copy, of_crop = copy["heatmaps"], outputs["heatmaps"]
        if config.coherence_sigmoid:
            of_copy, of_crop = ops.sigmoid(of_copy), ops.sigmoid(of_crop)
        inside = transforms.inside(size // config.stride)
        moved, how = transforms.maps(of_crop), (str(config.coherence), config.reduction, config.coherence_stacks)
        distance = coherent_loss(of_copy, moved, inside, *how)
        return error + config.coherence_weight * distance

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """As in `LandmarkModel`; in training with an outside transformer, plus `pair_loss`."""
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        if not (training and self.config.paired):
            return loss
        pairs = self.pair_loss(x, y, y_pred, self.draw_transforms(ops.shape(x)[0], y))
        return loss + weighted_mean(pairs, sample_weight)


def _to_frame(frame, landmarks):
    """Landmarks `(B, N, 2)` of crops in the transformed crops; NaN stays NaN.

    Args:
        frame: `(B, 2, 3)` matrices from pixels of the transformed crops to those of the crops; they are inverted here.
        landmarks: In pixels of the crops.
    """
    linear, shift = frame[:, :, :2], frame[:, None, :, 2]
    (a, b), (c, d) = ((linear[:, i, 0:1], linear[:, i, 1:2]) for i in (0, 1))
    x, y = (landmarks - shift)[..., 0], (landmarks - shift)[..., 1]
    return ops.stack([d * x - b * y, a * y - c * x], -1) / (a * d - b * c)[..., None]
