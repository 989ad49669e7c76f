"""One entry of the manifest, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any, Self

SOURCES = ("bundled", "checkout", "hub", "folder")
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


@dataclass(frozen=True)
class Weights:
    """A weights file and everything needed to trust it.

    Args:
        file: A `.weights.h5`: its name in the package's or the checkout's `weights/` folder, the Hub repository or the
            preset's folder.
        source: `"bundled"` (in the wheel), `"checkout"` (in the folder `weights/` of the project's repository, which no
            wheel holds), `"hub"`, or `"folder"` (beside the entry itself).
        sha256: Digest of the file, 64 hex digits.
        bytes: Size of the file.
        dtype: Type that the numbers are stored in, such as `"float16"`.
        licence: Terms of the weights.
        commercial_use: Whether the licence and the training data's terms allow commercial use.
        training_data: The data sets that the weights were trained on.
        repo: Hub repository, `"user/name"`; only for `source="hub"`.
        revision: Full commit of the repository, so that the file can never change under a release.
        base: The preset that the weights were fine-tuned from; empty where they started at random.
        training: How they were trained: settings and versions, as a run card holds them.
    """

    file: str
    source: str
    sha256: str
    bytes: int
    dtype: str
    licence: str
    commercial_use: bool
    training_data: tuple[TrainingData, ...]
    repo: str | None = None
    revision: str | None = None
    base: str = ""
    training: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
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

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> Self:
        """Checks weights of the manifest.

        Raises:
            ValueError: If a field is missing, unknown or out of range.
        """
        data = tuple(_build(TrainingData, item) for item in entry.get("training_data", ()))
        return _build(cls, {**entry, "training_data": data})


@dataclass(frozen=True)
class Result:
    """A number and how it was made; ours when it names a command and a measurement file, else the paper's.

    Args:
        protocol: Name of the evaluation `Protocol`.
        nme: Normalised mean error in percent.
        box_source: Where the face boxes came from; empty where a paper does not say.
        faces: Number of faces measured; 0 where a paper does not say.
        fr: Failure rate in percent, where it was measured.
        auc: Area under the CED curve as a fraction, where it was measured.
        iterations: Average number of iterations, for models that exit early.
        command: The command that made the number.
        file: The measurement file, relative to the top of the repository.
    """

    protocol: str
    nme: float
    box_source: str = ""
    faces: int = 0
    fr: float | None = None
    auc: float | None = None
    iterations: float | None = None
    command: str = ""
    file: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.nme < 100:
            raise ValueError(f"`nme` must be in percent, between 0 and 100. Received: nme={self.nme!r}")


@dataclass(frozen=True)
class Preset:
    """Everything the library knows of a preset, as the manifest holds it.

    Args:
        name: `<paper><variant>-<data>`, such as `"musica19-300w"`.
        paper: Short name of the paper, such as `"musica"`.
        dataset: Data set that the preset is made for.
        architecture: Config for `kerasalign.models.build`: `"class"` and its constructor's arguments.
        crop: Config of the `CropSpec` that the model was trained with.
        recipe: Name of the training recipe; empty where the preset cannot be trained from public data.
        weights: The trained weights; `None` until somebody publishes them.
        measured: Our numbers for `weights`.
        paper_results: The paper's numbers for this model.
        notes: What a user should know before using it.
    """

    name: str
    paper: str
    dataset: str
    architecture: Mapping[str, Any]
    crop: Mapping[str, Any]
    recipe: str = ""
    weights: Weights | None = None
    measured: tuple[Result, ...] = ()
    paper_results: tuple[Result, ...] = ()
    notes: str = ""
    markup: str | None = field(init=False)

    def __post_init__(self) -> None:
        if "class" not in self.architecture:
            raise ValueError(f"`architecture` must name its `class`. Received: architecture={dict(self.architecture)}")
        for result in self.measured:
            if not (result.command and result.file and result.box_source):
                raise ValueError(f"A measured number needs its `command`, `file` and `box_source`. Received: {result}")
        object.__setattr__(self, "markup", self.architecture.get("markup"))

    @property
    def available(self) -> bool:
        """Whether there are trained weights, wherever they lie."""
        return self.weights is not None

    def to_json(self) -> dict[str, Any]:
        """The entry as the manifest holds it, under the preset's name."""
        entry = asdict(self)
        del entry["name"], entry["markup"]
        if entry["weights"] is not None:
            entry["weights"] = {key: value for key, value in entry["weights"].items() if value not in (None, "", {})}
        unsaid = (None, "")
        for key in ("measured", "paper_results"):
            entry[key] = [{k: v for k, v in result.items() if v not in unsaid} for result in entry[key]]
        return entry

    @classmethod
    def from_json(cls, name: str, entry: Mapping[str, Any]) -> Self:
        """Checks one entry of the manifest.

        Raises:
            ValueError: If a field is missing, unknown or out of range; the message names preset and field.
        """
        try:
            entry = dict(entry)
            if entry.get("weights") is not None:
                entry["weights"] = Weights.from_json(entry["weights"])
            for key in ("measured", "paper_results"):
                entry[key] = tuple(_build(Result, item) for item in entry.get(key, ()))
            return _build(cls, {"name": name, **entry})
        except (TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"Preset '{name}' of the manifest: {error}") from error


def _build(cls: type, entry: Mapping[str, Any]):
    """Builds a dataclass from JSON; an unknown field is an error, so that a slip in a key is seen."""
    known = {f.name: f for f in fields(cls) if f.init}
    unknown = sorted(set(entry) - set(known))
    needed = (f.name for f in known.values() if f.default is MISSING and f.default_factory is MISSING)
    missing = sorted(name for name in needed if name not in entry)
    if unknown or missing:
        raise ValueError(
            f"`{cls.__name__}` has the fields {sorted(known)}. "
            f"Received: unknown fields {unknown}, missing fields {missing}"
        )
    return cls(**entry)
