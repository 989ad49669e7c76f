"""One iteration of the MuSiCa cascade: patches, features, attention, recurrence, displacement, error."""

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from kerasalign.core.transfer import near_weights
from kerasalign.layers import (
    ExtractPatches,
    GlobalPatchAttention,
    InvertedBottleneck,
    LocalPatchAttention,
    PatchGraphAttention,
)
from kerasalign.layers.photo_statistics import standardize
from kerasalign.support.checks import one_of


def _kernel() -> Any:
    # A fresh one each time: layers that share an initializer instance start identical.
    return keras.initializers.TruncatedNormal(stddev=0.01)


# Either of the two stages of the feature extractor: 32 channels, 3x3, no padding.
EXTRACTORS = {
    "conv": lambda **kw: layers.Conv2D(32, 3, activation="relu", kernel_initializer=_kernel(), **kw),
    "inverted_bottleneck": lambda **kw: InvertedBottleneck(32, **kw),
}
# From the points of the patches.
GLOBAL_ATTENTION = {
    "none": lambda points, **kw: None,
    "fc": lambda points, **kw: GlobalPatchAttention(_kernel(), **kw),
    "gcn": lambda points, **kw: PatchGraphAttention(points, **kw),
}


@keras.saving.register_keras_serializable(package="kerasalign")
class MuSiCaIteration(layers.Layer):
    """Refines a face shape at one level of the pyramid and estimates the remaining error.

    Inside the cascade points are (y, x), as in the authors' code.

    Args:
        start: `(N, 2)` initial shape in pixels of this level, y then x.
        patches: Indices of the landmarks that get a patch.
        places: `(P, 2)` places of the patches on the start, in pixels of this level, y then x, where they are not at
            their landmarks; each follows the three landmarks nearest to it.
        step: Factor from the pixels of the previous iteration's level to this one's.
        to_crop: Factor from pixels of this level to pixels of the crop.
        hidden: Size H of the recurrent state.
        patch_size: Side of a patch.
        local_attention: Whether patches attend to their own features.
        extractor: What the two stages of the feature extractor are: `"conv"`, or `"inverted_bottleneck"`.
        global_attention: How a patch is weighed by the data of the others, after the local attention:
            `"none"`, `"fc"` (`GlobalPatchAttention`) or `"gcn"` (`PatchGraphAttention` on the start).

    Call arguments:
        image: `(B, h, w, 3)`, the standardized crop at this level; or, with statistics, the crop itself.
        shift: `(B, N, 2)` displacement from the start after the previous iteration, in pixels of its level;
            `None` in the first.
        state: `(B, H)` recurrent state of the previous iteration; `None` in the first.
        mean: `(B, 1)` of the crop, if `image` is the crop: only its patches are standardized then.
        scale: `(B, 1)`, likewise.

    Returns:
        Dict of `shift` `(B, N, 2)`, `state` `(B, H)`, `landmarks` `(B, N, 2)` in crop pixels, x then y,
        `error` `(B,)`, the estimate as a fraction, and `attention` `(B, P)`, by which each patch's features are
        multiplied on average.

    Raises:
        ValueError: If there is no such extractor or global attention.

    Reference: arXiv 2108.00377, section 3.1, equations 1 to 5, figure 4; section 5 for the alternatives, whose
    designs the paper does not give: they are this library's.
    """

    def __init__(
        self,
        start,
        patches,
        places=None,
        step=1.0,
        to_crop=1.0,
        hidden=512,
        patch_size=14,
        local_attention=True,
        extractor="conv",
        global_attention="none",
        **kwargs,
    ):
        # The image may be a `uint8` crop and the shift must stay float32: each part casts what it needs.
        super().__init__(autocast=False, **kwargs)
        self.start = np.asarray(start, "float32")
        self.patches = [int(i) for i in patches]
        self.places, self._riding = None, None
        if places is not None:
            self.places = np.asarray(places, "float32")
            self._riding = near_weights(self.places, self.start).astype("float32")
        self.step = float(step)
        self.to_crop = float(to_crop)
        self.hidden = hidden
        self.patch_size = patch_size
        self.local_attention = local_attention
        self.extractor = extractor
        self.global_attention = global_attention
        one_of("extractor", extractor, EXTRACTORS)
        one_of("global_attention", global_attention, GLOBAL_ATTENTION)
        stage, attend_globally = EXTRACTORS[extractor], GLOBAL_ATTENTION[global_attention]
        self.extract = ExtractPatches(patch_size, dtype=self.dtype_policy, name="extract")
        self.conv1 = stage(dtype=self.dtype_policy, name="conv1")
        self.pool1 = layers.MaxPooling2D(2, dtype=self.dtype_policy, name="pool1")
        self.conv2 = stage(dtype=self.dtype_policy, name="conv2")
        self.pool2 = layers.MaxPooling2D(2, dtype=self.dtype_policy, name="pool2")
        self.attend = (
            LocalPatchAttention(_kernel(), dtype=self.dtype_policy, name="attention") if local_attention else None
        )
        self.attend_globally = attend_globally(
            self.start[self.patches] if self.places is None else self.places,
            dtype=self.dtype_policy,
            name="global_attention",
        )
        self.recur = layers.Dense(
            hidden, activation="tanh", kernel_initializer=_kernel(), dtype=self.dtype_policy, name="recurrence"
        )
        # Displacements and the error estimate decide where patches lie: always float32.
        self.regress = layers.Dense(
            2 * len(self.start) + 1, kernel_initializer=_kernel(), dtype="float32", name="regression"
        )

    @property
    def feature_size(self) -> int:
        """Number of components of one patch's feature vector."""
        second = (self.patch_size - 2) // 2 - 2
        return (second // 2) ** 2 * 64

    def build(self, *shapes, **named_shapes):
        window = (None, self.patch_size, self.patch_size, 3)
        self.conv1.build(window)
        after = (self.patch_size - 2) // 2
        self.conv2.build((None, after, after, 32))
        if self.attend:
            self.attend.build((None, self.feature_size))
        if self.attend_globally:
            self.attend_globally.build((None, len(self.patches), self.feature_size))
        self.recur.build((None, len(self.patches) * self.feature_size + self.hidden))
        self.regress.build((None, self.hidden))
        self.built = True

    def features(self, windows):
        """`(M, k, k, 3)` patches to `(M, F)` features: the center of conv2 beside its pooled version."""
        x = self.conv2(self.pool1(self.conv1(windows)))
        pooled = self.pool2(x)
        size, side = x.shape[1], pooled.shape[1]
        edge = (size - side) // 2
        center = x[:, edge : edge + side, edge : edge + side]
        return ops.reshape(ops.concatenate([center, pooled], -1), (-1, self.feature_size))

    def _centers(self, start, shift):
        """`(B, P, 2)` middles of the patches."""
        if self.places is None or self._riding is None:
            return ops.take(start + shift, np.asarray(self.patches), axis=1)
        # Few products of single numbers: as matrices that every runtime has.
        return ops.convert_to_tensor(self.places[None]) + ops.matmul(ops.convert_to_tensor(self._riding[None]), shift)

    def call(self, image, shift=None, state=None, mean=None, scale=None):
        batch = ops.shape(image)[0]
        start = ops.convert_to_tensor(self.start[None])
        if shift is None:
            shift = ops.zeros((batch, *self.start.shape), "float32")
        else:
            shift = ops.cast(shift, "float32") * self.step
        if state is None:
            state = ops.zeros((batch, self.hidden), dtype=self.compute_dtype)
        windows = self.extract(image, self._centers(start, shift))
        if mean is not None:
            windows = ops.cast(standardize(windows, mean, scale), self.compute_dtype)
        features = self.features(ops.reshape(windows, (-1, self.patch_size, self.patch_size, 3)))
        attention = ops.ones((batch, len(self.patches)), dtype="float32")
        if self.attend:
            features, own = self.attend(features)
            attention = ops.reshape(ops.mean(ops.cast(own, "float32"), -1), (-1, len(self.patches)))
        if self.attend_globally:
            features = ops.reshape(features, (-1, len(self.patches), self.feature_size))
            features, weight = self.attend_globally(features)
            attention = attention * ops.cast(weight, "float32")
        features = ops.reshape(features, (-1, len(self.patches) * self.feature_size))
        state = self.recur(ops.concatenate([features, ops.cast(state, features.dtype)], -1))
        out = self.regress(ops.cast(state, "float32"))
        shift = shift + ops.reshape(out[:, :-1], (-1, *self.start.shape))
        landmarks = (start + shift) * self.to_crop
        return {
            "shift": shift,
            "state": state,
            "landmarks": ops.take(landmarks, [1, 0], axis=-1),
            "error": out[:, -1],
            "attention": attention,
        }

    def compute_output_spec(self, image, shift=None, state=None, mean=None, scale=None):
        batch, points = image.shape[0], len(self.start)
        return {
            "shift": keras.KerasTensor((batch, points, 2), dtype="float32"),
            "state": keras.KerasTensor((batch, self.hidden), dtype=self.compute_dtype),
            "landmarks": keras.KerasTensor((batch, points, 2), dtype="float32"),
            "error": keras.KerasTensor((batch,), dtype="float32"),
            "attention": keras.KerasTensor((batch, len(self.patches)), dtype="float32"),
        }

    def get_config(self):
        return super().get_config() | {
            "start": self.start.tolist(),
            "patches": self.patches,
            "places": None if self.places is None else self.places.tolist(),
            "step": self.step,
            "to_crop": self.to_crop,
            "hidden": self.hidden,
            "patch_size": self.patch_size,
            "local_attention": self.local_attention,
            "extractor": self.extractor,
            "global_attention": self.global_attention,
        }
