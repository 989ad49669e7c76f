"""The rule of "knowing when to quit" as a layer."""

import keras
from keras import ops

from kerasalign.models.musica.exit_rule import check_threshold


@keras.saving.register_keras_serializable(package="kerasalign")
class SelectIteration(keras.layers.Layer):
    """Picks, face by face, the first iteration whose error estimate is below T_s, else the last.

    `exit_rule.exit_rule` and `exit_rule.failed` are the same rule in numpy.

    Args:
        success_threshold: T_s in percent, strict; `None` picks the last iteration.
        failure_threshold: T_f in percent: above it at the last iteration the face has failed; `None`: never.

    Call arguments:
        landmarks: `(B, I, N, 2)`.
        error: `(B, I)` estimates as fractions.

    Returns:
        Dict of `landmarks` `(B, N, 2)`, `error` `(B,)` percent, `iterations` `(B,)` int32 counted from 1,
        `failed` `(B,)` bool, `cascade_landmarks` (the input) and `cascade_error` (percent).

    Reference: arXiv 2108.00377, section 3.2.
    """

    def __init__(self, success_threshold=None, failure_threshold=None, **kwargs):
        super().__init__(**kwargs)
        self.success_threshold = check_threshold("success_threshold", success_threshold)
        self.failure_threshold = check_threshold("failure_threshold", failure_threshold)

    def call(self, landmarks, error):
        error = 100.0 * ops.cast(error, "float32")
        count = error.shape[1]
        index = ops.arange(count, dtype="int32")
        if self.success_threshold is None:
            last = ops.zeros_like(error[:, 0], dtype="int32") + (count - 1)
        else:
            # An iteration that does not succeed counts as `count - 1`: the smallest number wins.
            good = ops.where(error < self.success_threshold, index, count - 1)
            last = ops.min(good, axis=1)
        chosen = ops.cast(last[:, None] == index, "float32")
        final = ops.sum(error * chosen, 1)
        if self.failure_threshold is None:
            failed = ops.zeros_like(final, dtype="bool")
        else:
            failed = ops.logical_and(last == count - 1, final > self.failure_threshold)
        return {
            "landmarks": ops.sum(landmarks * chosen[:, :, None, None], 1),
            "error": final,
            "iterations": last + 1,
            "failed": failed,
            "cascade_landmarks": landmarks,
            "cascade_error": error,
        }

    def compute_output_spec(self, landmarks, error):
        batch, _, points, _ = landmarks.shape
        return {
            "landmarks": keras.KerasTensor((batch, points, 2), "float32"),
            "error": keras.KerasTensor((batch,), "float32"),
            "iterations": keras.KerasTensor((batch,), "int32"),
            "failed": keras.KerasTensor((batch,), "bool"),
            "cascade_landmarks": keras.KerasTensor(landmarks.shape, "float32"),
            "cascade_error": keras.KerasTensor(error.shape, "float32"),
        }

    def get_config(self):
        return super().get_config() | {
            "success_threshold": self.success_threshold,
            "failure_threshold": self.failure_threshold,
        }
