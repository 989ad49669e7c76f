"""`kerasalign list` and `kerasalign info`."""

from __future__ import annotations

from typing import Annotated

import typer

from kerasalign.cli.backend import start_backend
from kerasalign.cli.console import console, print_json, print_table
from kerasalign.hub import info, list_models, read_manifest, resolve
from kerasalign.hub.zoo import commercial_status, headline, weights_status


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("list")(list_command)
    app.command("info")(info_command)


def list_command(
    paper: Annotated[str | None, typer.Option(help="Only presets of this paper.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Only presets for this data set.")] = None,
    markup: Annotated[str | None, typer.Option(help="Only presets of this point scheme.")] = None,
    commercial_use: Annotated[
        bool | None, typer.Option(help="Only weights that may, or may not, be used commercially.")
    ] = None,
    available: Annotated[bool | None, typer.Option(help="Only presets with, or without, weights.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the names as JSON.")] = False,
) -> None:
    """List the presets."""
    names = list_models(paper, dataset, markup, commercial_use, available)
    if as_json:
        print_json(names)
        return
    presets = read_manifest().presets
    rows = []
    for name in names:
        preset = presets[name]
        protocol, ours, theirs = headline(preset)
        rows.append(
            (
                name,
                preset.paper,
                preset.dataset,
                preset.markup or "",
                weights_status(preset),
                commercial_status(preset),
                ours,
                theirs,
                protocol,
            )
        )
    print_table(
        ("preset", "paper", "data", "markup", "weights", "commercial", "NME here %", "NME paper %", "protocol"), rows
    )


def info_command(
    name: Annotated[str, typer.Argument(help="Name of a preset, its folder, or hf://user/repo@commit.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Say everything that is known of a preset; its network is built and counted."""
    resolve(name)
    start_backend()
    told = info(name)
    if as_json:
        print_json(told)
        return
    for table in told.tables():
        console().print(table)
