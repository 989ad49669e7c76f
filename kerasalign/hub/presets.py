"""Presets by name: list them, describe them, build them with their weights."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasalign.core.adaptation import adapt
from kerasalign.core.origin import Origin
from kerasalign.geometry import CropSpec
from kerasalign.hub.errors import WeightsError
from kerasalign.hub.manifest import read_manifest
from kerasalign.hub.preset import Preset
from kerasalign.hub.runtimes import open_cached
from kerasalign.hub.source import find_preset, found_here
from kerasalign.hub.zoo import Info
from kerasalign.runtimes.cache import RUNTIMES
from kerasalign.support.files import sha256

if TYPE_CHECKING:
    from kerasalign.markups import Markup
    from kerasalign.models import LandmarkModel
    from kerasalign.runtimes.reader import RuntimeModel


def load(
    name: str | Path,
    weights: str | Path | None = "auto",
    markup: str | Markup | None = None,
    landmarks=None,
    runtime: str = "keras",
    quantize: str = "none",
) -> LandmarkModel | RuntimeModel:
    """Builds a preset's network and loads its weights.

    Args:
        name: Name of a preset, as `list_models` gives them; the folder of one (`"./my-faces"`, as `save_preset` and
            `kerasalign download` write it); or a repository of the Hugging Face Hub, `"hf://user/repo@commit"`.
        weights: `"auto"` for the preset's weights (bundled with the library, in the folder KERASALIGN_WEIGHTS or the
            checkout's `weights/`, cached, or from the Hub), the path of a `.weights.h5` file, or `None` for the
            untrained network. Where the `run.json` of a training run lies beside the file, the network is built as
            that run says.
        markup: Another point scheme, to fine-tune the network on: what does not depend on the points keeps its
            weights, the rest is new. `model.adaptation` says which is which.
        landmarks: With `markup`: annotations `(F, N, 2)` in pixels of the model's crop, NaN where there is none, from
            which mean shape and the like are made; by default the markup's own mean shape.
        runtime: `"keras"`; or `"onnxruntime"` or `"litert"`: the network is exported once, compared with Keras, and
            cached by its content; from then on it is opened without Keras and TensorFlow.
        quantize: In another runtime: `"float16"` or `"int8"` store large weights in fewer bytes, as in
            `kerasalign.export`; landmarks then differ a little.

    Returns:
        A `keras.Model` with `align(photo)` and Keras' own `fit`, `evaluate`, `save`; its `origin` says where it is
        from. In another runtime, a `RuntimeModel` with the same `align` and `predict_crops`.

    Raises:
        UnknownPreset: If no preset has that name.
        WeightsNotPublished: If `weights="auto"` and this preset's weights are neither here nor published.
        DownloadFailed: If a file cannot be fetched from the Hub.
        WeightsCorrupted: If the file is not the one that the manifest names.
        WeightsError: If a file does not fit the network.
        FileNotFoundError: If `name` or `weights` is a path and nothing is there.
        ValueError: If a folder's entry is wrong, `landmarks` do not fit `markup`, there is no such runtime, or it has
            no such `quantize`.
        ImportError: If the runtime is not installed.

    Example:

        model = kerasalign.load("musica19-synth")
        faces = model.align("group.jpg")
    """
    if landmarks is not None and markup is None:
        raise ValueError("`landmarks` are those of a new `markup`. Received: landmarks without a markup")
    if runtime not in ("keras", *RUNTIMES):
        raise ValueError(f"`runtime` must be one of {('keras', *RUNTIMES)}. Received: runtime={runtime!r}")
    if runtime != "keras" and markup is not None:
        raise ValueError(f"A network is fine-tuned in Keras. Received: markup={markup!r}, runtime={runtime!r}")
    if runtime == "keras" and quantize != "none":
        raise ValueError(f"`quantize` is for other runtimes. Received: quantize={quantize!r}, runtime='keras'")
    found = find_preset(name)
    preset, run = found.preset, {}
    if weights == "auto":
        path = found.weights_path()
    elif weights is not None:
        path = _own_file(weights)
        card = path.with_name("run.json")
        if card.is_file():
            # What a run learns is not in its weights alone: the mean shape is part of the network's config.
            run = _run_card(card)
            preset = replace(preset, architecture={"class": preset.architecture["class"], **run["model"]})
    if runtime != "keras":
        digest = None if weights is None else preset.weights.sha256 if weights == "auto" else sha256(path)
        return open_cached(preset, digest, runtime, quantize, lambda: load(name, weights))
    model = _build(preset, bool(run))
    if weights is not None:
        try:
            model.load_weights(str(path))
        except (ValueError, OSError, KeyError) as error:
            raise WeightsError(f"{path} does not hold weights of '{name}': {error}") from error
    if markup is not None:
        model = adapt(model, markup, landmarks)
    # A preset's own file keeps its terms wherever it lies.
    published = preset.weights if weights == "auto" or (weights and _is_file_of(preset, path)) else None
    from_hub = str(name).startswith("hf://")
    came_from = f"hf://{preset.weights.repo}@{preset.weights.revision}" if from_hub else preset.name
    training = {key: run[key] for key in ("recipe", "settings", "versions", "best") if run.get(key)}
    return model.with_origin(Origin(came_from, preset.dataset, published, training))


def _own_file(weights: str | Path) -> Path:
    path = Path(weights).expanduser()
    if not path.is_file():
        raise FileNotFoundError(
            "`weights` must be 'auto', None or the path of a weights file; that file "
            f"does not exist. Received: weights={str(weights)!r}"
        )
    if path.suffix == ".keras":
        raise WeightsError(
            "A .keras file can hold code, so that only `keras.models.load_model` opens one, and only if "
            f"you trust it. Give a .weights.h5 file. Received: weights={str(weights)!r}"
        )
    return path


def _run_card(path: Path) -> dict[str, Any]:
    try:
        card = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise WeightsError(f"{path}, the run card beside the weights, is not JSON: {error}") from error
    if not isinstance(card, dict) or not isinstance(card.get("model"), dict):
        raise WeightsError(
            f"{path} lies beside the weights and is no run card of this library, which would say what "
            "network they are of: move one of the two elsewhere"
        )
    return card


def _is_file_of(preset: Preset, path: Path) -> bool:
    known = preset.weights
    return known is not None and path.stat().st_size == known.bytes and sha256(path) == known.sha256


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
        available: Whether `load` gets trained weights here.
    """

    def matches(preset: Preset) -> bool:
        may_sell = preset.weights.commercial_use if preset.weights else None
        pairs = (
            (paper, preset.paper),
            (dataset, preset.dataset),
            (markup and str(markup), preset.markup),
            (commercial_use, may_sell),
            (available, available is not None and found_here(preset).available),
        )
        return all(wanted is None or wanted == value for wanted, value in pairs)

    return [name for name, preset in read_manifest().presets.items() if matches(preset)]


def info(name: str | Path) -> Info:
    """Everything known of a preset, as a dict of plain JSON values that prints as a table.

    `parameters` and the multiply-adds of one face are counted on the network, which is built for it:
    `parameters` are the trainable ones, `macs` every multiply-add of a full run, `macs_paper` the same by the
    paper's own bookkeeping.

    Args:
        name: Whatever `load` takes.

    Raises:
        UnknownPreset: If no preset has that name.
    """
    found = find_preset(name)
    preset = found.preset
    model = _build(preset)
    counted = {
        "points": int(preset.architecture.get("num_landmarks") or model.markup.num_points),
        "parameters": sum(math.prod(weight.shape) for weight in model.inference_network().trainable_weights),
        "macs": int(model.count_macs(convention="full")),
        "macs_paper": int(model.count_macs(convention="paper")),
    }
    return Info(preset, asdict(preset) | {"available": found.available} | counted)


def align(photo, model: str | Path | LandmarkModel | None = None, **options):
    """Finds the faces of a photo and their landmarks.

    The last four models by name stay loaded; load your own to change it.

    Args:
        photo: Whatever `LandmarkModel.align` takes: a path, an array, a list of photos, a folder.
        model: What `load` takes as a name, or a loaded model; without it, the manifest's default preset.
        **options: Passed on to `LandmarkModel.align`, for example `boxes` or `detector`.

    Returns:
        What `LandmarkModel.align` returns: `Faces` for one photo.
    """
    if model is None or isinstance(model, (str, Path)):
        model = _loaded(model or read_manifest().default)
    return model.align(photo, **options)


@lru_cache(maxsize=4)
def _loaded(name: str | Path) -> LandmarkModel:
    return load(name)


def _build(preset: Preset, own_crop: bool = False) -> LandmarkModel:
    """The untrained network; with `own_crop`, that of a run, whose crop may be another than the preset's."""
    from kerasalign.models import build  # Keras loads here, not before

    model = build(dict(preset.architecture))
    if not own_crop and model.crop_spec != CropSpec.from_config(dict(preset.crop)):
        raise ValueError(
            f"Preset '{preset.name}': `crop` is not that of its architecture, {model.crop_spec}. "
            f"Received: crop={dict(preset.crop)}"
        )
    return model
