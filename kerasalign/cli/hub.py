"""`kerasalign download`, `kerasalign cache` and `kerasalign publish`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kerasalign.cli.console import print_json, print_table, say
from kerasalign.support.tables import Table


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("download")(download_command)
    app.command("cache")(cache_command)
    app.command("publish")(publish_command)


def download_command(
    name: Annotated[str, typer.Argument(help="Name of a preset, or hf://user/repo@commit.")],
    to: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write.")],
) -> None:
    """Write a preset into a folder, for a machine without a network."""
    from kerasalign.hub import download

    preset = download(name, to)
    say(f"{preset.name} is in {to} ({preset.weights.bytes:,} bytes). Load it with: kerasalign.load('{_as_path(to)}')")


def cache_command(
    remove: Annotated[
        str | None, typer.Option(metavar="NAME", help="Remove a preset or repository; `all` removes everything listed.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """List what was downloaded, and the files that were made of it for other runtimes; or remove them."""
    from kerasalign.hub import cache_dir, cached, cached_runtimes
    from kerasalign.runtimes.cache import runtime_dir

    found, made = (cached(), cached_runtimes()) if remove is None else _remove(None if remove == "all" else remove)
    if as_json:
        print_json([vars(entry) | {"path": str(entry.path)} for entry in (*found, *made)])
        return
    rows = [(entry.repo, ", ".join(entry.presets), "\n".join(entry.commits), f"{entry.bytes:,}") for entry in found]
    if rows:
        print_table(Table("", ("repository", "presets", "commits", "bytes"), rows))
    if made:
        rows = [(entry.preset, entry.runtime, entry.path.name, f"{entry.bytes:,}") for entry in made]
        print_table(Table("", ("preset", "runtime", "folder", "bytes"), rows))
    done = "Removed" if remove is not None else "Found"
    for what, entries, place in (("repositories", found, cache_dir()), ("runtime files", made, runtime_dir())):
        if entries or what == "repositories":
            say(f"{done} {len(entries)} {what} with {sum(entry.bytes for entry in entries):,} bytes in {place}")


def _remove(name: str | None) -> tuple[list, list]:
    """Removes repositories and runtime files of a name, of which either may be missing."""
    from kerasalign.hub import remove_cached, remove_cached_runtimes

    made = remove_cached_runtimes(name)
    try:
        return remove_cached(name), made
    except ValueError:
        if not made:
            raise
        return [], made


def publish_command(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a preset.")],
    repo: Annotated[str, typer.Option(metavar="USER/NAME", help="Model repository on the Hugging Face Hub.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go; ask no network.")] = False,
    private: Annotated[bool, typer.Option("--private", help="Make a new repository private.")] = False,
    message: Annotated[str | None, typer.Option(help="Message of the commit.")] = None,
) -> None:
    """Upload a preset and print its entry for the manifest, pinned to the commit."""
    from kerasalign.hub import publish

    done = publish(directory, repo, private=private, message=message, dry_run=dry_run)
    print_table(Table("", ("file", "bytes"), [(name, f"{size:,}") for name, size in done.files.items()]))
    if dry_run:
        say(f"Would go to {repo}. Its entry, with the commit's hash as `revision`:")
    else:
        say(f"Published as hf://{repo}@{done.revision}. The entry to paste into weights_manifest.json:")
    say(done.to_paste())


def _as_path(folder: Path) -> str:
    """A folder as `load` takes it for one: a bare name would be a preset's."""
    text = folder.as_posix()
    return text if "/" in text or text.startswith((".", "~")) else f"./{text}"
