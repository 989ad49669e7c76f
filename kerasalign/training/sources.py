"""The folders that a run trains on: one data set or several."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Literal, Self

from kerasalign.datasets import FaceSample, get_dataset
from kerasalign.training.reading import read_faces

if TYPE_CHECKING:
    from kerasalign.training.recipe import Recipe


@dataclass(frozen=True)
class FaceSource:
    """A data set's folder, the splits of it to train on, and how to read them.

    Args:
        dataset: Name of the data set.
        directory: Its folder in the official layout.
        splits: Its splits.
        reader_options: Options of its reader, such as `{"drop_duplicates": False}`.

    Raises:
        ValueError: If there is no such data set or no split.

    Example:

        sources = [FaceSource("300w", "300W", ("train", "common")), FaceSource("menpo2d", "Menpo2D")]
        get_recipe("sdu-300w").fit(sources, "runs/sdu")
    """

    dataset: str
    directory: str | Path
    splits: tuple[str, ...] = ("train",)
    reader_options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        get_dataset(self.dataset)
        object.__setattr__(self, "splits", tuple(self.splits))
        if not self.splits:
            raise ValueError("`splits` must hold at least one. Received: splits=()")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads `NAME=DIR`, with splits and reader options behind commas: `"300w=DIR,split=train+common,KEY=VALUE"`.

        Raises:
            ValueError: If the text has another form.
        """
        head, *rest = text.split(",")
        name, _, directory = head.partition("=")
        pairs = [part.partition("=")[::2] for part in rest]
        if not name or not directory or not all(key and value for key, value in pairs):
            raise ValueError(f"A source is NAME=DIR[,split=A+B][,KEY=VALUE]. Received: {text!r}")
        options = {key: _value(value) for key, value in pairs}
        splits = str(options.pop("split", "train")).split("+")
        return cls(name, directory, tuple(splits), options)

    def describe(self) -> dict[str, Any]:
        """What a run card says of it: all but where its folders are, which differs between machines."""
        return {
            "dataset": self.dataset,
            "splits": list(self.splits),
            "reader_options": without_places(self.reader_options),
        }


def without_places(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of a reader as a run card holds them: of a path, such as CSV's `images`, only the name."""
    return {key: PurePath(value).name if isinstance(value, (str, Path)) else value for key, value in options.items()}


def sources_of(recipe: Recipe, data: str | Path | Sequence[FaceSource]) -> list[FaceSource]:
    """The sources of a run: the folder of the recipe's own data set, or those given.

    Raises:
        ValueError: If no source is given.
    """
    if isinstance(data, (str, Path)):
        return [FaceSource(recipe.dataset, data, (recipe.split,), recipe.reader_options)]
    sources = list(data)
    if not sources:
        raise ValueError("`data` must be a folder or at least one FaceSource. Received: data=[]")
    return sources


def read_sources(
    sources: Sequence[FaceSource], markup: str, on_error: Literal["raise", "skip"] = "raise"
) -> list[FaceSample]:
    """The faces of all sources. Of several, names and groups begin with the data set's, so that they stay unique.

    Args:
        sources: Where to read.
        markup: Name of the model's markup.
        on_error: As in `read_dataset`.
    """
    samples: list[FaceSample] = []
    for source in sources:
        for split in source.splits:
            faces = read_faces(source.dataset, source.directory, split, markup, on_error, source.reader_options)
            samples += faces if len(sources) == 1 else [_named(face, source.dataset) for face in faces]
    return samples


def describe_sources(sources: Sequence[FaceSource]) -> dict[str, Any]:
    """What a run card says of several sources, or of splits other than the recipe's; of one folder nothing."""
    if len(sources) == 1 and len(sources[0].splits) == 1:
        return {}
    return {
        "dataset": "+".join(dict.fromkeys(source.dataset for source in sources)),
        "sources": [source.describe() for source in sources],
    }


def _named(face: FaceSample, dataset: str) -> FaceSample:
    group = {} if face.group is None else {"video": f"{dataset}/{face.group}"}
    return replace(face, name=f"{dataset}/{face.name}", attributes={**face.attributes, **group})


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
