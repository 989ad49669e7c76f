"""`kerasalign ced`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kerasalign.cli.console import say
from kerasalign.support.files import written_beside


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("ced")(ced_command)


def ced_command(
    files: Annotated[
        list[Path], typer.Argument(metavar="CSV...", help="Per-face numbers of `kerasalign evaluate --out`.")
    ],
    label: Annotated[
        list[str] | None, typer.Option(help="Name of a curve, in the order of the files; by default the file's folder.")
    ] = None,
    max_nme: Annotated[float | None, typer.Option(help="End of the axis in percent.")] = None,
    out: Annotated[Path, typer.Option(help="Picture to write.")] = Path("ced.png"),
) -> None:
    """Draw the error curves of several runs on one axis. They must be measured by one protocol."""
    from kerasalign.metrics import Evaluation
    from kerasalign.plots.ced import plot_ced

    evaluations = [Evaluation.from_csv(file) for file in files]
    labels = label or [file.resolve().parent.name for file in files]
    picture = plot_ced(evaluations, labels, max_nme)
    with written_beside(out) as draft:
        picture.save(draft)
    say(f"The curves are drawn on {out}")
