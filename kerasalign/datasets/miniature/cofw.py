"""Miniatures of the COFW and COFW68 layouts."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
from scipy.io import savemat

from kerasalign.datasets.miniature.drawing import draw_photo
from kerasalign.geometry import tight_box

_KEYS = {"train": "Tr", "test": "T"}


def make_cofw(root: Path, rng: np.random.Generator, faces: int) -> None:
    """Draws `faces` partly covered faces into each of COFW's two files; the second photo is grayscale."""
    for split in _KEYS:
        _write(root / f"COFW_{split}_color.mat", split, _draw(rng, faces))


def make_cofw68(root: Path, rng: np.random.Generator, faces: int) -> None:
    """Draws COFW's test file and, for the same photos, COFW68's annotations and boxes."""
    drawn = _draw(rng, faces)
    _write(root / "COFW_test_color.mat", "test", drawn)
    folder = root / "COFW68_Data" / "test_annotations"
    folder.mkdir(parents=True)
    for number, (_, _, landmarks, patch) in enumerate(drawn, start=1):
        points = {"Points": landmarks + 1, "Occ": _inside(landmarks, patch)[None].astype("uint8")}
        savemat(folder / f"{number}_points.mat", points)
    boxes = np.array([_rectangle(landmarks) for _, _, landmarks, _ in drawn], "int16")
    savemat(folder.parent / "cofw68_test_bboxes.mat", {"bboxes": boxes})


def _draw(rng: np.random.Generator, faces: int) -> list[tuple[np.ndarray, ...]]:
    """Photo, its 29 and its 68 landmarks, and the patch that covers a part of the face."""
    drawn = []
    for index in range(faces):
        # The markup draws no random number, so that a copied generator gives the same face.
        _, (few,) = draw_photo(copy.deepcopy(rng), "29")
        photo, (many,) = draw_photo(rng, "68")
        middle = many[rng.integers(len(many))]
        patch = np.concatenate([middle - 11, middle + 11])
        x0, y0, x1, y1 = np.rint(patch).clip(0).astype(int)
        photo[y0 : y1 + 1, x0 : x1 + 1] = rng.integers(30, 220, 3)
        drawn.append((photo[..., 0] if index == 1 else photo, few, many, patch))
    return drawn


def _write(path: Path, split: str, drawn: list[tuple[np.ndarray, ...]]) -> None:
    phis = [np.concatenate([*(few.T + 1), _inside(few, patch)]) for _, few, _, patch in drawn]
    key = _KEYS[split]
    import h5py

    with h5py.File(path, "w") as file:
        references = np.empty((1, len(drawn)), dtype=h5py.ref_dtype)
        for index, (photo, *_) in enumerate(drawn):
            references[0, index] = file.create_dataset(f"#refs#/{index}", data=photo.T).ref
        file.create_dataset(f"Is{key}", data=references, dtype=h5py.ref_dtype)
        file[f"phis{key}"] = np.array(phis).T
        file[f"bboxes{key}"] = np.array([_rectangle(few) for _, few, _, _ in drawn], "float64").T


def _inside(landmarks: np.ndarray, patch: np.ndarray) -> np.ndarray:
    return np.asarray(((landmarks >= patch[:2]) & (landmarks <= patch[2:])).all(-1))


def _rectangle(landmarks: np.ndarray) -> list[int]:
    """`[x y width height]`, x and y counted from 1."""
    x0, y0, x1, y1 = np.rint(tight_box(landmarks)).astype(int).tolist()
    return [x0 + 1, y0 + 1, x1 - x0 + 1, y1 - y0 + 1]
