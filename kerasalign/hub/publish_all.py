"""Publishes every preset of the manifest whose weights are not on the Hub yet, each to a repository of its own."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from kerasalign.hub.catalog import current_catalog
from kerasalign.hub.publish import Published, publish
from kerasalign.hub.save import download


def publish_all(
    owner: str,
    *,
    folder: Path | str | None = None,
    private: bool = False,
    message: str | None = None,
    dry_run: bool = False,
) -> list[Published]:
    """Makes a repository of every preset of the manifest that has weights here and not on the Hub, and uploads them.

    The repository of a preset is `owner/PRESET`. All of them are made and checked before the first is uploaded.

    Args:
        owner: User or organization on the Hub.
        folder: A folder that keeps what is uploaded, in a folder for each preset; by default a temporary one.
        private: Whether new repositories are private.
        message: Message of the commits.
        dry_run: Make and check the repositories without using the network.

    Returns:
        One `Published` per preset, in the manifest's order; `to_paste` makes one object of their entries.

    Raises:
        ValueError: If `owner` is no user's name, or a preset does not state its license and training data.
        WeightsNotInstalled: If weights are in kerasalign-weights, which is not installed.
        WeightsError: If the Hub refuses; the message says what to do.
    """
    presets = current_catalog().manifest.presets.values()
    names = [preset.name for preset in presets if preset.weights and preset.weights.source != "hub"]
    with tempfile.TemporaryDirectory() as temporary:
        top = Path(folder or temporary)
        for name in names:
            download(name, top / name)
        planned = [publish(top / name, f"{owner}/{name}", dry_run=True) for name in names]
        if dry_run:
            return planned
        return [publish(top / name, f"{owner}/{name}", private=private, message=message) for name in names]


def to_paste(published: Sequence[Published]) -> str:
    """The entries of several presets under their names, as JSON to paste into `weights_manifest.json`."""
    return json.dumps({one.name: one.entry for one in published}, indent=2)
