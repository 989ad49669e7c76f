"""Files that are either whole or not there."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path
from secrets import token_hex


@contextmanager
def written_beside(path: str | os.PathLike) -> Iterator[Path]:
    """Gives a temporary path beside `path`; when the block ends well, that file takes its place.

    The temporary name keeps every suffix of `path`, since some writers decide by it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = _draft(path)
    try:
        yield draft
        with draft.open("rb+") as stream:
            os.fsync(stream.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _draft(path: Path) -> Path:
    """A name beside a path that nothing else has, not even a draft that a killed process left; long ones are cut."""
    return path.with_name(f".{token_hex(4)}-{path.name[-40:]}")


def write_json(path: str | os.PathLike, content) -> None:
    """Writes JSON, whole or not at all."""
    with written_beside(path) as draft:
        draft.write_text(json.dumps(content, indent=1) + "\n", "utf-8")


def plain_json(content, what: str):
    """Content as JSON gives it back: tuples are lists, NumPy's numbers and arrays are plain, paths are text.

    Raises:
        ValueError: If it holds what JSON cannot; the message begins with `what` they are.
    """

    def plain(value):
        if isinstance(value, os.PathLike):
            return os.fspath(value)
        if hasattr(value, "tolist"):
            return value.tolist()
        raise TypeError(f"{type(value).__name__} {value!r}")

    try:
        return json.loads(json.dumps(content, default=plain))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{what} must be numbers, texts, lists and mappings. Received: {error}") from error


def sha256(path: str | os.PathLike) -> str:
    """SHA-256 of a file in hexadecimal."""
    with Path(path).open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


@contextmanager
def folder_beside(path: str | os.PathLike, mark: str) -> Iterator[Path]:
    """As `written_beside` for a folder: gives an empty one, which takes the place of `path` when the block ends well.

    Args:
        path: The folder; one that is there is replaced if it is empty or an earlier one of this kind.
        mark: Name of a file by which a folder of this kind is known.

    Raises:
        FileExistsError: If something else is in its place.
    """
    path = Path(path)
    if path.exists() and not (path.is_dir() and ((path / mark).is_file() or not any(path.iterdir()))):
        raise FileExistsError(f"Something else than an earlier folder of this kind is there. Received: {str(path)!r}")
    path.parent.mkdir(parents=True, exist_ok=True)
    draft, old = _draft(path), _draft(path)
    draft.mkdir()
    try:
        yield draft
        if path.exists():
            path.replace(old)
        draft.replace(path)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
