"""Presets as data: the manifest, its weights, and models built from it. Importing it loads no Keras."""

from kerasalign.hub.errors import UnknownPreset, WeightsCorrupted, WeightsError, WeightsNotPublished
from kerasalign.hub.manifest import Manifest, manifest_path, read_manifest
from kerasalign.hub.preset import Preset, Result, TrainingData, Weights
from kerasalign.hub.presets import align, info, list_models, load
from kerasalign.hub.weights import cache_dir, weights_path

__all__ = [
    "Manifest", "Preset", "Result", "TrainingData", "UnknownPreset", "Weights", "WeightsCorrupted",
    "WeightsError", "WeightsNotPublished", "align", "cache_dir", "info", "list_models", "load",
    "manifest_path", "read_manifest", "weights_path",
]  # fmt: skip
