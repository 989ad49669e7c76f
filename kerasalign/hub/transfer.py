"""Files of the Hugging Face Hub: fetched by the real client into a cache, or an error that says what to do."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from kerasalign.hub.errors import DownloadFailed

_NOT_WRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}
_FULL = {errno.ENOSPC, errno.EDQUOT}
_PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")


def cache_dir() -> Path:
    """Where downloaded weights are kept: `$KERASALIGN_HOME/hub`, else the Hugging Face cache (`$HF_HOME`)."""
    if home := os.environ.get("KERASALIGN_HOME"):
        return Path(home).expanduser() / "hub"
    from huggingface_hub.constants import HF_HUB_CACHE

    return Path(HF_HUB_CACHE)


def endpoint() -> str | None:
    """`$HF_ENDPOINT`, as it is now; the client itself reads it once, when it is imported."""
    return os.environ.get("HF_ENDPOINT", "").rstrip("/") or None


def fetch(repo: str, file: str, revision: str, size: int | None = None) -> Path:
    """A file of a commit, from the cache or the Hub.

    Args:
        repo: `"user/name"`.
        file: Path of the file in the repository.
        revision: Full commit. A file of it that is in the cache is returned without asking the network.
        size: Bytes of the file, where they are known: whether they fit is checked before the download starts.

    Returns:
        Path of the file in the cache.

    Raises:
        DownloadFailed: If the file cannot be had; the message says why and what to do.
    """
    from huggingface_hub import hf_hub_download, try_to_load_from_cache

    folder = cache_dir()
    if size and not isinstance(try_to_load_from_cache(repo, file, folder, revision), str):
        free = shutil.disk_usage(next(place for place in (folder, *folder.parents) if place.is_dir())).free
        if free < size:
            raise _failed(
                f"{file} of {repo} at {revision}",
                f"It has {size:,} bytes and {folder} has {free:,} free. "
                "Free some space, or set KERASALIGN_HOME to a folder on another disk.",
            )
    try:
        return Path(hf_hub_download(repo, file, revision=revision, cache_dir=folder, endpoint=endpoint()))
    except Exception as error:  # the client raises errors of several libraries
        raise _failed(f"{file} of {repo} at {revision}", advice(error, repo), error) from error


def commit_of(repo: str, revision: str | None) -> str:
    """The full commit that a branch, a tag or nothing (the main branch) stands for now.

    Raises:
        DownloadFailed: If the Hub does not tell and the cache does not know.
    """
    from huggingface_hub import HfApi

    try:
        return HfApi(endpoint=endpoint()).resolve_revision(repo, revision=revision, cache_dir=cache_dir()).resolved
    except Exception as error:
        raise _failed(f"the commit of {repo}@{revision or 'main'}", advice(error, repo), error) from error


def _failed(what: str, told: str, error: BaseException | None = None) -> DownloadFailed:
    detail = "" if error is None else f" ({type(error).__name__}: {_first_line(error)})"
    return DownloadFailed(f"Could not get {what} from the Hugging Face Hub into {cache_dir()}. {told}{detail}")


def _first_line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), "")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def advice(error: BaseException, repo: str) -> str:
    """What happened and what to do about it, from whatever the client raised."""
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
    if status in (401, 403, 404):
        return (
            f"There is no such repository, or it is private (HTTP {status}). Look at {page}; for a private one log "
            "in with `hf auth login` or set HF_TOKEN."
        )
    if status == 429:
        return "The Hub was asked too often (HTTP 429). Wait some minutes; with HF_TOKEN set the limit is higher."
    if status is not None and status >= 500:
        return f"The Hub has trouble (HTTP {status}). Try again later."
    if status is not None:
        return f"The Hub answered HTTP {status}. Look at {page}."
    if "TimeoutException" in names:
        return (
            "The Hub did not answer in time. Try again; for a slow connection set HF_HUB_ETAG_TIMEOUT and "
            "HF_HUB_DOWNLOAD_TIMEOUT to more seconds."
        )
    if "FileMetadataError" in names:
        return (
            f"What answers at {page} is not the Hub. Check HF_ENDPOINT, and whether a firewall or a log-in page of "
            "the network is in the way."
        )
    if names & {"NetworkError", "RemoteProtocolError", "ConnectionError"}:
        return f"There is no connection to {endpoint() or constants.ENDPOINT}. Check the network: {_proxy()}."
    return "Try again."


def _any(chain: list[BaseException], kind: type) -> bool:
    return any(isinstance(each, kind) for each in chain)


def _proxy() -> str:
    found = next(((name, os.environ[name]) for name in _PROXIES if os.environ.get(name)), None)
    # What stands before an @ may be a password.
    return f"{found[0]} is {found[1].rpartition('@')[2]}" if found else "no proxy is set"
