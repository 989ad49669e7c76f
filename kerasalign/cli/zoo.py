"""`kerasalign list` and `kerasalign info`."""

from __future__ import annotations

from typing import Annotated

import typer

from kerasalign.cli.backend import start_backend
from kerasalign.cli.console import print_json, print_table
from kerasalign.hub import info, list_models, resolve
from kerasalign.hub.zoo import commercial_status, headline, weights_status
from kerasalign.support.tables import Table


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("list")(list_command)
    app.command("info")(info_command)


def list_command(
    paper: Annotated[str | None, typer.Option(help="Only presets of this paper.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Only presets for this data set.")] = None,
    markup: Annotated[str | None, typer.Option(help="Only presets of this markup.")] = None,
    commercial_use: Annotated[
        bool | None, typer.Option(help="Only presets whose weights allow, or forbid, commercial use.")
    ] = None,
    available: Annotated[
        bool | None, typer.Option(help="Only presets whose weights are, or are not, available.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the names as JSON.")] = False,
) -> None:
    """List the presets, with filters."""
    names = list_models(paper, dataset, markup, commercial_use, available)
    if as_json:
        print_json(names)
        return
    rows = []
    for name in names:
        resolved = resolve(name)
        preset = resolved.preset
        protocol, ours, theirs = headline(preset)
        status = weights_status(preset)
        rows.append(
            (
                name,
                preset.paper,
                preset.dataset,
                preset.markup or "",
                status if resolved.available or not preset.available else f"{status}: not installed",
                commercial_status(preset),
                ours,
                theirs,
                protocol,
            )
        )
    columns = ("preset", "paper", "data", "markup", "weights", "commercial", "NME here %", "NME paper %", "protocol")
    print_table(Table("", columns, rows))


def info_command(
    name: Annotated[str, typer.Argument(help="Name of a preset, its folder, or hf://user/repo@commit.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Show everything that is known of a preset. Builds its network to count parameters and multiply-adds."""
    resolve(name)
    start_backend()
    facts = info(name)
    if as_json:
        print_json(facts)
        return
    for table in facts.tables():
        print_table(table)
