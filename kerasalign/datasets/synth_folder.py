"""Renders of `kerasalign synth`."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from kerasalign.datasets.dataset import Finding
from kerasalign.datasets.errors import DatasetError
from kerasalign.datasets.pts_folder import PtsFolder
from kerasalign.datasets.sample import FaceSample
from kerasalign.markups import Markup, get_markup


class SynthFolder(PtsFolder):
    """A folder that `kerasalign synth` wrote: `synth.json` and `train/0000/0000000.jpg`, with a `.pts` of the 68 points
    and a `.npz` of all labels beside it.

    Every face has the attributes `pitch`, `yaw` and `roll` in degrees, and its visibility. There are no official
    numbers.

    Reader options: `markup` (`"68"`), one of 68, 98, 29, 19 and 5. `points` (`"2d"`): the outline that the picture
    shows, as in 300W, or `"3d"`: the jaw's 68-point contour fixed to the head, as in 300W-LP.
    """

    name = "synth"

    def recognize(self, root: Path) -> bool:
        return (root / "synth.json").is_file()

    def faces(self, root: Path, split: str, markup: str = "68", points: str = "2d") -> Iterator[Finding]:
        if points not in ("2d", "3d"):
            raise ValueError(f"`points` must be '2d' or '3d'. Received: points={points!r}")
        scheme = get_markup(markup)
        if points == "3d" and scheme.name != self.markup:
            raise ValueError(f"`points='3d'` are of markup '{self.markup}'. Received: markup={markup!r}")
        for found in super().faces(root, split):
            yield _labeled(found, scheme, points) if isinstance(found, FaceSample) else found


def _labeled(sample: FaceSample, scheme: Markup, points: str) -> Finding:
    """The sample with what its labels file says."""
    path = Path(str(sample.image)).with_suffix(".npz")
    try:
        with np.load(path, allow_pickle=False) as data:
            landmarks = data["solid"][:, :2] if points == "3d" else data[f"points_{scheme.name}"]
            visible, pose = data[f"visible_{scheme.name}"], data["pose"]
    except FileNotFoundError:
        return DatasetError(path, "is not there; `kerasalign synth` writes it beside its pictures")
    except KeyError:
        return DatasetError(path, f"has no labels of markup {scheme.name}")
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        return DatasetError(path, f"is not a readable .npz ({error})")
    angles = dict(zip(("yaw", "pitch", "roll"), (float(angle) for angle in pose)))
    return replace(
        sample,
        landmarks=landmarks.astype("float64"),
        markup=scheme.name,
        visibility=visible,
        attributes={**sample.attributes, **angles},
    )
