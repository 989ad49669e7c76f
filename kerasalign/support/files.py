"""Atomic writes of files and folders, JSON and digests."""

from __future__ import annotations

import errno
import json
import os
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path

from kerasalign.support.drafts import draft_path, exchange, remove

# How often a writer tries to put its folder into place while others do the same.
_TURNS = 1000


@contextmanager
def written_beside(path: str | os.PathLike) -> Iterator[Path]:
    """Gives a temporary path beside `path`. When the block ends without an error, the temporary file replaces `path`.

    The temporary name keeps every suffix of `path`, since some writers choose a format by the suffix.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = draft_path(path)
    try:
        yield draft
        with draft.open("rb+") as stream:
            os.fsync(stream.fileno())
        draft.replace(path)
    finally:
        remove(draft)


def numbered(stem: str, taken: Counter[str]) -> str:
    """The stem, or from its second use on with a number, `stem_2`; files of different folders may have one name."""
    taken[stem] += 1
    return stem if taken[stem] == 1 else f"{stem}_{taken[stem]}"


def is_file(path: str | os.PathLike) -> bool:
    """Whether a path is a file; `False` also for a name that no file system takes, such as one that is too long."""
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False


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
        probe = draft_path(folder / "probe")
        probe.touch()
        probe.unlink()
    except OSError as error:
        reason = error.strerror or str(error)
        raise OSError(f"`{name}` must be a folder that can be written ({reason}). Received: {folder}") from error


def reserve(path: Path, size: int, what: str) -> None:
    """Checks that a file of `size` bytes can be written at a path: takes the space for a moment and frees it again.

    Unlike the disk's free space, this knows quotas and limits.

    Args:
        path: Where the file will be; nothing is there yet.
        size: Bytes.
        what: The file's name in the message.

    Raises:
        OSError: If there is no space.
    """
    try:
        if hasattr(os, "posix_fallocate"):
            with path.open("wb") as stream:
                os.posix_fallocate(stream.fileno(), 0, size)
        elif shutil.disk_usage(path.parent).free < size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError as error:
        # Some file systems cannot reserve: they say so by these.
        if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS):
            message = f"There is no space for the {size:,} bytes of {what}: {error.strerror}"
            raise OSError(error.errno, message) from error
    finally:
        path.unlink(missing_ok=True)


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
def folder_beside(path: str | os.PathLike, mark: str, replace: bool = False) -> Iterator[Path]:
    """As `written_beside`, for a folder: gives an empty folder, which replaces `path` if the block raises no error.

    Args:
        path: The folder to write. An existing folder is replaced if it is empty or holds the file `mark`.
        mark: Name of a file that identifies folders of this kind.
        replace: Whether to replace any folder, also one without that file.

    Raises:
        FileExistsError: If `path` is anything else.
    """
    path = Path(path)
    if _is_foreign(path, mark, replace):
        raise FileExistsError(
            f"`path` must be empty, new or a folder with the file {mark}. Received: path={str(path)!r}"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = draft_path(path)
    draft.mkdir()
    try:
        yield draft
        _replace_folder(draft, path)
    finally:
        remove(draft)


def _is_foreign(path: Path, mark: str, replace: bool) -> bool:
    """Whether something other than a folder that may be replaced is at a path, and stays there."""
    for _ in range(3):
        try:
            if not path.exists():
                return False
            if path.is_dir() and (replace or (path / mark).is_file() or not any(path.iterdir())):
                return False
        except FileNotFoundError:
            return False
        # Another writer may have moved the folder away while it was looked at.
        time.sleep(0.001)
    return True


def _replace_folder(draft: Path, path: Path) -> None:
    """Moves a folder to a path where another one may be, which is removed.

    Where the system can exchange two names in one step, readers find one of the two at any moment. Elsewhere the old
    folder is moved away first, and a reader may find none for that moment. Several writers take turns.
    """
    for _ in range(_TURNS):
        try:
            if not path.exists():
                draft.rename(path)
                return
            if exchange(draft, path):
                return
            old = draft_path(path)
            path.rename(old)
            try:
                draft.rename(path)
            except BaseException:
                if not path.exists():
                    old.rename(path)
                raise
            finally:
                remove(old)
            return
        except FileNotFoundError:
            if not draft.exists():
                raise
        except OSError as error:
            # Another writer's folder came between the two renames.
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.EACCES):
                raise
        time.sleep(0.001)
    raise FileExistsError(f"Other processes replace this folder all the time. Received: path={str(path)!r}")
