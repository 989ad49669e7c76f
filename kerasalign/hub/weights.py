"""From a manifest entry to a weights file on this disk whose digest was checked."""

from __future__ import annotations

import os
from pathlib import Path

from kerasalign.files import sha256
from kerasalign.hub.errors import WeightsCorrupted, WeightsError
from kerasalign.hub.preset import Weights

_BUNDLED = Path(__file__).resolve().parents[1] / "weights"


def cache_dir() -> Path:
    """Where downloaded weights are kept: `$KERASALIGN_HOME/hub`, else the Hugging Face cache (`$HF_HOME`)."""
    if home := os.environ.get("KERASALIGN_HOME"):
        return Path(home).expanduser() / "hub"
    from huggingface_hub.constants import HF_HUB_CACHE

    return Path(HF_HUB_CACHE)


def weights_path(weights: Weights) -> Path:
    """The checked weights file: the bundled one, the cached one, or a download from the Hub.

    Raises:
        WeightsError: If the file cannot be had.
        WeightsCorrupted: If size or digest differ from the manifest's.
    """
    path = _BUNDLED / weights.file if weights.source == "bundled" else _from_hub(weights)
    verify(path, weights)
    return path


def verify(path: Path, weights: Weights) -> None:
    """Checks a file against its manifest entry.

    Raises:
        WeightsCorrupted: If the file is absent, or size or digest differ.
    """
    if not path.is_file():
        raise WeightsCorrupted(f"The weights file {path} is missing. Install kerasalign again.")
    size = path.stat().st_size
    if size != weights.bytes:
        raise _not_the_file(path, f"{weights.bytes} bytes", f"{size} bytes")
    digest = sha256(path)
    if digest != weights.sha256:
        raise _not_the_file(path, f"sha256 {weights.sha256}", f"sha256 {digest}")


def _not_the_file(path: Path, expected: str, received: str) -> WeightsCorrupted:
    return WeightsCorrupted(f"{path} is not the file that the manifest names: expected {expected}. Remove it "
                            f"and load again, or install again. Received: {received}")


def _from_hub(weights: Weights) -> Path:
    from huggingface_hub import hf_hub_download

    try:
        # A cached file of a pinned commit is returned without asking the network.
        return Path(
            hf_hub_download(weights.repo, weights.file, revision=weights.revision, cache_dir=cache_dir())
        )
    except Exception as error:  # the client raises errors of several libraries
        raise WeightsError(f"Could not fetch {weights.file} of {weights.repo} at {weights.revision} from the "
                           f"Hugging Face Hub into {cache_dir()}: {type(error).__name__}: {error}") from error
