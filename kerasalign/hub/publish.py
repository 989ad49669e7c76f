"""Uploads a preset's folder to the Hugging Face Hub and returns its manifest entry, pinned to the commit."""

from __future__ import annotations

import io
import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasalign.core.origin import Weights
from kerasalign.hub.card import model_card
from kerasalign.hub.errors import WeightsError
from kerasalign.hub.folder import CARD, ENTRY, MARKUP, read_folder
from kerasalign.hub.preset import Preset
from kerasalign.hub.save import UNSTATED
from kerasalign.hub.training_curve import plot_training, training_curves
from kerasalign.hub.transfer import advice, endpoint
from kerasalign.hub.weights import weights_path

logger = logging.getLogger(__name__)

# The picture of the training curve, beside the card.
PLOT = "training.png"


@dataclass(frozen=True)
class Published:
    """What `publish` uploaded, or would upload.

    Args:
        repo: `"user/name"`.
        files: Name of each file to its size in bytes.
        entry: The manifest's entry, pinned to the commit; its `revision` is `None` after a dry run.
        name: Name of the preset.
        revision: The full commit; `None` after a dry run.
    """

    repo: str
    files: dict[str, int]
    entry: dict[str, Any]
    name: str
    revision: str | None = None

    def to_paste(self) -> str:
        """The entry under its name, as JSON to paste into `weights_manifest.json`."""
        return json.dumps({self.name: self.entry}, indent=2)


def publish(
    directory: Path | str, repo: str, *, private: bool = False, message: str | None = None, dry_run: bool = False
) -> Published:
    """Uploads a preset's folder to a model repository, which is created if it does not exist.

    Only the preset's own files are uploaded: entry, weights, markup, model card, and a picture of the training curve
    where the entry holds one. Afterwards the files on the Hub are compared with them. The account is the one of
    `hf auth login` or HF_TOKEN.

    Args:
        directory: A folder that `save_preset` or `download` wrote.
        repo: `"user/name"`.
        private: Whether a new repository is private.
        message: Message of the commit.
        dry_run: Check everything here and say what would be uploaded, without using the network.

    Returns:
        A `Published`; its `entry` is what to paste into `weights_manifest.json`.

    Raises:
        ValueError: If the preset does not state its license and training data, `repo` is no repository's name, or a
            file of the folder is a link.
        WeightsCorrupted: If the weights are not those of the entry.
        WeightsError: If the Hub refuses; the message says what to do.
    """
    from huggingface_hub.utils import HFValidationError, validate_repo_id

    try:
        validate_repo_id(repo)
    except HFValidationError as error:
        raise ValueError(f"`repo` must be 'user/name'. {error} Received: repo={repo!r}") from error
    if repo.count("/") != 1:
        raise ValueError(f"`repo` must be 'user/name'. Received: repo={repo!r}")
    directory = Path(directory)
    preset = read_folder(directory)
    weights = preset.weights
    assert weights is not None  # `read_folder` refuses an entry without weights
    if weights.license == UNSTATED or not weights.training_data:
        raise ValueError(
            "Who publishes weights says their license and what they were trained on: give `license` and "
            f"`training_data` to `save_preset`. Received: license={weights.license!r}, "
            f"training_data={[data.name for data in weights.training_data]}"
        )
    contents = _contents(directory, preset, repo)
    contents[weights.file] = weights_path(weights, directory)
    for name, content in contents.items():
        _check_inside(directory, directory / name if isinstance(content, bytes) else content)
    files = {name: _size(content) for name, content in contents.items()}
    if dry_run:
        return Published(repo, files, _entry(preset, repo, None), preset.name)
    try:
        revision = _upload(contents, repo, private, message or f"Preset {preset.name}", weights)
    except WeightsError:
        raise
    except Exception as error:  # the client raises errors of several libraries
        raise WeightsError(
            f"Could not publish {directory} to {repo}. {advice(error, repo)} "
            f"({type(error).__name__}: {str(error).strip()})"
        ) from error
    return Published(repo, files, _entry(preset, repo, revision), preset.name, revision)


def _check_inside(directory: Path, path: Path) -> None:
    """Raises if a file of the folder is a link: it could publish any file of this machine."""
    inside = path.resolve().is_relative_to(directory.resolve())
    if path.is_symlink() or not inside:
        raise ValueError(
            f"A preset's folder holds its files itself: a link is not published. Received: {path} -> {path.resolve()}"
        )


def _contents(directory: Path, preset: Preset, repo: str) -> dict[str, Path | bytes]:
    """The files to upload, apart from the weights: name to path or content."""
    card = (directory / CARD).read_text("utf-8") if (directory / CARD).is_file() else None
    plot = _plot(preset)
    # An edited card is uploaded as it is; the other one names the place to load from, which is new.
    if card is None or card == model_card(preset, f"./{directory.name}"):
        card = model_card(preset, f"hf://{repo}", PLOT if plot else None)
    contents: dict[str, Path | bytes] = {ENTRY: directory / ENTRY, CARD: card.encode()}
    if preset.markup is not None:
        contents[MARKUP] = directory / MARKUP
    if plot:
        contents[PLOT] = plot
    return contents


def _plot(preset: Preset) -> bytes | None:
    """The training curve as a PNG file; `None` where there is no curve, or no matplotlib to draw it."""
    if preset.weights is None or not training_curves(preset.weights.training):
        return None
    png = io.BytesIO()
    try:
        plot_training(preset).save(png, "PNG", optimize=True)
    except ImportError as error:
        logger.warning("The card of %s has no picture of the training curve. %s", preset.name, error)
        return None
    return png.getvalue()


def _size(content: Path | bytes) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def _upload(contents: dict[str, Path | bytes], repo: str, private: bool, message: str, weights: Weights) -> str:
    from huggingface_hub import CommitOperationAdd, HfApi
    from huggingface_hub.hf_api import RepoFile

    api = HfApi(endpoint=endpoint())
    api.create_repo(repo, private=private, exist_ok=True)
    operations = [
        CommitOperationAdd(name, io.BytesIO(content) if isinstance(content, bytes) else str(content))
        for name, content in contents.items()
    ]
    revision = api.create_commit(repo, operations, commit_message=message).oid
    tree = api.list_repo_tree(repo, revision=revision, recursive=True)
    uploaded = {item.path: item for item in tree if isinstance(item, RepoFile)}
    for name, content in contents.items():
        if name not in uploaded or uploaded[name].size != _size(content):
            raise WeightsError(f"{name} of {repo} at {revision} is not what was uploaded. Publish again.")
    lfs = uploaded[weights.file].lfs
    if lfs is not None and lfs.sha256 != weights.sha256:
        raise WeightsError(
            f"{weights.file} of {repo} at {revision} has sha256 {lfs.sha256}, expected {weights.sha256}. Publish again."
        )
    return revision


def _entry(preset: Preset, repo: str, revision: str | None) -> dict[str, Any]:
    entry = preset.to_json()
    return entry | {"weights": entry["weights"] | {"source": "hub", "repo": repo, "revision": revision}}
