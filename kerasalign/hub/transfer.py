"""Files of the Hugging Face Hub: its client fetches them into a cache; an error says what to do."""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from kerasalign.hub.errors import DownloadFailed

T = TypeVar("T")
logger = logging.getLogger(__name__)

_NOT_WRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}
_FULL = {errno.ENOSPC, errno.EDQUOT}
_PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")


def endpoint() -> str | None:
    """`$HF_ENDPOINT` at the time of the call; the client itself reads it once, when it is imported."""
    return os.environ.get("HF_ENDPOINT", "").rstrip("/") or None


def fetch(repo: str, file: str, revision: str, cache: Path, size: int | None = None) -> Path:
    """Returns a file of a commit from the cache, and downloads it before where the cache lacks it.

    Args:
        repo: `"user/name"`.
        file: Path of the file in the repository.
        revision: Full commit. Its files in the cache are returned without asking the network.
        cache: Folder of the cache.
        size: Bytes of the file, if known: the free space of the disk is checked before the download starts.

    Returns:
        Path of the file in the cache.

    Raises:
        DownloadFailed: If the file cannot be downloaded; the message says why and what to do.
    """
    from huggingface_hub import hf_hub_download, try_to_load_from_cache

    what = f"{file} of {repo} at {revision}"
    if size and not isinstance(try_to_load_from_cache(repo, file, cache, revision), str):
        free = shutil.disk_usage(next(folder for folder in (cache, *cache.parents) if folder.is_dir())).free
        if free < size:
            raise _failed(
                what,
                cache,
                f"It has {size:,} bytes and {cache} has {free:,} free. "
                "Free some space, or set KERASALIGN_HOME to a folder on another disk.",
            )
    for again in (False, True):
        try:
            path = hf_hub_download(
                repo, file, revision=revision, cache_dir=cache, endpoint=endpoint(), force_download=again
            )
            return Path(path)
        except Exception as error:  # the client raises errors of several libraries
            # Something answered in the Hub's place; what it sent must not be gone on with.
            if again or "Consistency check failed" not in str(error):
                raise _failed(what, cache, advice(error, repo), error) from error
            logger.warning("%s has another size than the Hub says. It is fetched once more.", what)
    raise AssertionError("the second try returns or raises")


def fetch_document(repo: str, file: str, revision: str, cache: Path, read: Callable[[Path], T]) -> T:
    """Fetches a small file of a commit and reads it; what is not the commit's file does not stay in the cache.

    A network's log-in page, a proxy or a lost connection can put other bytes into the answer. The digest that the Hub
    names for the file tells them apart; where it names none, the file must at least be readable. A wrong file is
    removed and fetched once more.

    Args:
        repo: As in `fetch`.
        file: As in `fetch`.
        revision: As in `fetch`.
        cache: As in `fetch`.
        read: Reads the file; raises a `ValueError` if it is not one of its kind.

    Returns:
        What `read` returns.

    Raises:
        DownloadFailed: If the file cannot be downloaded, or is twice not the one of the commit.
        ValueError: If the file is the one of the commit, and `read` refuses it.
    """
    problem: Exception | None = None
    for _ in range(2):
        path = fetch(repo, file, revision, cache)
        known = _is_content_of(path)
        try:
            if known is not False:
                return read(path)
            problem = ValueError("its digest is another than the Hub names")
        except ValueError as error:
            if known:
                raise
            problem = error
        logger.warning("%s of %s is not what the Hub has there (%s). It is fetched once more.", file, repo, problem)
        _forget(path)
    raise DownloadFailed(
        f"What was received as {file} of {repo} at {revision} is not that file, twice: {problem}. Check HF_ENDPOINT, "
        "and whether a firewall, a proxy or a log-in page of the network is in the way."
    ) from problem


def _is_content_of(path: Path) -> bool | None:
    """Whether a cached file has the digest that the Hub names for it; `None` where it is not known.

    The cache keeps a file under its ETag: the SHA-256 of a large file, the digest in git of a small one.
    """
    name, content = path.resolve().name, path.read_bytes()
    if re.fullmatch("[0-9a-f]{64}", name):
        return hashlib.sha256(content).hexdigest() == name
    if re.fullmatch("[0-9a-f]{40}", name):
        header = f"blob {len(content)}\0".encode()
        return hashlib.sha1(header + content, usedforsecurity=False).hexdigest() == name
    return None


def _forget(path: Path) -> None:
    """Removes a cached file, and the link to it."""
    path.resolve().unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def commit_of(repo: str, revision: str | None, cache: Path) -> str:
    """Returns the full commit that a branch or a tag names now; without a revision, that of the main branch.

    Raises:
        DownloadFailed: If neither the Hub nor the cache knows it.
    """
    from huggingface_hub import HfApi

    try:
        return HfApi(endpoint=endpoint()).resolve_revision(repo, revision=revision, cache_dir=cache).resolved
    except Exception as error:
        raise _failed(f"the commit of {repo}@{revision or 'main'}", cache, advice(error, repo), error) from error


def _failed(what: str, cache: Path, remedy: str, error: BaseException | None = None) -> DownloadFailed:
    detail = "" if error is None else f" ({type(error).__name__}: {_first_line(error)})"
    return DownloadFailed(f"Could not get {what} from the Hugging Face Hub into {cache}. {remedy}{detail}")


def _first_line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), "")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, its cause, the cause of that one, and so on."""
    ids = set()
    while error is not None and id(error) not in ids:
        ids.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def advice(error: BaseException, repo: str) -> str:
    """Says in words what went wrong and what to do about it, from an error that the client raised."""
    from huggingface_hub import constants, errors

    chain = list(_chain(error))
    # By name, since the client has changed its HTTP library before.
    names = {cls.__name__ for each in chain for cls in type(each).__mro__}
    # A firewall refuses with the same codes as a disk.
    local = "TransportError" not in names
    codes = {each.errno for each in chain if isinstance(each, OSError) and each.errno} if local else set()
    page = f"{endpoint() or constants.ENDPOINT}/{repo}"

    if constants.is_offline_mode() or "OfflineModeIsEnabled" in names:
        return (
            "HF_HUB_OFFLINE is set and the file is not in the cache. Unset it, or run `kerasalign download NAME "
            "--to DIR` where there is a network, copy the folder here, and load it by its path."
        )
    if codes & _FULL:
        return "The disk is full. Free some space, or set KERASALIGN_HOME to a folder on another disk."
    if codes & _NOT_WRITABLE:
        return "The cache cannot be written. Set KERASALIGN_HOME to a folder that can."
    if "ProxyError" in names:
        return f"The proxy refused: {_proxy()}. Correct the proxy's address and password, or unset it."
    if "LocalTokenNotFoundError" in names:
        return "Log in with `hf auth login` or set HF_TOKEN."
    if _any(chain, errors.GatedRepoError):
        return f"The repository is gated: accept its terms on {page}, then log in with `hf auth login` or set HF_TOKEN."
    if _any(chain, errors.RevisionNotFoundError):
        return "The repository no longer has this commit. Upgrade kerasalign; if that does not help, report it."
    if _any(chain, errors.RemoteEntryNotFoundError):
        return "The commit does not have this file. Upgrade kerasalign; if that does not help, report it."
    status = next(
        (
            each.response.status_code
            for each in chain
            if isinstance(each, errors.HfHubHTTPError) and getattr(each, "response", None) is not None
        ),
        None,
    )
    if status is not None:
        return _about_status(status, page)
    if "TimeoutException" in names:
        return (
            "The Hub did not answer in time. Try again; for a slow connection set HF_HUB_ETAG_TIMEOUT and "
            "HF_HUB_DOWNLOAD_TIMEOUT to more seconds."
        )
    if "FileMetadataError" in names or "Consistency check failed" in str(error):
        return (
            f"What answers at {page} is not the Hub. Check HF_ENDPOINT, and whether a firewall or a log-in page of "
            "the network is in the way."
        )
    if names & {"NetworkError", "RemoteProtocolError", "ConnectionError"}:
        return f"There is no connection to {endpoint() or constants.ENDPOINT}. Check the network: {_proxy()}."
    return "Try again."


def _about_status(status: int, page: str) -> str:
    """Advice on an error that the Hub answers."""
    if status in (401, 403, 404):
        return (
            f"There is no such repository, or it is private (HTTP {status}). Look at {page}; for a private one log "
            "in with `hf auth login` or set HF_TOKEN."
        )
    if status == 429:
        return "The Hub was asked too often (HTTP 429). Wait some minutes; with HF_TOKEN set the limit is higher."
    if status >= 500:
        return f"The Hub has trouble (HTTP {status}). Try again later."
    return f"The Hub answered HTTP {status}. Look at {page}."


def _any(chain: list[BaseException], kind: type) -> bool:
    return any(isinstance(each, kind) for each in chain)


def _proxy() -> str:
    for name in _PROXIES:
        if address := os.environ.get(name):
            # A password may stand before an @.
            return f"{name} is {address.rpartition('@')[2]}"
    return "no proxy is set"
