"""The base of every face-alignment model: one input, one output, one target."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self

import keras
import numpy as np
from keras import ops

from kerasalign.core.align_mixin import AlignMixin, PresetMixin
from kerasalign.core.batches import check_crops_and_target, check_metrics, check_source
from kerasalign.core.callbacks import with_nan_guard
from kerasalign.core.compiled import compiled, predict_in_batches, replicas
from kerasalign.core.config import ModelConfig
from kerasalign.core.crop_model import check_crops
from kerasalign.core.error_calibration import ErrorCalibration
from kerasalign.core.finite import non_finite
from kerasalign.core.origin import Origin, read_origin, write_origin
from kerasalign.core.point_axis import PointAxis
from kerasalign.core.weight_list import WeightList
from kerasalign.core.weighted import weighted_mean
from kerasalign.geometry import CropSpec
from kerasalign.markups import Markup
from kerasalign.metrics.nme_metric import NormalizedMeanError
from kerasalign.support.forks import note_network


class LandmarkModel(AlignMixin, PresetMixin, keras.Model):
    """A Keras model from face crops to landmarks.

    Call arguments:
        crops: `(B, S, S, 3)` RGB, `uint8` or float in 0..255; (0, 0, 0) marks pixels outside the photo.

    Returns:
        Dict; `"landmarks"` is `(B, N, 2)` float32, x then y, in crop pixels. What else there is depends on the
        model.

    `fit(crops, landmarks)` trains it: the target is `(B, N, 2)` in crop pixels, NaN where a point is not
    annotated. `compile()` needs no loss. A subclass names its `config_class`, sets `config` in its constructor and
    implements `face_loss`.
    """

    config_class: ClassVar[type[ModelConfig]]
    # The arguments of the model, resolved.
    config: ModelConfig
    # The library's own detector runs in the same.
    runtime: str = "keras"
    # Parts of the paths of weights that the points decide, and where the points lie on them; `None`: for another markup
    # they start anew. The first part that fits counts.
    point_weights: Mapping[str, PointAxis | None] = MappingProxyType({})
    # Name of the registered file format that `inference_stages` are exported in; `None` where there are no stages.
    staged_format: str | None = None
    # The metric that `compile` adds.
    nme_metric: NormalizedMeanError | None = None
    # Where the weights come from, and so whose terms they are under; `load` notes it.
    origin: Origin | None = None
    # What the network's error estimates mean; `load` notes it, and training or other weights drop it.
    error_calibration: ErrorCalibration | None = None

    @property
    def markup(self) -> Markup | None:
        """The point scheme; `None` where only the number of landmarks is known."""
        return self.config.scheme

    @property
    def num_landmarks(self) -> int:
        """Number of landmarks N."""
        return self.config.num_points

    @property
    def crop_spec(self) -> CropSpec:
        """How a face is cut out of a photo."""
        return self.config.crop

    if TYPE_CHECKING:
        # Keras has no types: without this, checkers take the constructor for that of `object`.
        def __init__(self, *args: Any, **kwargs: Any) -> None: ...

    def __new__(cls, *args: Any, **kwargs: Any):
        # Before a constructor makes its first layer.
        note_network()
        return super().__new__(cls, *args, **kwargs)

    def with_origin(self, origin: Origin | None) -> Self:
        """Notes on this model where its weights come from, and returns it."""
        # Past Keras' attribute tracking: it is a note, not a part of the model.
        object.__setattr__(self, "origin", origin)
        return self

    def with_error_calibration(self, calibration: ErrorCalibration | None) -> Self:
        """Notes on this model what its error estimates mean, and returns it; `align` then reports them so."""
        object.__setattr__(self, "error_calibration", calibration)
        return self

    def compile(
        self,
        optimizer="adam",
        nme_normalizer: str | None = None,
        jit_compile="auto",
        auto_scale_loss: bool = True,
        **kwargs,
    ):
        """Configures training.

        Args:
            optimizer: A Keras optimizer or its name.
            nme_normalizer: The distance by which the reported NME is divided; by default `"inter_ocular"`, and for a
                markup without eyes `"box_size"`.
            jit_compile: Whether XLA compiles the steps. `"auto"`: as Keras does, but under TensorFlow not.
            auto_scale_loss: Whether the loss of a `"mixed_float16"` network is scaled, so that small gradients do not
                vanish.
            **kwargs: As in `keras.Model.compile`; a `loss` is refused, the model brings its own. `metrics` compare
                landmarks, and are named otherwise than the model's own `"loss"` and `"nme"`.

        Raises:
            ValueError: If a loss is given, or metrics are of other outputs or have names that are taken.
        """
        if kwargs.get("loss") is not None:
            raise ValueError(f"{type(self).__name__} brings its own loss. Received: loss={kwargs['loss']!r}")
        for name in ("metrics", "weighted_metrics"):
            check_metrics(name, kwargs.get(name))
        nme = None
        if self.markup:
            default = "inter_ocular" if "inter_ocular" in self.markup.eyes else "box_size"
            nme = NormalizedMeanError(self.markup, nme_normalizer or default, name="nme")
        asked = {"jit_compile": jit_compile, "auto_scale_loss": auto_scale_loss}
        if jit_compile == "auto" and keras.backend.backend() == "tensorflow":
            # On a CPU XLA's convolutions take two to five times as long, and up to a minute to compile.
            jit_compile = False
        optimizer = keras.optimizers.get(optimizer)
        scaled = optimizer is None or isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        if auto_scale_loss and self.config.dtype == "mixed_float16" and not scaled:
            # Keras looks at the policy of the model, and the layers alone have one.
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
        # Keras goes on with the metrics of the call before, where this one names none, and counts with replaced ones.
        self._compile_metrics = None
        self._tracker.untrack(self.nme_metric)
        super().compile(optimizer=optimizer, jit_compile=jit_compile, auto_scale_loss=auto_scale_loss, **kwargs)
        if self.optimizer is not None:
            # TensorFlow traces a step that makes no variables once instead of twice.
            self.optimizer.build(self.trainable_variables)
        self.nme_metric = nme
        self._asked = asked

    def get_compile_config(self):
        """What `compile` was asked for, as saved files hold it; empty before.

        The model's own NME is among the metrics, so that `keras.Model.compile` takes it as well.
        """
        config = super().get_compile_config()
        if not config:
            return config
        metrics = config.get("metrics")
        metrics = metrics.get("landmarks") if isinstance(metrics, Mapping) and "landmarks" in metrics else metrics
        metrics = [] if metrics is None else metrics if isinstance(metrics, list) else [metrics]
        own = [] if self.nme_metric is None else [keras.saving.serialize_keras_object(self.nme_metric)]
        return config | self._asked | {"metrics": {"landmarks": [*own, *metrics]}}

    def compile_from_config(self, config):
        """Compiles a model from a file as it was when it was saved."""
        config = keras.saving.deserialize_keras_object(config)
        metrics = (config.pop("metrics", None) or {}).get("landmarks", [])
        own = [metric for metric in metrics if getattr(metric, "name", None) == "nme"]
        others = [metric for metric in metrics if metric not in own]
        normalizer = own[0].normalizer if own else None
        self.compile(nme_normalizer=normalizer, metrics={"landmarks": others} if others else None, **config)

    def __call__(self, *args, **kwargs):
        note_network()
        return super().__call__(*args, **kwargs)

    def make_train_function(self, force=False):
        """As in `keras.Model`: every way to train begins here. What trained weights estimate is not known."""
        note_network()
        self._note_change()
        return super().make_train_function(force)

    def make_test_function(self, force=False):
        """As in `keras.Model`; `evaluate` calls it."""
        note_network()
        return super().make_test_function(force)

    def make_predict_function(self, force=False):
        """As in `keras.Model`; `predict` calls it."""
        note_network()
        return super().make_predict_function(force)

    def face_loss(self, landmarks, outputs):
        """Loss of each face, `(B,)`, from the target `(B, N, 2)` and the model's output dict."""
        raise NotImplementedError(f"{type(self).__name__} must implement face_loss(landmarks, outputs).")

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Mean of `face_loss` over the batch, weighted by `sample_weight`, plus regularization losses."""
        loss = weighted_mean(self.face_loss(ops.cast(y, "float32"), y_pred), sample_weight)
        for extra in self.losses:
            loss = loss + ops.sum(ops.cast(extra, loss.dtype)) / replicas()
        return loss

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        """Updates and returns the metrics; `nme` is in percent."""
        if self.nme_metric is not None:
            self.nme_metric.update_state(y, y_pred["landmarks"], sample_weight)
        # The landmarks alone: of several outputs Keras would want a target each.
        return super().compute_metrics(x, y, {"landmarks": y_pred["landmarks"]}, sample_weight)

    def fit(self, x=None, y=None, *args, **kwargs):
        """As `keras.Model.fit`; shapes and ranges of crops and landmarks are checked before the first step.

        No callback takes an `nme` or loss of NaN for its best.
        """
        x = self._checked(x, y)
        if "callbacks" in kwargs:
            kwargs["callbacks"] = with_nan_guard(kwargs["callbacks"])
        validation = kwargs.get("validation_data")
        if isinstance(validation, tuple):
            self._checked(validation[0], validation[1] if len(validation) > 1 else None)
        elif validation is not None:
            kwargs["validation_data"] = self._checked(validation, None)
        return super().fit(x, y, *args, **kwargs)

    def evaluate(self, x=None, y=None, *args, **kwargs):
        """As `keras.Model.evaluate`; what it gets is checked first."""
        return super().evaluate(self._checked(x, y), y, *args, **kwargs)

    def predict(self, x, *args, **kwargs):
        """As `keras.Model.predict`; what it gets is checked first."""
        return super().predict(self._checked(x, None, with_target=False), *args, **kwargs)

    def train_on_batch(self, x, y=None, *args, **kwargs):
        """As `keras.Model.train_on_batch`; what it gets is checked first."""
        check_crops_and_target(x, y, self.crop_spec.size, self.num_landmarks)
        return super().train_on_batch(x, y, *args, **kwargs)

    def test_on_batch(self, x, y=None, *args, **kwargs):
        """As `keras.Model.test_on_batch`; what it gets is checked first."""
        check_crops_and_target(x, y, self.crop_spec.size, self.num_landmarks)
        return super().test_on_batch(x, y, *args, **kwargs)

    def predict_on_batch(self, x):
        """As `keras.Model.predict_on_batch`; what it gets is checked first."""
        check_crops_and_target(x, None, self.crop_spec.size, self.num_landmarks, with_target=False)
        return super().predict_on_batch(x)

    def _checked(self, x, y, with_target: bool = True):
        return check_source(x, y, self.crop_spec.size, self.num_landmarks, with_target)

    def export(self, filepath, format: str = "tf_saved_model", *args, **kwargs):
        """As `keras.Model.export`; the artifact also says where the weights come from, and their terms.

        `kerasalign.export` writes files that this library opens again, and compares them with Keras.
        """
        super().export(filepath, format, *args, **kwargs)
        self._note_export(filepath, format)

    def get_weights(self) -> WeightList:
        """As in `keras.Model`; the list also holds the model's `origin`, which `set_weights` takes over."""
        return WeightList(super().get_weights(), self.origin, self.error_calibration)

    def set_weights(self, weights) -> None:
        """As in `keras.Model`. Arrays that are not of another model's `get_weights` count as changed weights."""
        super().set_weights(weights)
        if isinstance(weights, WeightList):
            self.with_origin(weights.origin).with_error_calibration(weights.error_calibration)
        else:
            self._note_change()

    def _note_change(self) -> None:
        """The weights are no longer those of the origin, which keeps its terms; what they estimate is not known."""
        self.with_error_calibration(None)
        if self.origin is not None and not self.origin.changed:
            self.with_origin(replace(self.origin, changed=True))

    def save_weights(self, filepath, overwrite: bool = True, **kwargs) -> None:
        """As `keras.Model.save_weights`; a `.weights.h5` file also holds the model's `origin`."""
        super().save_weights(filepath, overwrite, **kwargs)
        if str(filepath).endswith(".weights.h5"):
            write_origin(filepath, self.origin)

    def load_weights(self, filepath, **kwargs):
        """As in `keras.Model`; weights with NaN or infinity are refused.

        `origin` is then what the file says of it, `None` where it says nothing.

        Raises:
            ValueError: If a weight of the file is NaN or infinite. The model then has those weights.
        """
        self.with_error_calibration(None)
        super().load_weights(filepath, **kwargs)
        self.with_origin(read_origin(filepath))
        if spoilt := non_finite(self.weights):
            raise ValueError(f"The weight {spoilt} of the file holds NaN or infinity. Received: filepath={filepath}")

    def predict_crops(
        self, crops: np.ndarray, batch_size: int = 64, outputs: Container[str] | None = None
    ) -> dict[str, np.ndarray]:
        """Runs the model on an array of crops; much quicker than `predict` for few crops.

        Args:
            crops: `(B, S, S, 3)` `uint8` or float32 in 0..255; B may be 0.
            batch_size: Crops per forward pass.
            outputs: Names of the outputs to keep, as far as the model has them; the others, such as heatmaps, are not
                brought into the memory of numpy. By default all.

        Returns:
            The output dict as numpy arrays.
        """
        return predict_in_batches(self._forward(), self.check_crops(crops), batch_size, outputs)

    def predict_all_outputs(self, crops: np.ndarray, batch_size: int = 64) -> dict[str, np.ndarray]:
        """Runs the whole network on every crop, also where `predict_crops` of this model stops early.

        Args:
            crops: As in `predict_crops`.
            batch_size: Crops per forward pass.

        Returns:
            Every output of the network as a numpy array.
        """
        return predict_in_batches(self._forward(), self.check_crops(crops), batch_size)

    def inference_network(self) -> LandmarkModel:
        """The network without what only training needs; it gives the same landmarks. Most have nothing to leave out."""
        return self

    def inference_stages(self, dtype: str = "uint8") -> list[keras.Model]:
        """The network in parts, after each of which a face may be finished; empty for one that runs as a whole.

        Args:
            dtype: Type of the crops that the parts take.
        """
        return []

    def stage_metadata(self) -> dict[str, str]:
        """What a file of `inference_stages` says beside `runtimes.metadata.describe`: text by name."""
        return {}

    def count_macs(self, convention: str = "full") -> int:
        """Multiply-adds of one face.

        Args:
            convention: `"full"` counts every product; `"paper"` counts as the model's paper does, where that differs.

        Raises:
            ValueError: If the convention is unknown.
        """
        from kerasalign.core.profile import profile

        if convention not in ("full", "paper"):
            raise ValueError(f"`convention` must be 'full' or 'paper'. Received: convention={convention!r}")
        if getattr(self, "_macs", None) is None:
            # A pass through the whole network, and it cannot change.
            object.__setattr__(self, "_macs", profile(self).macs)
        return self._macs

    def check_crops(self, crops) -> np.ndarray:
        """Returns crops as an array that the model takes, or says what is wrong with them."""
        crops = check_crops(crops, self.crop_spec.size)
        return crops if crops.dtype == np.uint8 else crops.astype("float32")

    def _forward(self):
        if getattr(self, "_compiled_forward", None) is None:
            # Kept out of Keras' attribute tracking: it is a cache, not a part of the model.
            object.__setattr__(self, "_compiled_forward", compiled(self))
        return self._compiled_forward

    def get_config(self) -> dict[str, Any]:
        """Plain dict that rebuilds the model: its name, the fields of its config, and the origin of its weights."""
        origin = {} if self.origin is None else {"origin": self.origin.to_json()}
        return {"name": self.name} | self.config.to_json() | origin

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects=None) -> Self:
        """Rebuilds a model from `get_config`; an own markup is registered where its name is not known."""
        fields = dict(config)
        name, origin = fields.pop("name", None), fields.pop("origin", None)
        model = cls(cls.config_class.from_json(fields), name=name)
        return model.with_origin(None if origin is None else Origin.from_json(origin))


def check_landmark_model(model: Any) -> None:
    """Raises unless a model is a `LandmarkModel`: a plain Keras model says neither its points nor its terms."""
    if not isinstance(model, LandmarkModel):
        raise ValueError(
            "`model` must be a model of this library, which knows its points and the terms of its weights. "
            "`keras.models.clone_model` gives a plain one; `copy.deepcopy(model)` and "
            "`type(model).from_config(model.get_config())` keep all of it. "
            f"Received: model of class {type(model).__name__}"
        )
