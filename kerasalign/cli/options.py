"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DataFolder = Annotated[Path, typer.Option(metavar="DIR", help="Folder of the data set in its official layout.")]
Boxes = Annotated[
    str | None,
    typer.Option(help="Face boxes: landmarks, scaled:1.2, dataset:KIND or detector:NAME; by default the protocol's."),
]
WeightsFile = Annotated[Path | None, typer.Option(help="Weights file to use instead of the published weights.")]
Head = Annotated[
    Path | None, typer.Option(help="ICT-FaceKit checkout or its compact .npz; by default the library's own head.")
]
Environments = Annotated[
    Path | None, typer.Option(help="Environment maps for the light: an .npz file, or a folder of .hdr files.")
]
