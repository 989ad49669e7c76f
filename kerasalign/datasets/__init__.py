"""Readers of data sets: every reader gives `FaceSample`s in one convention, or an error with file and line."""

from kerasalign.datasets.check import check_dataset
from kerasalign.datasets.dataset import Dataset
from kerasalign.datasets.errors import DatasetError
from kerasalign.datasets.example_photos import example_photos
from kerasalign.datasets.miniature import make_miniature
from kerasalign.datasets.pts import read_pts, write_pts
from kerasalign.datasets.registry import get_dataset, list_datasets, read_dataset
from kerasalign.datasets.report import DatasetReport
from kerasalign.datasets.sample import EmbeddedImage, FaceSample

__all__ = [
    "Dataset",
    "DatasetError",
    "DatasetReport",
    "EmbeddedImage",
    "FaceSample",
    "check_dataset",
    "example_photos",
    "get_dataset",
    "list_datasets",
    "make_miniature",
    "read_dataset",
    "read_pts",
    "write_pts",
]
