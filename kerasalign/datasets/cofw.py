"""COFW: 29 points with occlusion (Burgos-Artizzu et al., ICCV 2013), MATLAB 7.3 files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np

from kerasalign.datasets.dataset import Dataset, Finding
from kerasalign.datasets.errors import DatasetError, DatasetNote
from kerasalign.datasets.sample import EmbeddedImage, FaceSample
from kerasalign.geometry import as_box

_KEYS = {"train": "Tr", "test": "T"}


class COFW(Dataset):
    """COFW: `train` (845 faces of LFPW and 500 of COFW) and `test`.

    Layout: `COFW_train_color.mat` and `COFW_test_color.mat`, in the folder or in `COFW_color/`. The photos
    stay inside these files and are read one by one. A face is named by its row: `"test/0001"`. Boxes:
    `"detector"`. `visibility` is False for occluded points.

    Reader options: `index_base` (1): the pixel that the files count from; some published readers take them as
    0-based, which moves every landmark by one pixel.
    """

    name = "cofw"
    markup = "29"
    splits: ClassVar = {"train": 1345, "test": 507}

    def recognize(self, root: Path) -> bool:
        # COFW68 comes with COFW's test photos, so these alone do not tell.
        cofw68 = (root / "COFW68_Data").is_dir()
        return cofw_file(root, "train").is_file() or (cofw_file(root, "test").is_file() and not cofw68)

    def missing(self, root: Path, split: str) -> list[str]:
        return [] if cofw_file(root, split).is_file() else [cofw_file(root, split).name]

    def faces(self, root: Path, split: str, index_base: int = 1) -> Iterator[Finding]:
        path, key = cofw_file(root, split), _KEYS[split]
        if not path.is_file():
            return
        try:
            import h5py

            with h5py.File(path, "r") as file:
                count = np.size(file[f"Is{key}"])
                annotations = np.asarray(file[f"phis{key}"], "float64").T
                boxes = np.asarray(file[f"bboxes{key}"], "float64").T
        except (OSError, KeyError, ValueError, AttributeError) as error:
            yield DatasetError(path, f"not a COFW file in MATLAB 7.3 format ({error})")
            return
        if annotations.shape != (count, 87) or boxes.shape != (count, 4):
            shapes = f"phis {annotations.shape}, bboxes {boxes.shape}"
            yield DatasetError(path, f"{count} photos need 87 numbers and 4 box numbers each, not {shapes}")
            return
        for row, numbers in enumerate(annotations, start=1):
            landmarks = numbers[:58].reshape(2, 29).T - index_base
            if not np.isfinite(landmarks).all():
                yield DatasetError(path, f"face {row}: a landmark is not finite")
                continue
            own = {}
            try:
                own["detector"] = box_of_rectangle(boxes[row - 1], index_base)
            except ValueError as error:
                yield DatasetNote(path, f"face {row}: {error}")
            yield FaceSample(
                image=cofw_photo(path, split, row),
                landmarks=landmarks,
                markup=self.markup,
                name=f"{split}/{row:04d}",
                boxes=own,
                visibility=numbers[58:] == 0,
                attributes={"subset": split},
            )


def cofw_file(root: Path, split: str) -> Path:
    """Where the file of a split is, or would be."""
    name = f"COFW_{split}_color.mat"
    inside = root / "COFW_color" / name
    return inside if inside.is_file() else root / name


def cofw_photo(path: Path, split: str, row: int) -> EmbeddedImage:
    """The photo of a row, counted from 1, of a COFW file."""
    return EmbeddedImage(path, f"Is{_KEYS[split]}/{row}", _read_photo)


def box_of_rectangle(rectangle: np.ndarray, index_base: int) -> np.ndarray:
    """Box through the outermost pixel centers of a MATLAB rectangle `[x y width height]`.

    Raises:
        ValueError: If it is not a rectangle.
    """
    x, y, width, height = np.asarray(rectangle, "float64") - (index_base, index_base, 1, 1)
    return as_box((x, y, x + width, y + height), "rectangle")


def _read_photo(path: Path, name: str) -> np.ndarray:
    key, row = name.split("/")
    try:
        import h5py

        with h5py.File(path, "r") as file:
            # MATLAB stores columns first, so that HDF5 sees (3, W, H), or (W, H) for a grayscale photo.
            photo = np.asarray(file[np.ravel(file[key])[int(row) - 1]]).T
    except (OSError, KeyError, ValueError, IndexError) as error:
        raise DatasetError(path, f"photo {name} cannot be read ({error})") from error
    photo = np.repeat(photo[..., None], 3, -1) if photo.ndim == 2 else photo
    if photo.ndim != 3 or photo.shape[2] != 3 or photo.dtype != np.uint8:
        raise DatasetError(path, f"photo {name} is {photo.dtype} {photo.shape}, not an 8-bit picture")
    return np.ascontiguousarray(photo)
