"""The library's repositories in the download cache: listed and removed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kerasalign.hub.catalog import cache_dir, read_manifest
from kerasalign.hub.folder import ENTRY


@dataclass(frozen=True)
class CachedRepository:
    """A repository of the Hub in the cache.

    Args:
        repo: `"user/name"`.
        presets: Names of the manifest's presets whose weights it has; empty for one loaded by `hf://`.
        commits: The commits in the cache.
        bytes: Size on disk, including damaged files that were set aside.
        path: Its folder.
    """

    repo: str
    presets: tuple[str, ...]
    commits: tuple[str, ...]
    bytes: int
    path: Path


def cached() -> list[CachedRepository]:
    """The repositories in the cache that belong to this library.

    Other libraries may use the same cache. A repository belongs to this library if the manifest names it or if it
    holds a preset's entry.
    """
    return sorted(_scan(), key=lambda entry: entry.repo)


def remove_cached(name: str | None = None) -> list[CachedRepository]:
    """Removes repositories from the cache.

    Args:
        name: A preset's name or a repository, `"user/name"`; `None` removes all that `cached` lists.

    Returns:
        The repositories that were removed.

    Raises:
        ValueError: If the cache holds nothing of that name.
    """
    entries = cached()
    chosen = [entry for entry in entries if name is None or name == entry.repo or name in entry.presets]
    if name is not None and not chosen:
        raise ValueError(f"The cache {cache_dir()} holds {[entry.repo for entry in entries]}. Received: name={name!r}")
    for entry in chosen:
        shutil.rmtree(entry.path)
        shutil.rmtree(cache_dir() / ".locks" / entry.path.name, ignore_errors=True)
    return chosen


def _scan() -> Iterator[CachedRepository]:
    from huggingface_hub import scan_cache_dir

    if not cache_dir().is_dir():
        return
    names: dict[str, list[str]] = {}
    for preset in read_manifest().presets.values():
        if preset.weights and preset.weights.repo:
            names.setdefault(preset.weights.repo, []).append(preset.name)
    for repo in scan_cache_dir(cache_dir()).repos:
        files = {file.file_name for revision in repo.revisions for file in revision.files}
        if repo.repo_type == "model" and (repo.repo_id in names or ENTRY in files):
            stored = [path for path in repo.repo_path.rglob("*") if path.is_file() and not path.is_symlink()]
            yield CachedRepository(
                repo=repo.repo_id,
                presets=tuple(names.get(repo.repo_id, ())),
                commits=tuple(sorted(revision.commit_hash for revision in repo.revisions)),
                bytes=sum(path.stat().st_size for path in stored),
                path=repo.repo_path,
            )
