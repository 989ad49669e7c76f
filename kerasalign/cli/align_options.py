"""Options of `kerasalign align`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from kerasalign.cli.options import Engine, EngineOption, PresetOption, ResultFormat, WeightsFile
from kerasalign.cli.thresholds import FailureThreshold, SuccessThreshold


@dataclass(frozen=True)
class AlignOptions:
    """What is found how, and where it goes."""

    model: PresetOption = None
    weights: WeightsFile = None
    out: Annotated[Path, typer.Option(help="Folder for the drawn photos and videos.")] = Path("landmarks")
    file_format: Annotated[
        ResultFormat | None,
        typer.Option(
            "--format",
            help="Also write the landmarks as they come: OUT/landmarks.json, .jsonl or .csv, OUT/coco.json, or a .pts "
            "file a face. Of a video: json, jsonl or csv beside it.",
        ),
    ] = None
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the landmarks of photos as JSON, and all other lines elsewhere.")
    ] = False
    boxes: Annotated[
        Path | None,
        typer.Option(
            exists=True, help='JSON file of face boxes, instead of a detector: {"photo.jpg": [[x0, y0, x1, y1], ...]}.'
        ),
    ] = None
    detector: Annotated[str, typer.Option(help="Face detector: kerasalign, mtcnn, yunet:FILE or mediapipe.")] = (
        "kerasalign"
    )
    detector_size: Annotated[
        int | None,
        typer.Option(
            help="Largest size at which the detector searches, a multiple of 32; larger photos are resized to it."
        ),
    ] = None
    min_score: Annotated[float | None, typer.Option(help="Lowest detection score of a face, 0 to 1.")] = None
    max_error: Annotated[
        float | None,
        typer.Option(
            help="Leave out faces of photos whose estimated error is above this, in percent; see docs/results.md."
        ),
    ] = None
    max_faces: Annotated[int | None, typer.Option(min=1, help="Align only so many faces, the largest.")] = None
    recursive: Annotated[bool, typer.Option("--recursive", help="Search folders recursively.")] = False
    draw: Annotated[bool, typer.Option("--draw/--no-draw", help="Write each photo with its landmarks drawn.")] = True
    success_threshold: SuccessThreshold = None
    failure_threshold: FailureThreshold = None
    smooth: Annotated[bool, typer.Option("--smooth", help="Smooth the landmarks of videos over time.")] = False
    runtime: Annotated[
        str | None,
        typer.Option(help="Runtime of the networks: keras, onnxruntime (default with Ray) or litert."),
    ] = None
    engine: EngineOption = Engine.local
    workers: Annotated[int | None, typer.Option(min=1, help="With Ray: processes; by default one a core.")] = None
