"""`kerasalign ablation`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kerasalign.cli.backend import start_backend
from kerasalign.cli.console import command_line, print_json, print_table, say
from kerasalign.cli.groups import grouped
from kerasalign.cli.options import AsJson, ReaderOptions
from kerasalign.cli.recipes import with_options

if TYPE_CHECKING:
    from kerasalign.evaluation.ablation import AblationReport
    from kerasalign.models.ablation import Ablation


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("ablation")(grouped(ablation_command))


@dataclass(frozen=True)
class AblationOptions:
    """What is trained, measured and written."""

    data: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder of the training data set.")] = None
    test: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the protocols' data set; by default --data.")
    ] = None
    rows: Annotated[list[str] | None, typer.Option(help="Row to train; by default all. Repeat for several.")] = None
    preset: Annotated[str | None, typer.Option(help="Change this preset instead of the paper's.")] = None
    protocol: Annotated[
        list[str] | None, typer.Option(help="Protocols; by default the table's whose faces are all there.")
    ] = None
    steps: Annotated[int | None, typer.Option(help="Optimizer steps of every row.")] = None
    seeds: Annotated[int, typer.Option(help="Runs of each row, with the seeds 0, 1, ...")] = 1
    change: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change an argument of the network in all rows."),
    ] = None
    settings: Annotated[
        list[str] | None,
        typer.Option("--recipe", metavar="KEY=VALUE", help="Change a setting of the recipe in all rows."),
    ] = None
    reader: ReaderOptions = None
    work: Annotated[Path | None, typer.Option(help="Folder of the runs; by default runs/NAME.")] = None
    out: Annotated[Path | None, typer.Option(help="JSON file of the table, written after every run.")] = None


def ablation_command(
    name: Annotated[str | None, typer.Argument(help="Table, such as scc-table5; without one, all are listed.")] = None,
    *,
    options: AblationOptions,
    as_json: AsJson = False,
) -> None:
    """Train and measure the rows of a paper's ablation table alike. Run it again to go on after a stop."""
    from kerasalign.models import get_ablation, list_ablations

    if name is None:
        _list([get_ablation(one) for one in list_ablations()], as_json)
        return
    ablation = get_ablation(name)
    if options.data is None:
        _show(ablation)
        return
    report = _run(ablation, options.data, options)
    if as_json:
        print_json(report.to_dict())
    else:
        print_table(report.table())
    if options.out is not None and not as_json:
        say(f"The table is in {options.out}")


def _run(ablation: Ablation, data: Path, options: AblationOptions) -> AblationReport:
    """Trains and measures the rows."""
    start_backend()
    from kerasalign.evaluation import usable_protocols
    from kerasalign.evaluation.ablation import run_ablation
    from kerasalign.hub import get_recipe

    preset = options.preset or ablation.preset
    recipe = with_options(get_recipe(preset), options.change, options.settings, options.reader, steps=options.steps)
    names = list(options.protocol or ())
    if not names:
        names, left_out = usable_protocols(ablation.protocols, options.test or data)
        if not names:
            raise ValueError(f"Give --protocol: none of {ablation.name} can be measured here ({'; '.join(left_out)}).")
    command, out = command_line(), options.out
    return run_ablation(
        ablation,
        recipe,
        data,
        options.work or Path("runs") / ablation.name,
        names,
        rows=options.rows or (),
        seeds=options.seeds,
        preset=preset,
        test_data=options.test,
        reader_options=recipe.reader_options,
        on_row=None if out is None else lambda so_far: so_far.save(out, command),
    )


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
