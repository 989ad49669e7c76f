"""Protocols of a preset, and the faces of a data set that they are measured on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from kerasalign.core.crop_model import CropModel
from kerasalign.datasets import FaceSample, get_dataset
from kerasalign.datasets.check import usable_faces
from kerasalign.hub.preset import Preset
from kerasalign.metrics import Protocol, get_protocol
from kerasalign.models import get_paper, read_config
from kerasalign.training.reading import read_faces

# Protocol name to a paper's `nme`, `fr` and `auc`, and the `box_source` of its crops; `None` or an empty text is what
# the paper does not say.
Published = Mapping[str, Mapping[str, Any]]
# Fields of a config that make no other network of it.
_SAME_NETWORK = frozenset({"dtype", "markup_spec", "success_threshold", "failure_threshold"})

# Data set and subset of a protocol to the reader's split, where their names differ.
_SPLITS = {("wflw", "full"): "test", ("wflw", "pose"): "largepose", ("aflw2000-3d", "yaw_balanced"): "full"}


def split_of(protocol: Protocol) -> str:
    """The split of the data set's reader that holds the protocol's subset."""
    return _SPLITS.get((protocol.dataset.lower(), protocol.subset), protocol.subset)


def preset_protocols(preset: Preset) -> tuple[list[str], dict[str, dict[str, Any]]]:
    """Protocols to measure a preset by, and the numbers of its paper.

    A preset without a paper's numbers has the protocols that it was measured by. Each inter-pupil protocol is joined by
    the inter-ocular one, which more papers report.

    Returns:
        Names of the protocols, and protocol name to the paper's `nme`, `fr`, `auc` and `box_source`.
    """
    reported = [result.protocol for result in preset.paper_results or preset.measured]
    names = [*reported, *(name.replace("inter_pupil", "inter_ocular") for name in reported)]
    published = {
        r.protocol: {"nme": r.nme, "fr": r.fr, "auc": r.auc, "box_source": r.box_source} for r in preset.paper_results
    }
    return list(dict.fromkeys(names)), published


def network_differences(preset: Preset, model: CropModel) -> list[str]:
    """Names of the fields in which a network is another one than its preset's, which the paper's numbers are of.

    Args:
        preset: The preset.
        model: A model of it, perhaps with the weights and the config of another run. Of a model without a config, such
            as an exported file, nothing is known.
    """
    config = getattr(model, "config", None)
    if config is None:
        return []
    paper, own = get_paper(preset.paper), read_config(preset.architecture)
    if type(config) is not type(own):
        return ["class"]
    ignored = _SAME_NETWORK | set(paper.learned) | set(paper.recipe_class().trained_with)
    wanted, found = own.resolved().to_json(), config.to_json()
    return [name for name, value in wanted.items() if name not in ignored and found.get(name) != value]


def usable_protocols(names: Iterable[str], data_dir) -> tuple[list[str], list[str]]:
    """Sorts protocols by whether a data set's folder has all files that they need.

    Args:
        names: Names of protocols of one data set.
        data_dir: Folder of the data set.

    Returns:
        Names of the protocols that can be measured, and a line on each of the others.
    """
    usable, left_out = [], []
    for name in dict.fromkeys(names):
        protocol = get_protocol(name)
        missing = get_dataset(protocol.dataset.lower()).missing(Path(data_dir), split_of(protocol))
        if missing:
            left_out.append(f"{name}: not in {data_dir}: {', '.join(missing)}")
        else:
            usable.append(name)
    return usable, left_out


def check_protocols(model: CropModel, protocols: Sequence[Protocol], convert: bool = False) -> None:
    """Raises unless protocols can be measured in one pass of a model.

    Args:
        model: The model.
        protocols: The protocols.
        convert: Whether the protocols' markup may be one that the model's converts to, as 98 points to 68.

    Raises:
        ValueError: If they are of several data sets or box sources, or their markup is not the model's.
    """
    kinds = {"data sets": {p.dataset for p in protocols}, "box sources": {p.box_source for p in protocols}}
    for what, values in kinds.items():
        if len(values) != 1:
            raise ValueError(f"`protocols` must be of one kind, not several {what}. Received: {sorted(values)}")
    markup = protocols[0].markup
    own = model.markup
    if own is None or markup not in (own.name, *(own.conversions if convert else ())):
        raise ValueError(f"The protocols measure markup '{markup}'. Received: a model of markup {own!r}")


def read_splits(
    protocols: Sequence[Protocol],
    data_dir,
    on_error: Literal["raise", "skip"] = "raise",
    options: Mapping[str, object] | None = None,
) -> dict[str, list[FaceSample]]:
    """The samples of every split that protocols of one data set and markup name; see `read_faces`.

    Raises:
        ValueError: As `read_faces`, and if points cannot be those of a face in their photo; see `usable_faces`.
    """
    dataset, markup = protocols[0].dataset.lower(), protocols[0].markup
    splits = dict.fromkeys(split_of(protocol) for protocol in protocols)
    read = {split: read_faces(dataset, data_dir, split, markup, on_error, options) for split in splits}
    return {split: usable_faces(faces, on_error) for split, faces in read.items()}


def by_name(faces: Mapping[str, Sequence[FaceSample]]) -> dict[str, FaceSample]:
    """Face name to sample; splits may share faces, as WFLW's subsets do."""
    return {sample.name: sample for group in faces.values() for sample in group}
