"""From annotated photos to training batches: images, crop cache, augmentation, balancing, loaders."""

from __future__ import annotations

from importlib import import_module

_HOME = {
    "AugmentConfig": "augment_config",
    "AugmentParams": "augmentation",
    "BalanceReport": "report",
    "CacheError": "cache",
    "CropCache": "cache",
    "FaceLoader": "loader",
    "ImageError": "images",
    "apply_augment": "augmentation",
    "augment": "augmentation",
    "balance_report": "report",
    "build_cache": "cache_build",
    "cached_spec": "cache",
    "draw": "augmentation",
    "exact_boundary_maps": "boundary_maps",
    "gdb_copies": "balance",
    "gdb_weights": "balance",
    "load_image": "images",
    "mahalanobis": "balance",
    "pdb_copies": "balance",
    "shape_space": "balance",
    "split_indices": "split",
    "to_tf_data": "tf_data",
}

__all__ = sorted(_HOME)


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
