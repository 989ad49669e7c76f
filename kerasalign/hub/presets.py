"""Presets by name: list them, describe them, build them with their weights."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasalign.geometry import CropSpec
from kerasalign.hub.errors import WeightsError, WeightsNotPublished
from kerasalign.hub.manifest import Manifest, read_manifest
from kerasalign.hub.preset import Preset
from kerasalign.hub.weights import weights_path

if TYPE_CHECKING:
    from kerasalign.models import LandmarkModel


def load(name: str, weights: str | Path | None = "auto") -> LandmarkModel:
    """Builds a preset's network and loads its weights.

    Args:
        name: Name of a preset; `list_models` gives them all.
        weights: `"auto"` for the published weights (bundled with the library, cached, or from the Hugging
            Face Hub), the path of a `.weights.h5` file, or `None` for the untrained network. Where the
            `run.json` of a training run lies beside the file, the network is built as that run says.

    Returns:
        A `keras.Model` with `align(photo)` and Keras' own `fit`, `evaluate`, `save`.

    Raises:
        UnknownPreset: If no preset has that name.
        WeightsNotPublished: If `weights="auto"` and nobody has published weights for this preset.
        WeightsCorrupted: If the published file is not the one that the manifest names.
        WeightsError: If a file does not fit the network.
        FileNotFoundError: If `weights` is a path and no file is there.

    Example:

        model = kerasalign.load("musica19-300w")
        faces = model.align("group.jpg")
    """
    manifest = read_manifest()
    preset = manifest[name]
    if weights == "auto":
        if preset.weights is None:
            raise WeightsNotPublished(_how_to_train(preset, manifest))
        path = weights_path(preset.weights)
    elif weights is not None:
        path = Path(weights)
        if not path.is_file():
            raise FileNotFoundError("`weights` must be 'auto', None or the path of a weights file; that file "
                                    f"does not exist. Received: weights={str(weights)!r}")
        card = path.with_name("run.json")
        if card.is_file():
            # What a run learns is not in its weights alone: the mean shape is part of the network's config.
            trained = json.loads(card.read_text("utf-8"))["model"]
            preset = replace(preset, architecture={"class": preset.architecture["class"], **trained})
    model = _build(preset)
    if weights is not None:
        try:
            model.load_weights(str(path))
        except (ValueError, OSError, KeyError) as error:
            raise WeightsError(f"{path} does not hold weights of '{name}': {error}") from error
    return model


def list_models(
    paper: str | None = None,
    dataset: str | None = None,
    markup: str | None = None,
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
        available: Whether weights are published.
    """
    def matches(preset: Preset) -> bool:
        may_sell = preset.weights.commercial_use if preset.weights else None
        pairs = ((paper, preset.paper), (dataset, preset.dataset), (markup and str(markup), preset.markup),
                 (commercial_use, may_sell), (available, preset.available))
        return all(wanted is None or wanted == value for wanted, value in pairs)

    return [name for name, preset in read_manifest().presets.items() if matches(preset)]


def info(name: str) -> dict[str, Any]:
    """Everything known of a preset, as plain JSON values.

    `parameters` and the multiply-adds of one face are counted on the network, which is built for it:
    `parameters` are the trainable ones, `macs` every multiply-add of a full run, `macs_paper` the same by the
    paper's own bookkeeping.

    Raises:
        UnknownPreset: If no preset has that name.
    """
    preset = read_manifest()[name]
    model = _build(preset)
    counted = {
        "points": int(preset.architecture.get("num_landmarks") or model.markup.num_points),
        "parameters": sum(math.prod(weight.shape) for weight in model.inference_network().trainable_weights),
        "macs": int(model.count_macs(convention="full")),
        "macs_paper": int(model.count_macs(convention="paper")),
    }
    return asdict(preset) | {"available": preset.available} | counted


def align(photo, model: str | LandmarkModel | None = None, **options):
    """Finds the faces of a photo and their landmarks.

    The model of a name is loaded once per process; load your own to change it.

    Args:
        photo: Whatever `LandmarkModel.align` takes: path, bytes, PIL image, array, a list of them, a folder.
        model: Name of a preset, or a loaded model; without it, the manifest's default preset.
        **options: Passed on to `LandmarkModel.align`, for example `boxes` or `detector`.

    Returns:
        What `LandmarkModel.align` returns: `Faces` for one photo.
    """
    if model is None or isinstance(model, str):
        model = _loaded(model or read_manifest().default)
    return model.align(photo, **options)


@lru_cache(maxsize=1)
def _loaded(name: str) -> LandmarkModel:
    return load(name)


def _build(preset: Preset) -> LandmarkModel:
    from kerasalign.models import build  # Keras loads here, not before

    model = build(dict(preset.architecture))
    if model.crop_spec != CropSpec.from_config(dict(preset.crop)):
        raise ValueError(f"Preset '{preset.name}' of the manifest: `crop` is not that of its architecture, "
                         f"{model.crop_spec}. Received: crop={dict(preset.crop)}")
    return model


def _how_to_train(preset: Preset, manifest: Manifest) -> str:
    train = f"Train it with `kerasalign train {preset.name} --data DIR`" if preset.recipe else preset.notes
    bundled = [p for p in manifest.presets.values() if p.weights and p.weights.source == "bundled"]
    # The stand-in that is most like it: the same markup first, then the same paper.
    bundled.sort(key=lambda p: (p.markup != preset.markup, p.paper != preset.paper))
    meanwhile = f" Meanwhile '{bundled[0].name}' is bundled and works now." if bundled else ""
    return (f"Nobody has published weights for '{preset.name}'. {train.rstrip('.')}. The untrained network "
            f"is `kerasalign.load({preset.name!r}, weights=None)`.{meanwhile}")
