"""The presets: their names by filter, and everything that is known of one."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path

from kerasalign.hub.catalog import current_catalog
from kerasalign.hub.load import build_network
from kerasalign.hub.preset import Preset
from kerasalign.hub.resolve import resolve, resolve_entry
from kerasalign.hub.zoo import Info
from kerasalign.support.checks import one_of


def list_models(
    paper: str | None = None,
    dataset: str | None = None,
    markup: str | int | None = None,
    commercial_use: bool | None = None,
    available: bool | None = None,
) -> list[str]:
    """Names of the presets that match every filter given.

    Args:
        paper: Short name of a paper, such as `"musica"`.
        dataset: Data set that the preset is made for, such as `"300w"`.
        markup: Name of its markup, such as `"68"`.
        commercial_use: Whether its published weights may be used commercially; a preset without weights
            matches neither `True` nor `False`.
        available: Whether `load` finds trained weights here.

    Raises:
        ValueError: If no preset has such a paper, data set or markup; the message lists those that there are.
    """
    catalog = current_catalog()
    presets = catalog.manifest.presets.values()
    for name, wanted, known in (
        ("paper", paper, [preset.paper for preset in presets]),
        ("dataset", dataset, [preset.dataset for preset in presets]),
        ("markup", markup and str(markup), [preset.markup for preset in presets if preset.markup]),
    ):
        if wanted is not None:
            one_of(name, wanted, dict.fromkeys(known))

    def matches(preset: Preset) -> bool:
        pairs = (
            (paper, preset.paper),
            (dataset, preset.dataset),
            (markup and str(markup), preset.markup),
            (commercial_use, preset.weights.commercial_use if preset.weights else None),
            (available, available is not None and resolve_entry(preset, catalog).available),
        )
        return all(wanted is None or wanted == value for wanted, value in pairs)

    return [name for name, preset in catalog.manifest.presets.items() if matches(preset)]


def info(name: str | Path) -> Info:
    """Everything known of a preset, as a dict of plain JSON values that prints as a table.

    The network is built to count on it: `parameters` are the trainable ones, `macs` every multiply-add of a full run
    on one face, `macs_paper` the same as the paper counts.

    Args:
        name: A preset's name, its folder, or `"hf://user/repo@commit"`, as for `load`.

    Raises:
        UnknownPreset: If no preset has that name.
    """
    resolved = resolve(name)
    preset = resolved.preset
    where = {"available": resolved.available, "location": resolved.location}
    return Info(preset, asdict(preset) | where | _counts(preset))


def _counts(preset: Preset) -> dict[str, int]:
    """Sizes of the preset's network, which takes seconds to build: counted once per architecture and process."""
    key = json.dumps(preset.architecture, sort_keys=True), preset.weights and preset.weights.sha256
    if key not in _counted:
        model = build_network(preset)
        _counted[key] = {
            "points": model.num_landmarks,
            "parameters": sum(math.prod(weight.shape) for weight in model.inference_network().trainable_weights),
            "macs": int(model.count_macs(convention="full")),
            "macs_paper": int(model.count_macs(convention="paper")),
        }
    return _counted[key]


_counted: dict[tuple[str, str | None], dict[str, int]] = {}
