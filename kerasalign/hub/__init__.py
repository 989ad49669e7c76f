"""Presets as data: the manifest, its weights, and models built from it. Importing it loads no Keras."""

from kerasalign.core.adaptation import Adaptation, adapt, freeze_kept
from kerasalign.core.origin import Origin, TrainingData, Weights
from kerasalign.hub.cache import CachedRepository, cached, remove_cached
from kerasalign.hub.card import model_card
from kerasalign.hub.catalog import Catalog, cache_dir, current_catalog, default_catalog, read_manifest, use_catalog
from kerasalign.hub.errors import (
    DownloadFailed,
    UnknownPreset,
    WeightsCorrupted,
    WeightsError,
    WeightsNotInstalled,
    WeightsNotPublished,
)
from kerasalign.hub.listing import info, list_models
from kerasalign.hub.load import align, as_model, load
from kerasalign.hub.manifest import DetectorEntry, Manifest, manifest_path
from kerasalign.hub.preset import Preset, Result
from kerasalign.hub.publish import Published, publish
from kerasalign.hub.publish_all import publish_all
from kerasalign.hub.recipes import get_recipe
from kerasalign.hub.resolve import ResolvedPreset, resolve
from kerasalign.hub.save import download, save_preset
from kerasalign.hub.weights import weights_path
from kerasalign.hub.zoo import Info
from kerasalign.runtimes.cache import CachedRuntime, cached_runtimes, remove_cached_runtimes

__all__ = [
    "Adaptation",
    "CachedRepository",
    "CachedRuntime",
    "Catalog",
    "DetectorEntry",
    "DownloadFailed",
    "Info",
    "Manifest",
    "Origin",
    "Preset",
    "Published",
    "ResolvedPreset",
    "Result",
    "TrainingData",
    "UnknownPreset",
    "Weights",
    "WeightsCorrupted",
    "WeightsError",
    "WeightsNotInstalled",
    "WeightsNotPublished",
    "adapt",
    "align",
    "as_model",
    "cache_dir",
    "cached",
    "cached_runtimes",
    "current_catalog",
    "default_catalog",
    "download",
    "freeze_kept",
    "get_recipe",
    "info",
    "list_models",
    "load",
    "manifest_path",
    "model_card",
    "publish",
    "publish_all",
    "read_manifest",
    "remove_cached",
    "remove_cached_runtimes",
    "resolve",
    "save_preset",
    "use_catalog",
    "weights_path",
]
