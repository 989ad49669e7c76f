"""`kerasalign ablation`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from kerasalign.cli.backend import start_backend
from kerasalign.cli.console import print_json, print_table, say
from kerasalign.cli.data import ReaderOptions, key_values
from kerasalign.cli.options import AsJson
from kerasalign.cli.training import changed


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("ablation")(ablation_command)


def ablation_command(
    name: Annotated[str | None, typer.Argument(help="Table, such as scc-table5; without one, all are listed.")] = None,
    data: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder of the training data set.")] = None,
    test: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the protocols' data set; by default --data.")
    ] = None,
    rows: Annotated[list[str] | None, typer.Option(help="Row to train; by default all. Repeat for several.")] = None,
    preset: Annotated[str | None, typer.Option(help="Change this preset instead of the paper's.")] = None,
    protocol: Annotated[
        list[str] | None, typer.Option(help="Protocols; by default the table's whose faces are all there.")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Optimizer steps of every row.")] = None,
    seeds: Annotated[int, typer.Option(help="Runs of each row, with the seeds 0, 1, ...")] = 1,
    change: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change an argument of the network in all rows."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--recipe", metavar="KEY=VALUE", help="Change a setting of the recipe in all rows."),
    ] = None,
    reader: ReaderOptions = None,
    work: Annotated[Path | None, typer.Option(help="Folder of the runs; by default runs/NAME.")] = None,
    out: Annotated[Path | None, typer.Option(help="JSON file of the table, written after every run.")] = None,
    as_json: AsJson = False,
) -> None:
    """Train and measure the rows of a paper's ablation table alike. Run it again to go on after a stop."""
    from kerasalign.models import get_ablation, list_ablations

    if name is None:
        _list([get_ablation(one) for one in list_ablations()], as_json)
        return
    ablation = get_ablation(name)
    if data is None:
        _show(ablation)
        return
    start_backend()
    from kerasalign.evaluation import usable_protocols
    from kerasalign.evaluation.ablation import run_ablation
    from kerasalign.hub import get_recipe

    recipe = get_recipe(preset or ablation.preset)
    options: dict = {} if steps is None else {"steps": steps}
    recipe = changed(recipe, key_values(change, "--set"), options, key_values(settings, "--recipe"))
    if reader:
        options = {**recipe.reader_options, **key_values(reader, "--reader")}
        recipe = recipe.with_settings(reader_options=options)
    names = list(protocol or ())
    if not names:
        names, left_out = usable_protocols(ablation.protocols, test or data)
        if not names:
            raise ValueError(f"Give --protocol: none of {name} can be measured here ({'; '.join(left_out)}).")
    command = shlex.join(["kerasalign", *sys.argv[1:]])
    report = run_ablation(
        ablation,
        recipe,
        data,
        work or Path("runs") / name,
        names,
        rows=rows or (),
        seeds=seeds,
        preset=preset or ablation.preset,
        test_data=test,
        reader_options=recipe.reader_options,
        on_row=None if out is None else lambda so_far: so_far.save(out, command),
    )
    if as_json:
        print_json(report.to_dict())
    else:
        print_table(report.table())
    if out is not None and not as_json:
        say(f"The table is in {out}")


def _list(tables: list, as_json: bool) -> None:
    from kerasalign.support.tables import Table

    if as_json:
        print_json([{"name": t.name, "title": t.title, "preset": t.preset, "rows": len(t.rows)} for t in tables])
        return
    cells = [(t.name, t.title, t.preset, str(len(t.rows))) for t in tables]
    print_table(Table("", ("table", "shows", "preset", "rows"), cells))


def _show(ablation) -> None:
    from kerasalign.support.tables import Table

    printed = list(dict.fromkeys(key for row in ablation.rows for key in row.printed))
    head = ("row", "network", "recipe", *(f"{protocol}, paper" for protocol in ablation.protocols), *printed)
    cells = [
        (
            row.name,
            _text(row.model),
            _text(row.recipe),
            *(f"{row.paper[p]:.2f}" if p in row.paper else "" for p in ablation.protocols),
            *(str(row.printed.get(key, "")) for key in printed),
        )
        for row in ablation.rows
    ]
    notes = [f"{row.name}: {row.note}" for row in ablation.rows if row.note]
    notes.append(f"Train and measure them: kerasalign ablation {ablation.name} --data DIR")
    print_table(Table(f"{ablation.name}: {ablation.title} ({ablation.preset})", head, cells, notes))


def _text(values) -> str:
    return ", ".join(f"{key}={value}" for key, value in values.items())
