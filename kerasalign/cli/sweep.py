"""`kerasalign sweep`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast

import typer

from kerasalign.cli.backend import start_backend
from kerasalign.cli.console import command_line, error_console, print_json, print_table, say
from kerasalign.cli.options import AsJson, Boxes, DataFolder, WeightsFile


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("sweep")(sweep_command)


def sweep_command(
    name: Annotated[str, typer.Argument(help="Preset with early exit, such as musica19-300w.")],
    data: DataFolder,
    protocol: Annotated[
        str | None,
        typer.Option(help="Protocol; by default the first of the preset's paper whose faces are all in DIR."),
    ] = None,
    boxes: Boxes = None,
    weights: WeightsFile = None,
    out: Annotated[Path | None, typer.Option(help="Folder for sweep.csv, report.json and pictures.")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure every operating point of early exit, and how reliable the error estimates are."""
    from kerasalign.hub import load, resolve

    preset = resolve(name).preset
    with error_console().status("Measuring"):
        start_backend()
        from kerasalign.evaluation import preset_protocols, usable_protocols
        from kerasalign.evaluation.early_exit import Cascade, ExitReport, cascade_errors, sweep

        if protocol is None:
            usable, left_out = usable_protocols(preset_protocols(preset)[0], data)
            if not usable:
                raise ValueError(
                    f"No protocol of '{name}' can be measured here: {'; '.join(left_out)}. Received: --data {data}"
                )
            protocol = usable[0]
        model = load(name, weights="auto" if weights is None else weights)
        if not isinstance(model, Cascade):
            raise ValueError(f"`kerasalign sweep` needs a preset with early exit. Received: {name}")
        errors = cascade_errors(model, data, protocol, box_source=boxes, name=name)
        report = ExitReport(sweep(errors), model.mean_shape, cast(Cascade, model).config.patches)
    if as_json:
        print_json(report.to_dict())
    else:
        for table in report.tables():
            print_table(table)
    if out is not None:
        report.save(out, command_line())
        say(f"Curve, report and pictures are in {out}", error=as_json)
