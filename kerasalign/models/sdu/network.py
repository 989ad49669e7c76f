"""SDU: stacked dense U-Nets with dual transformers.

Paper: Guo, Deng, Xue, Zafeiriou, "Stacked Dense U-Nets with Dual Transformers for Robust Face Alignment", BMVC 2018,
https://arxiv.org/abs/1812.01936
"""

from __future__ import annotations

import keras
from keras import ops

from kerasalign.core.landmark_model import LandmarkModel, resolve_markup, weighted_mean
from kerasalign.geometry import CropSpec
from kerasalign.layers import DecodeHeatmaps
from kerasalign.layers.decode_heatmaps import DECODERS
from kerasalign.layers.deform_conv2d import BOUNDARIES
from kerasalign.layers.spatial_transformer import MODES
from kerasalign.losses import coherent_loss, heatmap_loss
from kerasalign.losses.coherent_loss import DISTANCES
from kerasalign.models.sdu.coherence import Transforms
from kerasalign.models.sdu.stacks import stacked_network
from kerasalign.models.sdu.topologies import BLOCKS, DEPTHS

# Row of Table 1: where convolutions bend in it.
TRANSFORMERS = {"none": 0, "stn": 3, "inside": 3, "outside": 0, "dual": 3}
# Loss of the maps, of their coherence, and the latter's weight.
LOSSES = {
    "paper": ("sigmoid_ce", "mse", 1e-3),
    "code": ("softmax_ce", "smooth_l1", 1e-4),
    "mse": ("mse", "mse", 1e-4),
}
_ACTIVATIONS = {"sigmoid_ce": "sigmoid", "softmax_ce": "softmax", "mse": "linear"}


@keras.saving.register_keras_serializable(package="kerasalign")
class SDU(LandmarkModel):
    """Stacks of hourglasses, U-Nets or denser topologies whose heatmaps follow transforms of the face.

    `SDU(**TABLE_1["Hourglass2-CAB"])` builds a row of the paper's Table 1; the defaults are its best.

    Args:
        markup: Point scheme, by name or as a `Markup`; `None` with `num_landmarks`, if no face is mirrored.
        topology: `"hourglass"`, `"unet"`, `"dla"`, `"sat1"`, `"sat2"` or `"sat3"`, the dense U-Net.
        stacks: How many of them in a row; each predicts heatmaps.
        block: `"resnet"`, `"inception"`, `"hpm"` or `"cab"`.
        down: How often a topology halves its maps; by default 4, and 3 for `"sat2"` and `"sat3"`.
        transformer: `"none"`, `"stn"`, `"inside"`, `"outside"`, or `"dual"`, both of the latter.
        deformable: 1: deformable convolutions between stacks; 2: in the heads; 3: in both; 0: none. By default 3 where
            `transformer` is inside, dual or stn: the printed sizes of those three rows fit no other.
        stn_mode: `"similarity"`, as the paper says, `"rotation"`, as its code does, or `"affine"`.
        lateral: What a U-Net has between its halves: `"conv1x1"` fits the printed size, `"identity"` the sentence.
        gate: The released code's first dense U-Net, in which the finest map gates one node.
        down_activation: Activation of the downward paths of SAT (I) and (II); not in the paper.
        boundary: Border rule of `DeformConv2D`.
        faithful_init: Whether upward convolutions start as in the released code, with all channels alike.
        multiplier: Factor of all widths; width after it must be divisible by 8.
        size: Side of the crop in pixels.
        stride: Crop pixels per pixel of a map: 2, or 4 with a wider first convolution.
        crop_scale: Side of the crop in units of the box's longer side.
        decode: How a place is read from a map, as in `DecodeHeatmaps`.
        loss: `"paper"`: sigmoid cross-entropy with Gaussians; `"code"`: softmax cross-entropy over the pixels; `"mse"`.
        sigma: Width of the Gaussians in pixels of a map.
        reduction: `"mean"` or `"sum"` of losses over the pixels of a map.
        coherence_weight: lambda; by default 0.001 (paper) or 0.0001 (code).
        coherence: Distance between the maps of a pair, `"mse"` or `"smooth_l1"`; by default that of `loss`.
        coherence_sigmoid: Whether that distance is taken after the sigmoid, with `loss="paper"`, rather than before, as
            in the released code.
        pair_flip: Share of transforms T that mirror.
        pair_rotation: Range of T's rotation in degrees.
        pair_scale: Range of T's scale.
        num_landmarks: N where there is no markup.
        dtype: Dtype policy of the layers, such as `"mixed_bfloat16"`; maps and landmarks are float32 in any case.

    Returns (output dict):
        `landmarks` `(B, N, 2)` in crop pixels; `confidence` `(B, N)`, the probability at the peak of each map;
        `heatmaps` `(B, I, S / stride, S / stride, N)`, the maps of each stack before the sigmoid or softmax. With
        `"stn"` also `frame` `(B, 2, 3)`: the maps are those of the transformed crop, whose pixels it sends to the
        crop's.

    Raises:
        ValueError: If an argument is out of range.

    In training, with `"outside"` or `"dual"`, each batch has a transformed copy: the loss is that of both and of the
    difference between the maps of the copy and the transformed maps. The copy is normalised by its own batch
    statistics. Points that T moves out of the crop do not count there.

    Example:

        model = SDU(markup="68")
        model.compile(keras.optimizers.Nadam(2.5e-4, epsilon=1e-8))
        model.fit(crops, landmarks)
    """

    point_weights = ("_maps",)
    profile_blocks = ("stem", "transformer", *(f"{part}{i}" for i in range(8) for part in ("stack", "merge")))

    def __init__(
        self,
        markup="68",
        topology="sat3",
        stacks=2,
        block="cab",
        down=None,
        transformer="dual",
        deformable=None,
        stn_mode="similarity",
        lateral="conv1x1",
        gate=False,
        down_activation="sigmoid",
        boundary="zeros",
        faithful_init=False,
        multiplier=1.0,
        size=128,
        stride=2,
        crop_scale=2.0,
        decode="quarter",
        loss="paper",
        sigma=1.0,
        reduction="mean",
        coherence_weight=None,
        coherence=None,
        coherence_sigmoid=False,
        pair_flip=0.5,
        pair_rotation=(-40.0, 40.0),
        pair_scale=(0.8, 1.2),
        num_landmarks=None,
        dtype=None,
        **kwargs,
    ):
        markup, points = resolve_markup(markup, num_landmarks)
        deformable = TRANSFORMERS.get(transformer) if deformable is None else deformable
        for name, value, known in (
            ("topology", topology, DEPTHS),
            ("block", block, BLOCKS),
            ("transformer", transformer, TRANSFORMERS),
            ("deformable", deformable, (0, 1, 2, 3)),
            ("stn_mode", stn_mode, MODES),
            ("loss", loss, LOSSES),
            ("lateral", lateral, ("conv1x1", "identity")),
            ("boundary", boundary, BOUNDARIES),
            ("decode", decode, DECODERS),
            ("reduction", reduction, ("mean", "sum")),
            ("stride", stride, (2, 4)),
        ):
            if value not in known:
                raise ValueError(f"`{name}` must be one of {list(known)}. Received: {name}={value!r}")
        depth = DEPTHS[topology] if down is None else down
        if stacks < 1 or depth < 1:
            raise ValueError(f"`stacks` and `down` must be at least 1. Received: stacks={stacks}, down={down}")
        if size % (stride * 2**depth) or size < stride * 2**depth:
            raise ValueError(
                f"`size` must be a multiple of {stride * 2**depth} for down={depth} and stride={stride}. "
                f"Received: size={size}"
            )
        if int(256 * multiplier) < 8 or int(256 * multiplier) % 8:
            raise ValueError(f"`multiplier` times 256 must be a multiple of 8. Received: multiplier={multiplier}")
        if not sigma > 0:
            raise ValueError(f"`sigma` must be positive. Received: sigma={sigma}")
        if not 0 <= pair_flip <= 1:
            raise ValueError(f"`pair_flip` must be in 0..1. Received: pair_flip={pair_flip}")
        if transformer in ("outside", "dual") and pair_flip and markup is None:
            raise ValueError(f"Without a markup no face can be mirrored. Received: pair_flip={pair_flip}")
        map_loss, distance, weight = LOSSES[loss]
        if coherence not in (None, *DISTANCES):
            raise ValueError(f"`coherence` must be one of {list(DISTANCES)}. Received: coherence={coherence!r}")
        if coherence_sigmoid and map_loss != "sigmoid_ce":
            raise ValueError(
                "`coherence_sigmoid` is for maps that are read through a sigmoid, with loss='paper'. "
                f"Received: loss={loss!r}"
            )

        # === Functional model ===
        crops = keras.Input((size, size, 3), name="crops")
        maps, frame = stacked_network(
            crops,
            points,
            topology,
            stacks,
            depth,
            block,
            deformable,
            stn_mode if transformer == "stn" else None,
            multiplier,
            stride,
            boundary,
            dtype,
            lateral=lateral,
            gate=gate,
            down_activation=down_activation,
            faithful_init=faithful_init,
        )
        decoder = DecodeHeatmaps(stride, decode, _ACTIVATIONS[map_loss], name="decode", dtype="float32")
        places, confidence = decoder(maps[-1])
        outputs = {"landmarks": places, "confidence": confidence, "heatmaps": ops.stack(maps, 1)}
        if frame is not None:
            turned = ops.matmul(places, ops.swapaxes(frame[:, :, :2], 1, 2))
            outputs |= {"landmarks": turned + frame[:, None, :, 2], "frame": frame}
        super().__init__(inputs=crops, outputs=outputs, **kwargs)

        # === Config ===
        self.markup = markup
        self.crop_spec = CropSpec(size=size, scale=crop_scale)
        self.num_landmarks = points
        self.paired = transformer in ("outside", "dual")
        self.stride = stride
        self.map_loss, self.coherence = map_loss, coherence or distance
        self.coherence_sigmoid = bool(coherence_sigmoid)
        self.coherence_weight = weight if coherence_weight is None else coherence_weight
        self.sigma = sigma
        self.reduction = reduction
        self.pair_flip = pair_flip
        self.pair_rotation = [float(limit) for limit in pair_rotation]
        self.pair_scale = [float(limit) for limit in pair_scale]
        self.settings = {
            "topology": topology,
            "stacks": stacks,
            "block": block,
            "down": depth,
            "transformer": transformer,
            "deformable": deformable,
            "stn_mode": stn_mode,
            "lateral": lateral,
            "gate": gate,
            "down_activation": down_activation,
            "boundary": boundary,
            "faithful_init": faithful_init,
            "multiplier": multiplier,
            "decode": decode,
            "loss": loss,
        }
        self.policy = self.get_layer("stem_pool").dtype_policy.name
        self.seed_generator = keras.random.SeedGenerator()

    def draw_transforms(self, count) -> Transforms:
        """Random transforms T for `count` crops."""
        flip = self.markup.flip if self.markup else None
        return Transforms.draw(count, self.pair_flip, self.pair_rotation, self.pair_scale, flip, self.seed_generator)

    def face_loss(self, landmarks, outputs):
        """Loss of each face's heatmaps, summed over the stacks: L_p-g of equation 1."""
        if "frame" in outputs:
            landmarks = _into(ops.stop_gradient(outputs["frame"]), landmarks)
        return heatmap_loss(outputs["heatmaps"], landmarks, self.stride, self.map_loss, self.sigma, self.reduction)

    def pair_loss(self, crops, landmarks, outputs, transforms: Transforms, training=True):
        """What the outside transformer adds to the loss of each face: `L_p-g(H(T I), T G) + lambda L_p-p` (equation 1).

        Args:
            crops: `(B, S, S, 3)`.
            landmarks: `(B, N, 2)` in crop pixels.
            outputs: The model's outputs for these crops.
            transforms: T of each.
            training: Whether the copy is normalised by its batch.
        """
        size = self.crop_spec.size
        copy = self(transforms.images(crops), training=training)
        error = self.face_loss(transforms.points(ops.cast(landmarks, "float32"), size), copy)
        shown, moved = copy["heatmaps"], outputs["heatmaps"]
        if self.coherence_sigmoid:
            shown, moved = ops.sigmoid(shown), ops.sigmoid(moved)
        inside = transforms.inside(size // self.stride)
        apart = coherent_loss(shown, transforms.maps(moved), inside, self.coherence, self.reduction)
        return error + self.coherence_weight * apart

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """As in `LandmarkModel`; in training also `pair_loss`, where there is an outside transformer."""
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        if not (training and self.paired):
            return loss
        pairs = self.pair_loss(x, y, y_pred, self.draw_transforms(ops.shape(x)[0]))
        return loss + weighted_mean(pairs, sample_weight)

    def get_config(self):
        return (
            super().get_config()
            | self.settings
            | {
                "size": self.crop_spec.size,
                "stride": self.stride,
                "crop_scale": self.crop_spec.scale,
                "sigma": self.sigma,
                "reduction": self.reduction,
                "coherence_weight": self.coherence_weight,
                "coherence": self.coherence,
                "coherence_sigmoid": self.coherence_sigmoid,
                "pair_flip": self.pair_flip,
                "pair_rotation": self.pair_rotation,
                "pair_scale": self.pair_scale,
                "num_landmarks": self.num_landmarks,
                "dtype": self.policy,
            }
        )


def _into(frame, landmarks):
    """Landmarks of a crop in the frame whose pixels `(B, 2, 3)` matrices send to the crop's; NaN stays NaN."""
    linear, shift = frame[:, :, :2], frame[:, None, :, 2]
    (a, b), (c, d) = ((linear[:, i, 0:1], linear[:, i, 1:2]) for i in (0, 1))
    x, y = (landmarks - shift)[..., 0], (landmarks - shift)[..., 1]
    return ops.stack([d * x - b * y, a * y - c * x], -1) / (a * d - b * c)[..., None]
