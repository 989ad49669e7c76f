"""NME as a Keras metric, for `compile(metrics=...)`."""

from __future__ import annotations

from collections.abc import Mapping

import keras
from keras import ops

from kerasalign.markups import Markup, get_markup, markup_config, markup_from_config
from kerasalign.support.checks import one_of

_BOX_LENGTHS = {
    "box_size": lambda width, height: ops.sqrt(width * height),
    "box_diagonal": lambda width, height: ops.sqrt(width * width + height * height),
    "box_width": lambda width, height: width,
    "box_height": lambda width, height: height,
}


@keras.saving.register_keras_serializable(package="kerasalign")
class NormalizedMeanError(keras.metrics.Metric):
    """Mean NME over faces, in percent, as a Keras metric.

    The same number as `kerasalign.metrics.nme(...).mean()`, on any Keras backend. Points that are not
    annotated are skipped. Faces with an undefined NME (no annotated point, or an eye that is not annotated) are
    skipped too, whereas `nme` raises. A prediction that is not finite makes the metric NaN, and so does a set in which
    no face has a defined NME. `keras.callbacks.ModelCheckpoint` never takes it for the best if it is given
    `initial_value_threshold=float("inf")`; training by a recipe never does.

    Args:
        markup: The point scheme, or its name.
        normalizer: `"inter_ocular"`, `"inter_pupil"`, `"corner_midpoint"` (as far as the markup has them),
            `"box_size"`, `"box_diagonal"`, `"box_width"` or `"box_height"`; boxes are the tight ones of the ground
            truth.
        name: Name of the metric.
        dtype: Data type of the state.

    Raises:
        ValueError: If the markup has no such eye pair or the normalizer is unknown.

    Example:

        model.compile("adam", metrics=[NormalizedMeanError("68", "box_size", name="nme_box")])
    """

    def __init__(self, markup: str | Markup = "68", normalizer: str = "inter_ocular", name: str = "nme", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.markup = get_markup(markup)
        self.normalizer = normalizer
        choices = [*self.markup.eyes, "corner_midpoint", *_BOX_LENGTHS]
        one_of("normalizer", normalizer, choices, f"for markup '{self.markup.name}'")
        if normalizer in _BOX_LENGTHS:
            self._eyes = None
        elif normalizer in self.markup.eyes:
            self._eyes = self.markup.eye_groups(normalizer)
        else:
            self._eyes = self.markup.eye_corners()
        self.total = self.add_weight(name="total", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds a batch.

        Args:
            y_true: `(B, N, 2)` ground truth, NaN where a point is not annotated.
            y_pred: `(B, N, 2)`, or a model's output dict with key `"landmarks"`, in the same coordinates.
            sample_weight: `(B,)` weights of the faces, or `None`.
        """
        if isinstance(y_pred, Mapping):
            y_pred = y_pred["landmarks"]
        y_true, y_pred = ops.cast(y_true, "float32"), ops.cast(y_pred, "float32")
        known = ops.logical_not(ops.any(ops.isnan(y_true), axis=-1))
        length = self._length(y_true, known)
        squares = ops.sum(ops.square(y_pred - ops.where(known[..., None], y_true, 0.0)), axis=-1)
        errors = ops.where(known, ops.sqrt(squares), 0.0)
        number = ops.sum(ops.cast(known, "float32"), axis=-1)
        # NaN > 0 is False: an unknown length takes the face out.
        defined = ops.logical_and(length > 0, number > 0)
        nme = 100.0 * ops.sum(errors, axis=-1) / ops.where(defined, number * length, 1.0)
        weight = ops.cast(defined, "float32")
        if sample_weight is not None:
            weight = weight * ops.reshape(ops.cast(sample_weight, "float32"), ops.shape(weight))
        self.total.assign_add(ops.cast(ops.sum(ops.where(weight > 0, nme * weight, 0.0)), self.total.dtype))
        self.count.assign_add(ops.cast(ops.sum(weight), self.count.dtype))

    def _length(self, y_true, known):
        if self._eyes is None:
            known = known[..., None]
            low = ops.min(ops.where(known, y_true, 1e30), axis=1)
            high = ops.max(ops.where(known, y_true, -1e30), axis=1)
            sides = ops.maximum(high - low, 0.0)
            return _BOX_LENGTHS[self.normalizer](sides[:, 0], sides[:, 1])
        right, left = (ops.mean(ops.take(y_true, list(eye), axis=1), axis=1) for eye in self._eyes)
        return ops.sqrt(ops.sum(ops.square(right - left), axis=-1))

    def result(self):
        """The mean NME so far in percent; NaN before any face with a defined one."""
        return ops.where(self.count > 0, ops.divide_no_nan(self.total, self.count), float("nan"))

    def get_config(self):
        """Config that rebuilds the metric."""
        return super().get_config() | markup_config(self.markup) | {"normalizer": self.normalizer}

    @classmethod
    def from_config(cls, config):
        """Rebuilds the metric from `get_config`; registers the markup if it is not built in."""
        return cls(**markup_from_config(config))
