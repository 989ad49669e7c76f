"""Locks between processes: files that one process holds at a time. The system frees a dead process's lock."""

from __future__ import annotations

import errno
import json
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

# What file systems without locks answer.
_NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)
_log = logging.getLogger(__name__)


class Locked(OSError):
    """Another process holds the lock."""


@contextmanager
def locked(path: str | os.PathLike[str], wait: bool = True) -> Iterator[None]:
    """Holds a lock while the block runs.

    The lock is the file `path`; beside it `path` with `.holder` says which process of which machine holds it.

    Args:
        path: File of the lock; its folder is made. It stays, as an empty file.
        wait: Whether to wait for another holder; a log message of level WARNING says who that is.

    Raises:
        Locked: If another process, or another thread of this one, holds the lock and `wait` is `False`.
        OSError: If the file cannot be written.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    lock, holder = FileLock(path, thread_local=False), path.with_name(f"{path.name}.holder")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if not wait:
            raise Locked(f"{_name_of(holder)} holds {path}") from None
        _log.warning("Waiting for %s, which does the same work (%s).", _name_of(holder), path)
        lock.acquire()
    except (NotImplementedError, OSError) as error:
        if isinstance(error, OSError) and error.errno not in _NO_LOCKS:
            raise
        _log.warning("The file system knows no locks (%s): see to it yourself that nobody else works here.", error)
        yield
        return
    try:
        holder.write_text(json.dumps({"process": os.getpid(), "host": socket.gethostname()}), "utf-8")
        yield
    finally:
        try:
            holder.unlink(missing_ok=True)
        finally:
            lock.release()


def _name_of(holder: Path) -> str:
    try:
        content = json.loads(holder.read_text("utf-8"))
        return f"process {content['process']} on {content['host']}"
    except (OSError, ValueError, KeyError, TypeError):  # it has just taken or freed the lock
        return "another process"
