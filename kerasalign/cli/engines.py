"""`--engine ray`: the work of a command on a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from kerasalign.cli.console import say


def align_by_ray(
    sources: list[str], out: Path, model: str | None, workers: int | None, refused: dict[str, Any], **options: Any
) -> None:
    """Aligns photos, Parquet files and tar files by Ray into Parquet files in `out`.

    Args:
        sources: Files, folders and patterns.
        out: Folder of the results.
        model: Preset; `None`: the default.
        workers: Number of actors; `None`: one a core.
        refused: Options of the command that only one machine has, and their values.
        **options: As in `align_files`; those that are `None` are left out.

    Raises:
        ValueError: If one of the refused options is given.
    """
    from kerasalign.distributed import align_files

    if given := sorted(name for name, value in refused.items() if value):
        raise ValueError(f"With `--engine ray` results are Parquet files. Received: --engine ray with {given}")
    given_options = {name: value for name, value in options.items() if value is not None}
    report = align_files(sources, out, model, concurrency=workers, **given_options)
    done = f", {report.skipped} done before" if report.skipped else ""
    found = f"{report.faces} faces, {report.problems} not readable{done}"
    say(f"{report.rows} photos in {report.files} files in {out}: {found}")
    if report.problems:
        raise typer.Exit(1)
