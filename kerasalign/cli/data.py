"""`kerasalign prepare`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from kerasalign.cli.backend import start_backend
from kerasalign.cli.console import print_json, print_table, say
from kerasalign.cli.options import ReaderOptions, SkipBroken
from kerasalign.cli.recipes import key_values, with_options
from kerasalign.support.files import written_beside
from kerasalign.support.tables import Table


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("prepare")(prepare_command)


def prepare_command(
    data: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a data set in its official layout.")],
    check: Annotated[
        bool, typer.Option("--check", help="Only check the folder, and report what is missing or broken.")
    ] = False,
    dataset: Annotated[
        str | None, typer.Option(help="Name of the data set; by default recognized from the folder.")
    ] = None,
    photos: Annotated[bool, typer.Option(help="With --check: also decode every photo.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="With --check: print the report as JSON.")] = False,
    model: Annotated[str | None, typer.Option(help="Preset that the training crops are for.")] = None,
    cache: Annotated[
        Path | None, typer.Option(help="Folder for the crops; pass it to `kerasalign train --cache`.")
    ] = None,
    skip_broken: SkipBroken = False,
    reader: ReaderOptions = None,
    balance: Annotated[str | None, typer.Option(help="Report the effect of balancing by gdb or pdb.")] = None,
    sheet: Annotated[
        Path, typer.Option(help="With --balance: file for a picture of the faces with the highest and lowest scores.")
    ] = Path("balance.png"),
) -> None:
    """Check a data set, or cut its training crops once for all runs. The data set itself is never changed.

    The exit code of --check is 1 if something is broken.
    """
    if check:
        _check(data, dataset, photos, as_json, key_values(reader, "--reader"))
        return
    if model is None or cache is None:
        raise typer.BadParameter("Give --check, or --model NAME and --cache FOLDER to cut crops.")
    from kerasalign.hub import get_recipe

    start_backend()
    from kerasalign.training import crop_cache

    recipe = with_options(get_recipe(model), reader=reader)
    crops = crop_cache(recipe, data, cache, "skip" if skip_broken else "raise")
    if balance is not None:
        _balance(crops, recipe, balance, sheet)
    reader_options = "".join(f" --reader {shlex.quote(pair)}" for pair in reader or ())
    train = f"kerasalign train {model} --data {data} --cache {cache}{reader_options}"
    say(f"{len(crops)} crops in {cache}; train with: {train}")


def _balance(cache, recipe, method: str, sheet: Path) -> None:
    from kerasalign.data import balance_report
    from kerasalign.plots.balance import balance_sheet

    report = balance_report(
        cache.landmarks,
        method,
        bins=recipe.balance_bins,
        components=recipe.balance_components,
        seed=recipe.seed,
        absolute=recipe.balance_absolute,
    )
    summary = report.summary()
    rows = [(f"{b['from']:.3f} to {b['to']:.3f}", str(b["faces"]), f"{b['seen']:.1f}") for b in summary["bins"]]
    title = f"{method}: {summary['faces']} faces, a list of {summary['list_length']}"
    print_table(Table(title, ("score", "faces", "seen"), rows))
    with written_beside(sheet) as draft:
        balance_sheet(cache, report).save(draft)
    say(f"The faces with the highest and lowest scores are drawn on {sheet}")


def _check(data: Path, dataset: str | None, photos: bool, as_json: bool, options: dict) -> None:
    from kerasalign.datasets import check_dataset

    report = check_dataset(data, dataset, photos, **options)
    if as_json:
        print_json(report.to_dict())
    else:
        for table in report.tables():
            print_table(table)
    if not report.ok:
        raise typer.Exit(1)
