"""From annotated photos to training batches: images, crop cache, augmentation, balancing, loaders."""

from typing import TYPE_CHECKING

from kerasalign._lazy import attach

if TYPE_CHECKING:
    from kerasalign.data.augment_config import AugmentConfig as AugmentConfig
    from kerasalign.data.augmentation import (
        AugmentParams as AugmentParams,
        apply_augment as apply_augment,
        augment as augment,
        draw as draw,
    )
    from kerasalign.data.balance import (
        gdb_copies as gdb_copies,
        gdb_weights as gdb_weights,
        mahalanobis as mahalanobis,
        pdb_copies as pdb_copies,
        shape_space as shape_space,
    )
    from kerasalign.data.cache import CacheError as CacheError, CropCache as CropCache, cached_spec as cached_spec
    from kerasalign.data.cache_build import build_cache as build_cache
    from kerasalign.data.loader import FaceLoader as FaceLoader
    from kerasalign.data.report import BalanceReport as BalanceReport, balance_report as balance_report
    from kerasalign.data.split import split_indices as split_indices
    from kerasalign.data.tf_data import to_tf_data as to_tf_data

if not TYPE_CHECKING:  # with a `__getattr__` any misspelt name would do
    __getattr__, __dir__, __all__ = attach(
        __name__,
        {
            "augment_config": ["AugmentConfig"],
            "augmentation": ["AugmentParams", "apply_augment", "augment", "draw"],
            "balance": ["gdb_copies", "gdb_weights", "mahalanobis", "pdb_copies", "shape_space"],
            "cache": ["CacheError", "CropCache", "cached_spec"],
            "cache_build": ["build_cache"],
            "loader": ["FaceLoader"],
            "report": ["BalanceReport", "balance_report"],
            "split": ["split_indices"],
            "tf_data": ["to_tf_data"],
        },
    )
