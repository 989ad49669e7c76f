"""The origin of weights, and their terms of use."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from os import PathLike
from typing import Any, Self, TypeVar, cast

from kerasalign.core.error_calibration import ErrorCalibration
from kerasalign.support.checks import check_types
from kerasalign.support.files import plain_json

T = TypeVar("T")

# Attribute of a weights file.
_ATTRIBUTE = "kerasalign_origin"
#: Where a weights file is; `PACKAGE` is the package of that name, whose source is the repository's folder `weights/`.
PACKAGE = "kerasalign-weights"
#: Largest whole number of an entry, such as the bytes of a file, and length of a text.
LARGEST = 2**50
SOURCES = ("bundled", PACKAGE, "hub", "folder")
# A plain relative path: a file that came from elsewhere must not lead out of its folder, and Keras reads this format
# without running code.
_WEIGHTS_FILE = re.compile(r"(?!.*\.\.)[\w-][\w.-]*(/[\w-][\w.-]*)*\.weights\.h5")


@dataclass(frozen=True)
class TrainingData:
    """A data set that weights were trained on.

    Args:
        name: Name of the data set.
        terms: Its terms of use, in words.
        faces: Number of faces that were used.
    """

    name: str
    terms: str
    faces: int

    def __post_init__(self) -> None:
        check_types(self, LARGEST)


@dataclass(frozen=True)
class Weights:
    """A weights file: how to find and verify it, and its terms of use.

    Args:
        file: A `.weights.h5`: its name in the package's folder, the Hub repository or the preset's folder.
        source: `"bundled"` (in this package), `"kerasalign-weights"` (in the package of that name), `"hub"`, or
            `"folder"` (beside the entry itself).
        sha256: Digest of the file, 64 hex digits.
        bytes: Size of the file.
        dtype: Type that the numbers are stored in, such as `"float16"`.
        license: Terms of the weights.
        commercial_use: Whether the license and the training data's terms allow commercial use.
        training_data: The data sets that the weights were trained on.
        repo: Hub repository, `"user/name"`; only for `source="hub"`.
        revision: Full commit of the repository, so that the file can never change under a release.
        base: The preset that the weights were fine-tuned from; empty where they started at random.
        training: How they were trained: settings and versions, as a run card holds them.
        calibration: What the network's error estimates mean, as measured on this file.
        caution: What must be known before they are used, in one line: `load` logs it as a warning.
    """

    file: str
    source: str
    sha256: str
    bytes: int
    dtype: str
    license: str
    commercial_use: bool
    training_data: tuple[TrainingData, ...]
    repo: str | None = None
    revision: str | None = None
    base: str = ""
    training: Mapping[str, Any] = field(default_factory=dict)
    calibration: ErrorCalibration | None = None
    caution: str = ""

    def __post_init__(self) -> None:
        check_types(self, LARGEST)
        if self.source not in SOURCES:
            raise ValueError(f"`source` must be one of {SOURCES}. Received: source={self.source!r}")
        if not isinstance(self.file, str) or not _WEIGHTS_FILE.fullmatch(self.file):
            raise ValueError(f"`file` must be a relative path that ends in .weights.h5. Received: file={self.file!r}")
        if not isinstance(self.sha256, str) or not re.fullmatch("[0-9a-f]{64}", self.sha256):
            raise ValueError(f"`sha256` must be 64 lower-case hex digits. Received: sha256={self.sha256!r}")
        if not isinstance(self.bytes, int) or self.bytes < 1:
            raise ValueError(f"`bytes` must be a positive integer. Received: bytes={self.bytes!r}")
        if not isinstance(self.commercial_use, bool):
            raise ValueError(f"`commercial_use` must be true or false. Received: {self.commercial_use!r}")
        if self.source == "hub" and not (self.repo and re.fullmatch("[0-9a-f]{40}", self.revision or "")):
            raise ValueError(
                "Weights on the Hub need `repo` and a 40-digit commit as `revision`. "
                f"Received: repo={self.repo!r}, revision={self.revision!r}"
            )
        if self.calibration is not None and self.calibration.sha256 != self.sha256:
            raise ValueError(
                "`calibration` was measured on other weights: measure it again. "
                f"Received: calibration of {self.calibration.sha256}, weights {self.sha256}"
            )

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> Self:
        """Checks weights of the manifest.

        Raises:
            ValueError: If a field is missing, unknown or out of range.
        """
        data = tuple(from_fields(TrainingData, item) for item in entry.get("training_data", ()))
        calibration = entry.get("calibration")
        calibration = None if calibration is None else from_fields(ErrorCalibration, calibration)
        return from_fields(cls, {**entry, "training_data": data, "calibration": calibration})


@dataclass(frozen=True)
class Origin:
    """The origin of a loaded model; `load` sets it as the model's `origin`.

    Args:
        name: Name of the preset, or its repository and commit.
        dataset: The data set that it is made for.
        weights: Entry of its published weights; `None` for an untrained network or a weights file of the user's own.
        training: Settings and versions of the training run whose weights file it is, where its run card is there.
        changed: Whether the weights were changed since, by training or by hand. Their terms are then those of `weights`
            and of whatever changed them, which is not known.
    """

    name: str
    dataset: str
    weights: Weights | None = None
    training: dict[str, Any] = field(default_factory=dict)
    changed: bool = False

    @property
    def commercial_use(self) -> bool | None:
        """Whether the terms allow commercial use; `None` where that is not known."""
        if self.weights is None or (self.changed and self.weights.commercial_use):
            return None
        return self.weights.commercial_use

    def to_json(self) -> dict[str, Any]:
        """Plain values that `from_json` reads."""
        return plain_json(asdict(self), "The origin of weights")

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """Reads what `to_json` wrote.

        Raises:
            ValueError: If a field is missing, unknown or out of range.
        """
        weights = content.get("weights")
        return from_fields(cls, {**content, "weights": None if weights is None else Weights.from_json(weights)})


def write_origin(path: str | PathLike[str], origin: Origin | None) -> None:
    """Writes an origin into a `.weights.h5` file; Keras reads past it."""
    if origin is not None:
        import h5py

        with h5py.File(path, "r+") as file:
            file.attrs[_ATTRIBUTE] = json.dumps(origin.to_json())


def read_origin(path: str | PathLike[str]) -> Origin | None:
    """The origin in a `.weights.h5` file; `None` where it holds none.

    Raises:
        ValueError: If what it holds cannot be read: terms that are there are not ignored.
    """
    import h5py

    if not h5py.is_hdf5(path):
        return None
    with h5py.File(path, "r") as file:
        content = file.attrs.get(_ATTRIBUTE)
    if content is None:
        return None
    try:
        return Origin.from_json(json.loads(content))
    except (TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"The origin of the weights in {path} cannot be read: {error}") from error


def from_fields(cls: type[T], entry: Mapping[str, Any]) -> T:
    """Builds a dataclass from a mapping of its fields, as JSON gives it.

    Raises:
        ValueError: If a field is unknown or missing.
    """
    known = {f.name: f for f in fields(cast(Any, cls)) if f.init}
    unknown = sorted(set(entry) - set(known))
    needed = (f.name for f in known.values() if f.default is MISSING and f.default_factory is MISSING)
    missing = sorted(name for name in needed if name not in entry)
    if unknown or missing:
        raise ValueError(
            f"`{cls.__name__}` has the fields {sorted(known)}. "
            f"Received: unknown fields {unknown}, missing fields {missing}"
        )
    return cls(**entry)
