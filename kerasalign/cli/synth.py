"""`kerasalign synth`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from kerasalign.cli.console import say
from kerasalign.cli.options import Backgrounds, Engine, EngineOption, Environments, Head
from kerasalign.support.files import written_beside


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("synth")(synth_command)


def synth_command(
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for the pictures and their landmarks.")
    ] = None,
    count: Annotated[int, typer.Option(help="Total number of pictures in the folder.")] = 1000,
    size: Annotated[int, typer.Option(help="Width and height of a picture in pixels.")] = 256,
    seed: Annotated[int, typer.Option(help="Random seed of the series.")] = 0,
    head: Head = None,
    preset: Annotated[str, typer.Option(help="Kind of scenes: full, frontal or plain.")] = "full",
    yaw_limit: Annotated[float | None, typer.Option(help="Largest yaw of the head in degrees.")] = None,
    backgrounds: Backgrounds = None,
    environments: Environments = None,
    workers: Annotated[
        int | None, typer.Option(help="Number of processes that render; by default 1, and with Ray one a core.")
    ] = None,
    engine: EngineOption = Engine.local,
    sheet: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write one sheet of the first pictures with their landmarks, instead of a data set."
        ),
    ] = None,
    markup: Annotated[
        str, typer.Option(help="Markup of the landmarks on the sheet; a data set has all markups.")
    ] = "68",
) -> None:
    """Render faces with landmarks for training. Run the same command again to continue after an interruption."""
    from dataclasses import replace

    from kerasalign.synth.dataset.series import Series, write_series
    from kerasalign.synth.rendering.scene_config import SceneConfig

    if (out is None) == (sheet is None):
        raise typer.BadParameter("Give --out DIR to write a data set, or --sheet FILE to see the first pictures.")
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
    progress = True if sys.stderr.isatty() else None
    if engine is Engine.ray:
        from kerasalign.distributed import render_series

        rendered = render_series(series, count, str(out), concurrency=workers, progress=progress)
    else:
        rendered = write_series(series, count, str(out), 1 if workers is None else workers, progress=progress)
    say(f"{rendered} pictures rendered, {count} in {out}; train with: kerasalign train musica19-synth --data {out}")
