"""Presets as data: the manifest, its weights, and models built from it. Importing it loads no Keras."""

from kerasalign.core.adaptation import Adaptation, adapt, freeze_kept
from kerasalign.core.origin import Origin, TrainingData, Weights
from kerasalign.hub.cache import cached, remove_cached
from kerasalign.hub.card import model_card
from kerasalign.hub.errors import DownloadFailed, UnknownPreset, WeightsCorrupted, WeightsError, WeightsNotPublished
from kerasalign.hub.folder import download, save_preset
from kerasalign.hub.manifest import Manifest, manifest_path, read_manifest
from kerasalign.hub.preset import Preset, Result
from kerasalign.hub.presets import align, info, list_models, load
from kerasalign.hub.publishing import publish
from kerasalign.hub.recipes import get_recipe
from kerasalign.hub.source import find_preset
from kerasalign.hub.transfer import cache_dir
from kerasalign.hub.weights import weights_path
from kerasalign.hub.zoo import Info
from kerasalign.runtimes.cache import CachedRuntime, cached_runtimes, remove_cached_runtimes

__all__ = [
    "Adaptation",
    "CachedRuntime",
    "DownloadFailed",
    "Info",
    "Manifest",
    "Origin",
    "Preset",
    "Result",
    "TrainingData",
    "UnknownPreset",
    "Weights",
    "WeightsCorrupted",
    "WeightsError",
    "WeightsNotPublished",
    "adapt",
    "align",
    "cache_dir",
    "cached",
    "cached_runtimes",
    "download",
    "find_preset",
    "freeze_kept",
    "get_recipe",
    "info",
    "list_models",
    "load",
    "manifest_path",
    "model_card",
    "publish",
    "read_manifest",
    "remove_cached",
    "remove_cached_runtimes",
    "save_preset",
    "weights_path",
]
