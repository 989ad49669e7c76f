"""Drafts: temporary files and folders beside what they will replace, with their owner in the name."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import socket
import sys
import time
from functools import cache
from hashlib import sha256
from pathlib import Path
from secrets import token_hex

# A draft's owner, its process and a random part, so that nobody else has the name.
_DRAFT = re.compile(r"\.draft-(?P<owner>[0-9a-f]{6})-(?P<pid>\d+)-[0-9a-f]{8}-.*", re.DOTALL)
#: Seconds after which a draft is taken for abandoned: of a process of this machine that has ended, and of any other.
ENDED_AFTER, UNKNOWN_AFTER = 60.0, 24 * 3600.0
# Arguments of Linux' renameat2 and macOS' renamex_np.
_AT_FDCWD, _RENAME_EXCHANGE, _RENAME_SWAP = -100, 2, 2
_swept: set[tuple[int, str]] = set()


def draft_path(path: Path) -> Path:
    """A new name beside a path; it keeps the path's suffixes, since some writers choose a format by them.

    Long names are shortened. The first draft of a process in a folder removes those that killed processes left there.
    """
    folder = (os.getpid(), str(path.parent))
    if folder not in _swept:
        _swept.add(folder)
        remove_abandoned(path.parent)
    return path.with_name(f".draft-{_owner()}-{os.getpid()}-{token_hex(4)}-{path.name[-40:]}")


def remove_abandoned(folder: Path, ended_after: float = ENDED_AFTER, unknown_after: float = UNKNOWN_AFTER) -> None:
    """Removes the drafts that killed processes left in a folder.

    A draft of this machine is removed if its process has ended; one of another machine, whose processes cannot be seen,
    if it is old. Whoever may not remove it leaves it.

    Args:
        folder: The folder.
        ended_after: Smallest age of a draft of this machine in seconds: since its last change.
        unknown_after: The same for other drafts.
    """
    try:
        names = [path.name for path in Path(folder).iterdir()]
    except OSError:
        return
    for name in names:
        if match := _DRAFT.fullmatch(name):
            path = Path(folder, name)
            own = match["owner"] == _owner() and not _is_running(int(match["pid"]))
            try:
                if time.time() - path.lstat().st_mtime > (ended_after if own else unknown_after):
                    remove(path)
            except OSError:
                continue


def remove(path: Path) -> None:
    """Removes a file, link or folder as far as that is possible; one that is not there is no error."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        try:
            path.unlink(missing_ok=True)
        except OSError:
            return


def exchange(one: Path, other: Path) -> bool:
    """Gives each of two paths the content of the other in one step, where the system and the disk can do that.

    Returns:
        Whether it was done. Otherwise nothing has changed.

    Raises:
        FileNotFoundError: If one of them is missing.
    """
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        a, b = os.fsencode(one), os.fsencode(other)
        if sys.platform == "darwin":
            failed = libc.renamex_np(a, b, _RENAME_SWAP)
        else:
            failed = libc.renameat2(_AT_FDCWD, a, _AT_FDCWD, b, _RENAME_EXCHANGE)
    except (AttributeError, OSError, TypeError):  # another system, or an older one
        return False
    if failed and not (one.exists() and other.exists()):
        raise FileNotFoundError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(other))
    return not failed


@cache
def _owner() -> str:
    """What tells the processes of one machine, or of one container, from those of others."""
    try:
        namespace = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        namespace = ""
    return sha256(f"{socket.gethostname()} {namespace}".encode()).hexdigest()[:6]


def _is_running(process: int) -> bool:
    if os.name == "nt":  # there `os.kill` would end it
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # it belongs to somebody else
        return True
    return True
