"""`kerasalign download`, `kerasalign cache` and `kerasalign publish`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from kerasalign.cli.console import print_json, print_table, say
from kerasalign.cli.options import AsJson
from kerasalign.support.tables import Table


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("download")(download_command)
    app.command("cache")(cache_command)
    app.command("publish")(publish_command)


def download_command(
    name: Annotated[str, typer.Argument(help="Name of a preset, or hf://user/repo@commit.")],
    to: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write.")],
    as_json: AsJson = False,
) -> None:
    """Download a preset into a folder, for a machine without network access."""
    from kerasalign.hub import download

    preset = download(name, to)
    if as_json:
        print_json({"name": preset.name, **preset.to_json()})
        return
    weights = preset.weights
    assert weights is not None
    say(f"{preset.name} is in {to} ({weights.bytes:,} bytes). Load it with: kerasalign.load('{_as_path(to)}')")


def cache_command(
    remove: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Remove the files of a preset or repository; `all` removes all files."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List or remove downloaded weights, and the files made from them for other runtimes."""
    from kerasalign.hub import cache_dir, cached, cached_runtimes
    from kerasalign.runtimes.cache import runtime_dir

    repositories, runtimes = (
        (cached(), cached_runtimes()) if remove is None else _remove(None if remove == "all" else remove)
    )
    if as_json:
        print_json([vars(entry) | {"path": str(entry.path)} for entry in (*repositories, *runtimes)])
        return
    rows = [
        (entry.repo, ", ".join(entry.presets), "\n".join(entry.commits), f"{entry.bytes:,}") for entry in repositories
    ]
    if rows:
        print_table(Table("", ("repository", "presets", "commits", "bytes"), rows))
    if runtimes:
        rows = [(entry.preset, entry.runtime, entry.path.name, f"{entry.bytes:,}") for entry in runtimes]
        print_table(Table("", ("preset", "runtime", "folder", "bytes"), rows))
    done = "Removed" if remove is not None else "Found"
    for what, entries, place in (
        ("repositories", repositories, cache_dir()),
        ("runtime files", runtimes, runtime_dir()),
    ):
        if entries or what == "repositories":
            say(f"{done} {len(entries)} {what} with {sum(entry.bytes for entry in entries):,} bytes in {place}")


def _remove(name: str | None) -> tuple[list, list]:
    """Removes the repositories and runtime files of a name; raises only if both are missing."""
    from kerasalign.hub import remove_cached, remove_cached_runtimes

    runtimes = remove_cached_runtimes(name)
    try:
        return remove_cached(name), runtimes
    except ValueError:
        if not runtimes:
            raise
        return [], runtimes


def publish_command(
    directory: Annotated[Path | None, typer.Argument(metavar="DIR", help="Folder of a preset.")] = None,
    repo: Annotated[
        str | None, typer.Option(metavar="USER/NAME", help="Model repository on the Hugging Face Hub.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Publish every preset of the manifest whose weights are not on the Hub.")
    ] = False,
    owner: Annotated[
        str | None, typer.Option(metavar="USER", help="With --all: the repositories are USER/PRESET.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option(metavar="DIR", help="With --all: keep what is uploaded in this folder.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List the files without uploading them.")] = False,
    private: Annotated[bool, typer.Option("--private", help="Create the repository as private.")] = False,
    message: Annotated[str | None, typer.Option(help="Message of the commit.")] = None,
    as_json: AsJson = False,
) -> None:
    """Upload a preset to the Hub, or with --all every one, and print its manifest entry, pinned to the commit."""
    from kerasalign.hub import publish, publish_all
    from kerasalign.hub.publish_all import to_paste

    alone = directory is not None and repo is not None and not (everything or owner or to)
    together = everything and owner is not None and directory is None and repo is None
    if not (alone or together):
        raise ValueError(
            "Give a preset's DIR and `--repo USER/NAME`, or `--all` and `--owner USER`. Received: "
            f"DIR={directory}, --repo={repo}, --all={everything}, --owner={owner}, --to={to}"
        )
    options: dict[str, Any] = {"private": private, "message": message, "dry_run": dry_run}
    if everything:
        published = publish_all(str(owner), folder=to, **options)
    else:
        published = [publish(Path(str(directory)), str(repo), **options)]
    if as_json:
        print_json(list(map(asdict, published)))
        return
    for done in published:
        table = Table("", ("file", "bytes"), [(name, f"{size:,}") for name, size in done.files.items()])
        print_table(table)
        say(f"Would go to {done.repo}" if dry_run else f"Published as hf://{done.repo}@{done.revision}")
    pin = ", with the commit's hash as `revision`" if dry_run else ""
    say(f"To paste into weights_manifest.json{pin}:")
    say(to_paste(published))


def _as_path(folder: Path) -> str:
    """A folder in the form that `load` recognizes as a path; a bare name would be a preset's name."""
    text = folder.as_posix()
    return text if "/" in text or text.startswith((".", "~")) else f"./{text}"
