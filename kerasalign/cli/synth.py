"""`kerasalign synth`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from kerasalign.cli.console import say
from kerasalign.files import written_beside


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("synth")(synth_command)


def synth_command(
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder of the pictures and their points.")] = None,
    count: Annotated[int, typer.Option(help="Pictures that the folder shall hold.")] = 1000,
    size: Annotated[int, typer.Option(help="Side of a picture in pixels.")] = 256,
    seed: Annotated[int, typer.Option(help="Seed of the series.")] = 0,
    head: Annotated[
        Path | None, typer.Option(help="ICT-FaceKit checkout or its compact .npz; by default a head of our own.")
    ] = None,
    preset: Annotated[str, typer.Option(help="What scenes hold: full, frontal or plain.")] = "full",
    yaw_limit: Annotated[float | None, typer.Option(help="Largest turn of the head in degrees.")] = None,
    backgrounds: Annotated[Path | None, typer.Option(help="Folder of photographs without faces.")] = None,
    environments: Annotated[Path | None, typer.Option(help="Environment maps: .npz, or a folder of .hdr.")] = None,
    workers: Annotated[int, typer.Option(help="Processes that render.")] = 1,
    sheet: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Only draw the first pictures with their landmarks.")
    ] = None,
    markup: Annotated[str, typer.Option(help="Markup of the landmarks on the sheet; a folder has all.")] = "68",
) -> None:
    """Render faces with landmarks to train on. The same command goes on after an interruption."""
    from dataclasses import replace

    from kerasalign.synth.dataset.series import Series, write_series
    from kerasalign.synth.rendering.scene_config import SceneConfig

    if (out is None) == (sheet is None):
        raise typer.BadParameter("Give --out DIR to write a data set, or --sheet FILE to look at the first pictures.")
    changes = {
        "yaw_limit": yaw_limit,
        "backgrounds": backgrounds and str(backgrounds),
        "environment_maps": environments and str(environments),
    }
    scene = replace(SceneConfig.preset(preset), **{key: value for key, value in changes.items() if value is not None})
    series = Series(seed=seed, size=size, head=head and str(head), scene=scene)
    if sheet is not None:
        from PIL import Image

        from kerasalign.synth.dataset.sheet import landmark_sheet

        picture = Image.fromarray(landmark_sheet(series, markup=markup))
        with written_beside(sheet) as draft:
            picture.save(draft)
        say(f"The first pictures of the series are in {sheet}.")
        return
    made = write_series(series, count, out, workers, progress=True if sys.stderr.isatty() else None)
    say(f"{made} pictures made, {count} in {out}; train with: kerasalign train musica19-synth --data {out}")
