"""A miniature of the WFLW layout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from kerasalign.datasets.miniature.drawing import draw_photo
from kerasalign.datasets.wflw import ATTRIBUTES
from kerasalign.geometry import tight_box

_SUBSETS = ("largepose", *ATTRIBUTES[1:])


def make_wflw(root: Path, rng: np.random.Generator, faces: int) -> None:
    """Draws `faces` faces for each of the two lists, two in a photo as in WFLW, and the subset lists."""
    annotations = root / "WFLW_annotations"
    for split in ("train", "test"):
        lines, subsets = [], {name: [] for name in ("", *_SUBSETS)}
        for index, (points, rectangle, name) in enumerate(_draw(root, split, rng, faces)):
            # Neighbors carry opposite flags, so that every subset holds half of the faces.
            flags = [(index + offset) % 2 for offset in range(len(ATTRIBUTES))]
            lines.append(f"{points} {rectangle} {' '.join(map(str, flags))} {name}\n")
            for subset, flag in zip(subsets, (1, *flags), strict=True):
                if flag:
                    subsets[subset].append(f"{points} {name}\n")
        folder = annotations / "list_98pt_rect_attr_train_test"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"list_98pt_rect_attr_{split}.txt").write_text("".join(lines))
    folder = annotations / "list_98pt_test"
    folder.mkdir()
    for subset, lines in subsets.items():
        (folder / f"list_98pt_test{'_' if subset else ''}{subset}.txt").write_text("".join(lines))


def _draw(root: Path, split: str, rng: np.random.Generator, faces: int):
    event = {"train": "0--Parade", "test": "37--Soccer"}[split]
    (root / "WFLW_images" / event).mkdir(parents=True)
    for first in range(0, faces, 2):
        photo, several = draw_photo(rng, "98", faces=min(2, faces - first))
        name = f"{event}/{event.replace('--', '_')}_drawn_{first}.jpg"
        Image.fromarray(photo).save(root / "WFLW_images" / name, quality=92)
        for landmarks in several:
            points = " ".join(f"{number:.6f}" for number in landmarks.ravel())
            rectangle = " ".join(str(round(number)) for number in tight_box(landmarks))
            yield points, rectangle, name
