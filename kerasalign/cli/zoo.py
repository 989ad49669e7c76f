"""`kerasalign list` and `kerasalign info`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kerasalign.cli.backend import start_backend
from kerasalign.cli.console import print_json, print_table
from kerasalign.cli.options import AnyPreset, AsJson
from kerasalign.hub import info, list_models, resolve
from kerasalign.hub.training_curve import plot_training
from kerasalign.hub.zoo import commercial_status, headline
from kerasalign.models import read_config
from kerasalign.support.files import written_beside
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
    everything: Annotated[
        bool, typer.Option("--all", help="Show paper, data set and numbers too; the table is then wide.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the presets, with filters: first those that load here."""
    names = list_models(paper, dataset, markup, commercial_use, available)
    if as_json:
        print_json(names)
        return
    rows = sorted((_row(name, everything) for name in names), key=lambda row: not row[1].startswith(("here", "down")))
    columns = ["preset", "weights", "MB", "points", "terms"]
    columns += ["paper", "data", "NME here %", "NME paper %", "protocol"] if everything else []
    print_table(Table("", columns, rows))


def _row(name: str, everything: bool) -> list[str]:
    resolved = resolve(name)
    preset, weights = resolved.preset, resolved.preset.weights
    if weights is None:
        state = "train it"
    elif not resolved.available:
        state = "not installed"
    else:
        state = "download" if weights.source == "hub" else "here"
    row = [
        name,
        state,
        f"{weights.bytes / 1e6:.1f}" if weights else "",
        str(read_config(preset.architecture).num_points),
        {"yes": "commercial", "no": "research"}.get(commercial_status(preset), ""),
    ]
    if everything:
        protocol, ours, theirs = headline(preset)
        row += [preset.paper, preset.dataset, ours, theirs, protocol]
    return row


def info_command(
    name: AnyPreset,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write a picture of the training curve, such as a .png.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show everything that is known of a preset. Builds its network to count parameters and multiply-adds."""
    resolve(name)
    start_backend()
    facts = info(name)
    if plot is not None:
        picture = plot_training(facts.preset)
        with written_beside(plot) as draft:
            picture.save(draft)
    if as_json:
        print_json(facts)
        return
    for table in facts.tables():
        print_table(table)
