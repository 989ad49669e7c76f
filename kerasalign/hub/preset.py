"""One entry of the manifest, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from kerasalign.core.origin import LARGEST, Weights, from_fields
from kerasalign.geometry import CropSpec
from kerasalign.models import read_config
from kerasalign.support.checks import check_types


@dataclass(frozen=True)
class Result:
    """A number and how it was made; ours when it names a command and a measurement file, else the paper's.

    Args:
        protocol: Name of the evaluation `Protocol`.
        nme: Normalized mean error in percent.
        box_source: Where the face boxes came from; empty where a paper does not say.
        faces: Number of faces measured; 0 where a paper does not say.
        fr: Failure rate in percent, where it was measured.
        auc: Area under the CED curve as a fraction, where it was measured.
        iterations: Average number of iterations, for models that exit early.
        command: The command that made the number.
        file: The measurement file, relative to the top of the repository.
        note: What to know when the number is read.
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
    note: str = ""

    def __post_init__(self) -> None:
        check_types(self, LARGEST)
        if not 0 < self.nme < 100:
            raise ValueError(f"`nme` must be in percent, between 0 and 100. Received: nme={self.nme!r}")


@dataclass(frozen=True)
class Preset:
    """An entry of the manifest: what a preset is, where its weights are, and its numbers.

    Args:
        name: `<paper><variant>-<data>`, such as `"musica19-300w"`.
        paper: Short name of the paper, such as `"musica"`.
        dataset: Data set that the preset is made for.
        architecture: Config for `kerasalign.models.build`: `"class"` and the fields of its config.
        crop: Config of the `CropSpec` that the model was trained with.
        reader_options: Options of the data set's reader that belong to the preset, such as `{"images": "wild"}`; its
            training and its evaluation have them.
        trainable: Whether `get_recipe` has its training recipe; `notes` say why a preset has none.
        weights: The trained weights; `None` until somebody publishes them.
        measured: Our numbers, of `weights` or of a run whose weights are not published, which their notes say.
        paper_results: The paper's numbers for this model.
        notes: What a user should know before using it.
    """

    name: str
    paper: str
    dataset: str
    architecture: Mapping[str, Any]
    crop: Mapping[str, Any]
    reader_options: Mapping[str, Any] = field(default_factory=dict)
    trainable: bool = False
    weights: Weights | None = None
    measured: tuple[Result, ...] = ()
    paper_results: tuple[Result, ...] = ()
    notes: str = ""
    markup: str | None = field(init=False)

    def __post_init__(self) -> None:
        if not isinstance(self.trainable, bool):
            raise ValueError(f"`trainable` must be true or false. Received: trainable={self.trainable!r}")
        check_types(self, LARGEST, skip=("markup",))
        if "class" not in self.architecture:
            raise ValueError(f"`architecture` must name its `class`. Received: architecture={dict(self.architecture)}")
        for result in self.measured:
            if not (result.command and result.file and result.box_source):
                raise ValueError(f"A measured number needs its `command`, `file` and `box_source`. Received: {result}")
        object.__setattr__(self, "markup", self.architecture.get("markup"))

    @property
    def available(self) -> bool:
        """Whether somebody has trained weights for it; `load` may not have them here."""
        return self.weights is not None

    def check_crop(self) -> None:
        """Checks the architecture by the config of its class, and that `crop` is that config's.

        Raises:
            ValueError: If the class or a field is unknown, a field is out of range, or the crops differ.
        """
        crop = read_config(self.architecture).crop
        if crop != CropSpec.from_config(dict(self.crop)):
            raise ValueError(f"`crop` is not that of its architecture, {crop}. Received: crop={dict(self.crop)}")

    def to_json(self) -> dict[str, Any]:
        """The entry as the manifest holds it, under the preset's name."""
        entry = asdict(self)
        del entry["name"], entry["markup"]
        if not entry["reader_options"]:
            del entry["reader_options"]
        if entry["weights"] is not None:
            entry["weights"] = {key: value for key, value in entry["weights"].items() if value not in (None, "", {})}
        for key in ("measured", "paper_results"):
            entry[key] = [{k: v for k, v in result.items() if v not in (None, "")} for result in entry[key]]
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
                entry[key] = tuple(from_fields(Result, item) for item in entry.get(key, ()))
            preset = from_fields(cls, {"name": name, **entry})
            preset.check_crop()
            return preset
        except (TypeError, ValueError, AttributeError, ArithmeticError, LookupError, RecursionError) as error:
            raise ValueError(f"Preset '{name}' of the manifest: {error}") from error
