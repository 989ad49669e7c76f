"""Atomic writes of files and folders, JSON and digests."""

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
    """Gives a temporary path beside `path`. When the block ends without an error, the temporary file replaces `path`.

    The temporary name keeps every suffix of `path`, since some writers choose a format by the suffix.
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
    """A random name beside a path, so that no other process has it; long names are shortened."""
    return path.with_name(f".{token_hex(4)}-{path.name[-40:]}")


def check_folder_writable(folder: str | os.PathLike, name: str) -> None:
    """Makes a folder and writes an empty file there, so that a wrong one is an error before any work.

    Args:
        folder: The folder.
        name: What messages call it, such as `"--out"`.

    Raises:
        OSError: If files cannot be made there.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = _draft(folder / "probe")
        probe.touch()
        probe.unlink()
    except OSError as error:
        reason = error.strerror or str(error)
        raise OSError(f"`{name}` must be a folder that can be written ({reason}). Received: {folder}") from error


def write_json(path: str | os.PathLike, content) -> None:
    """Writes JSON atomically."""
    with written_beside(path) as draft:
        draft.write_text(json.dumps(content, indent=1) + "\n", "utf-8")


def plain_json(content, what: str):
    """Converts content to plain JSON values: tuples and arrays become lists, NumPy numbers plain numbers, paths text.

    Raises:
        ValueError: If a value has no JSON form. The message begins with `what`, the name of the content.
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
    """As `written_beside`, for a folder: gives an empty folder, which replaces `path` if the block raises no error.

    Args:
        path: The folder to write. An existing folder is replaced if it is empty or holds the file `mark`.
        mark: Name of a file that identifies folders of this kind.

    Raises:
        FileExistsError: If `path` is anything else.
    """
    path = Path(path)
    if path.exists() and not (path.is_dir() and ((path / mark).is_file() or not any(path.iterdir()))):
        raise FileExistsError(
            f"`path` must be empty, new or a folder with the file {mark}. Received: path={str(path)!r}"
        )
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
