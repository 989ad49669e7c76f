"""Options that several commands have."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class ResultFormat(StrEnum):
    """Formats of results."""

    json = "json"
    jsonl = "jsonl"
    csv = "csv"
    coco = "coco"
    pts = "pts"


class Engine(StrEnum):
    """Where the work is done."""

    local = "local"
    ray = "ray"


def complete_preset(incomplete: str) -> list[str]:
    """Names of presets that begin so, for the shell's completion."""
    from kerasalign.hub import list_models

    return [name for name in list_models() if name.startswith(incomplete)]


AnyPreset = Annotated[
    str,
    typer.Argument(help="Name of a preset, its folder, or hf://user/repo@commit.", autocompletion=complete_preset),
]
PresetOption = Annotated[
    str | None,
    typer.Option("--model", help="Name of a preset; see `kerasalign list`.", autocompletion=complete_preset),
]
DataFolder = Annotated[
    Path, typer.Option(metavar="DIR", exists=True, help="Folder of the data set in its official layout.")
]
Boxes = Annotated[
    str | None,
    typer.Option(
        help="Face boxes: landmarks, scaled:1.2, jittered:0.2,roll=30, dataset:KIND or detector:NAME; "
        "by default the protocol's."
    ),
]
WeightsFile = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="Weights file to use instead of the published weights."),
]
Head = Annotated[
    Path | None, typer.Option(help="ICT-FaceKit checkout or its compact .npz; by default the library's own head.")
]
EngineOption = Annotated[
    Engine,
    typer.Option(help="Where the work is done: local, or ray, the cluster that RAY_ADDRESS names or a local one."),
]
Backgrounds = Annotated[Path | None, typer.Option(help="Folder of photographs without faces.")]
Environments = Annotated[
    Path | None, typer.Option(help="Environment maps for the light: an .npz file, or a folder of .hdr files.")
]
ReaderOptions = Annotated[
    list[str] | None,
    typer.Option(
        "--reader", metavar="KEY=VALUE", help="Option of the data set's reader, for example --reader stride=10."
    ),
]
SkipBroken = Annotated[bool, typer.Option("--skip-broken", help="Leave out broken faces.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON: the data that Python gives.")]
