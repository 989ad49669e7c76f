"""`kerasalign evaluate`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from kerasalign.cli.backend import start_backend
from kerasalign.cli.console import command_line, error_console, print_json, print_table, say
from kerasalign.cli.options import AsJson, Boxes, DataFolder, ReaderOptions, SkipBroken, WeightsFile
from kerasalign.cli.recipes import key_values
from kerasalign.cli.thresholds import SuccessThreshold, at_thresholds
from kerasalign.metrics import BoxSource


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("evaluate")(evaluate_command)


def evaluate_command(
    name: Annotated[str, typer.Argument(help="Preset to evaluate, or its folder.")],
    data: DataFolder,
    protocol: Annotated[
        list[str] | None,
        typer.Option(help="Protocols; by default those of the preset's paper whose faces are all in DIR."),
    ] = None,
    boxes: Boxes = None,
    weights: WeightsFile = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the report, CSV files, CED plots and worst faces.")
    ] = None,
    worst: Annotated[int, typer.Option(help="Number of faces on the sheet of the worst faces.")] = 20,
    success_threshold: SuccessThreshold = None,
    track: Annotated[
        bool, typer.Option("--track", help="Videos: detect each face once and track it, instead of using boxes.")
    ] = False,
    reader: ReaderOptions = None,
    skip_broken: SkipBroken = False,
    parts: Annotated[bool, typer.Option("--parts", help="Print the NME of each facial part instead.")] = False,
    as_json: AsJson = False,
) -> None:
    """Measure a preset on the test faces of a data set, and compare it with the paper's numbers."""
    from kerasalign.evaluation import evaluate_model, evaluate_tracking, network_differences, preset_protocols
    from kerasalign.hub import load, resolve

    preset = resolve(name).preset
    options = {**preset.reader_options, **key_values(reader, "--reader")}
    shared = {"reader_options": options, "name": name, "on_error": "skip" if skip_broken else "raise"}
    names, published = preset_protocols(preset)
    protocol = protocol or _usable_protocols(name, names, data)
    with error_console().status("Measuring"):
        start_backend()
        model = load(name, weights="auto" if weights is None else weights)
        different = network_differences(preset, model)
        notes = [f"The paper's numbers are of another network: this one differs in {', '.join(different)}."]
        published, notes = ({}, notes if published else []) if different else (published, [])
        model = at_thresholds(model, success_threshold)
        if track:
            source = BoxSource.parse(boxes or "detector:kerasalign")
            if source.kind != "detector":
                raise ValueError(f"`--track` needs a detector: --boxes detector:NAME. Received: --boxes {boxes}")
            report = evaluate_tracking(model, data, protocol, detector=source.detail, published=published, **shared)
        else:
            report = evaluate_model(model, data, protocol, box_source=boxes, published=published, **shared)
    report = replace(report, notes=(*report.notes, *notes))
    if as_json:
        print_json(report.to_dict())
    else:
        scores, by_part = report.tables()
        notes = list(dict.fromkeys([*scores.notes, *by_part.notes]))
        print_table(by_part if parts else replace(scores, notes=notes))
    if out is not None:
        report.save(out, worst, command_line())
        if not as_json:
            say(f"Report, per-face numbers and pictures are in {out}")


def _usable_protocols(name: str, protocols: Sequence[str], data: Path) -> list[str]:
    """Those of a preset's protocols whose faces are all in the folder; the others are reported."""
    from kerasalign.evaluation import usable_protocols

    usable, left_out = usable_protocols(protocols, data)
    for line in left_out:
        error_console().print(f"Left out {line}", soft_wrap=True, markup=False, highlight=False)
    if not usable:
        raise ValueError(f"No protocol of '{name}' can be measured here: give --protocol. Received: --data {data}")
    return usable
