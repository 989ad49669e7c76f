"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DataFolder = Annotated[Path, typer.Option(metavar="DIR", help="Folder of the data set in its official layout.")]
Boxes = Annotated[
    str | None, typer.Option(help="landmarks, scaled:1.2, dataset:KIND or detector:NAME; by default the protocol's.")
]
WeightsFile = Annotated[Path | None, typer.Option(help="A weights file instead of the published ones.")]
