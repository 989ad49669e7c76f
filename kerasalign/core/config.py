"""The arguments of a model as a frozen dataclass, for its constructor, files, the manifest and recipes alike."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from kerasalign.core.transfer import Transfer, plan_transfer
from kerasalign.geometry import CropSpec
from kerasalign.markups import Markup, check_markup_name, get_markup, markup_config, markup_from_config
from kerasalign.support.checks import at_least, check_types

if TYPE_CHECKING:
    from kerasalign.core.landmark_model import LandmarkModel

#: Largest whole number in a config. Networks of this field have widths, sizes and counts of up to some thousands.
MOST = 65_536


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """What the configs of all models share. A paper's config adds its own fields and the crop.

    Configs check their fields when they are made, compare by value, and load no Keras. Lists and arrays become tuples.
    `None` may stand for a default that other fields decide; `resolved()` fills it in, and a model's `config` is
    resolved.

    Args:
        markup: Point scheme, by name or as a `Markup`; `None` with `num_landmarks`.
        num_landmarks: Number of landmarks N; needed where there is no markup.
        crop_shift: Shift of the crop's center from the box's, in units of the box's longer side.
        dtype: Name of the dtype policy of the layers, such as `"mixed_bfloat16"`; `None`: Keras' global policy.
            Landmarks are float32 in any case.

    Raises:
        ValueError: If a field is out of range, or two fields do not fit each other.

    Example:

        config = SCCConfig(markup="98", width=32)
        model = config.build()
        assert SCCConfig.from_json(config.to_json()) == config
    """

    # The model class, as "module:class", so that a config knows its network without loading it.
    network: ClassVar[str]

    markup: str | Markup | None = "68"
    num_landmarks: int | None = None
    crop_shift: tuple[float, float] = (0.0, 0.0)
    dtype: str | None = None

    def __post_init__(self) -> None:
        markup = None if self.markup is None else get_markup(self.markup)
        if markup is not None:
            check_markup_name(markup)
        if self.num_landmarks is not None:
            check_types(self, MOST, skip=[field.name for field in fields(self) if field.name != "num_landmarks"])
            at_least(1, num_landmarks=self.num_landmarks)
        if markup is None and self.num_landmarks is None:
            raise ValueError("Give `markup` or `num_landmarks`. Received: neither")
        if markup is not None and self.num_landmarks not in (None, markup.num_points):
            raise ValueError(
                f"Markup '{markup.name}' has {markup.num_points} points. Received: num_landmarks={self.num_landmarks}"
            )
        values = {field.name: _plain(getattr(self, field.name)) for field in fields(self)}
        # A policy object stands for its name.
        values |= {"markup": markup, "dtype": getattr(self.dtype, "name", self.dtype)}
        for name, value in values.items():
            object.__setattr__(self, name, value)
        check_types(self, MOST, skip=("network", "markup"))

    @property
    def scheme(self) -> Markup | None:
        """The point scheme; `None` where only the number of landmarks is known."""
        return None if self.markup is None else get_markup(self.markup)

    @property
    def num_points(self) -> int:
        """Number of landmarks N."""
        return self.num_landmarks if self.scheme is None else self.scheme.num_points  # type: ignore[return-value]

    @property
    def crop(self) -> CropSpec:
        """How a face is cut out of a photo for this network."""
        raise NotImplementedError(f"{type(self).__name__} must have a property `crop`.")

    @classmethod
    def class_name(cls) -> str:
        """Name of the model class, such as `"SCC"`."""
        return cls.network.rpartition(":")[2]

    @classmethod
    def model_class(cls) -> type[LandmarkModel]:
        """The model class. Keras loads here."""
        return pkgutil.resolve_name(cls.network)

    def build(self, name: str | None = None) -> LandmarkModel:
        """An untrained model of this config.

        Args:
            name: Name of the Keras model.
        """
        return self.model_class()(self, name=name)

    def resolved(self) -> Self:
        """This config with its `None` defaults filled in, as a model holds it. Keras loads here."""
        import keras

        return replace(self, dtype=keras.dtype_policies.get(self.dtype).name)

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed.

        Raises:
            ValueError: If a field is unknown or out of range.
        """
        self._check_markup_names(changes)
        return replace(self, **changes)

    def mean_face(self) -> np.ndarray | None:
        """`(N, 2)` mean face of the points in pixels of the crop: the markup's schematic one; `None` without one."""
        if self.scheme is None:
            return None
        side = self.crop.size / self.crop.scale
        center = (self.crop.size - 1) / 2 - np.asarray(self.crop.shift) * side
        return self.scheme.mean_shape * side + center

    def transfer(
        self,
        markup: Markup,
        landmarks: np.ndarray | None = None,
        points: Sequence[int | Sequence[int]] | None = None,
    ) -> Transfer | None:
        """Where other points lie among those of this config; `None` for a config without a markup.

        Args:
            markup: The new point scheme.
            landmarks: As for `for_markup`.
            points: As for `kerasalign.adapt`.
        """
        shape = self.mean_face()
        if self.scheme is None or shape is None:
            return None
        return plan_transfer(self.scheme, shape, self.crop, markup, landmarks, points)

    def for_markup(self, markup: Markup, landmarks: np.ndarray | None = None, transfer: Transfer | None = None) -> Self:
        """The config of this network for other points, to fine-tune it on them.

        Crops are cut by the box of the new points such that faces look as they did. A config whose points decide more
        than their number overrides this.

        Args:
            markup: The new point scheme.
            landmarks: Annotations `(F, N, 2)` in pixels of photos or crops, NaN where a point is not annotated; `None`:
                the schematic face of the markup decides.
            transfer: What `transfer` gave, if it is known already.
        """
        transfer = transfer or self.transfer(markup, landmarks)
        return self.replace(markup=markup, num_landmarks=None, **self._crop_of(transfer))

    def _crop_of(self, transfer: Transfer | None) -> dict[str, Any]:
        """The fields of the crop for other points; boxes of a detector stay what they are."""
        names = {field.name for field in fields(self)}
        if transfer is None or self.crop.box != "landmarks" or "crop_scale" not in names:
            return {}
        return {
            "crop_scale": round(transfer.scale, 4),
            "crop_shift": tuple(round(value, 4) + 0.0 for value in transfer.shift),
        }

    def to_json(self) -> dict[str, Any]:
        """Plain values that `from_json` reads; a markup that is not built in is written out as `"markup_spec"`."""
        return {field.name: _lists(getattr(self, field.name)) for field in fields(self)} | markup_config(self.scheme)

    def architecture(self) -> dict[str, Any]:
        """As `to_json`, with the name of the model class as `"class"`: the form of the manifest."""
        return {"class": self.class_name()} | self.to_json()

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """Reads what `to_json` wrote; fields that are left out have their defaults.

        A `"markup_spec"` is registered where its name is not known.

        Raises:
            ValueError: If a field is unknown or out of range.
        """
        return cls.of(None, markup_from_config(content))

    @classmethod
    def of(cls, config: Self | None, values: Mapping[str, Any]) -> Self:
        """The config from a constructor's arguments: a config, or its fields by name.

        Raises:
            ValueError: If both are given, `config` is of another class, or a field is unknown or out of range.
        """
        if config is None:
            cls._check_markup_names(values)
            return cls(**values)
        if type(config) is not cls:
            raise ValueError(
                f"`config` must be of class {cls.__name__}; fields go by name. Received: config={config!r}"
            )
        if values:
            raise ValueError(f"Give `config` or its fields, not both. Received: config and {sorted(values)}")
        return config

    @classmethod
    def _check_markup_names(cls, values: Mapping[str, Any]) -> None:
        known = [field.name for field in fields(cls)]
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise ValueError(f"{cls.class_name()} takes the arguments {known}. Received: {unknown}")


def _plain(value: Any) -> Any:
    """Lists, ranges and arrays as tuples, numpy's numbers as Python's."""
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    return tuple(map(_plain, value)) if isinstance(value, (list, tuple, range)) else value


def _lists(value: Any) -> Any:
    return list(map(_lists, value)) if isinstance(value, tuple) else value
