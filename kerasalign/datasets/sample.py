"""Samples: annotated faces."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from kerasalign.geometry.boxes import tight_box


@dataclass(frozen=True)
class EmbeddedImage:
    """A photo inside a larger file, such as COFW's `.mat`; it is read only when asked for.

    Args:
        path: The file that holds the photo.
        name: Key of the photo in that file.
        reader: Function of `(path, name)` that gives `(H, W, 3)` uint8 RGB; a module's function, so that
            samples can be pickled.
    """

    path: Path
    name: str
    reader: Callable[[Path, str], np.ndarray]

    def read(self) -> np.ndarray:
        """The photo, `(H, W, 3)` uint8 RGB."""
        return self.reader(self.path, self.name)

    @property
    def in_order(self) -> bool:
        """Whether photos of this file are fast to read only in order, as the frames of a video."""
        return getattr(self.reader, "in_order", False)

    def __str__(self) -> str:
        return f"{self.path}#{self.name}"


@dataclass(frozen=True, eq=False)
class FaceSample:
    """One annotated face of a photo.

    Args:
        image: Path of the photo, or an `EmbeddedImage` where a data set keeps its photos inside one file.
            `str(image)` is unique to the photo in both cases; `read_image` reads both.
        landmarks: `(N, 2)` float64, x then y, 0-based pixel centers of the photo; NaN marks a point that is
            not annotated.
        markup: Name of the markup of `landmarks`.
        name: Key that is unique within the data set, such as `"helen/testset/296814969_3"`.
        boxes: Kind of box to `(x0, y0, x1, y1)` in the photo, such as `"detector"` or `"ground_truth"`.
        visibility: `(N,)` bool, False where the point is occluded; `None` where the data set does not say.
        attributes: Further values of the data set, such as `{"subset": "common"}`. `"video"` and `"source"`
            name what several samples were taken from: a video, or the photo that pictures were made from.
    """

    image: Path | EmbeddedImage
    landmarks: np.ndarray
    markup: str
    name: str
    boxes: Mapping[str, np.ndarray] = field(default_factory=dict)
    visibility: np.ndarray | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def box(self, kind: str = "landmarks") -> np.ndarray:
        """The box of that kind; `"landmarks"` is the tight box of the annotated points.

        Raises:
            ValueError: If the sample has no such box.
        """
        if kind == "landmarks":
            return tight_box(self.landmarks)
        if kind not in self.boxes:
            raise ValueError(
                f"Face '{self.name}' has no such box; it has {['landmarks', *self.boxes]}. Received: kind={kind!r}"
            )
        return np.asarray(self.boxes[kind], "float64")

    @property
    def group(self) -> str | None:
        """The video or source photo of the face, which similar samples of the same person share.

        A fair split keeps the samples of a group together. `None`: the data set does not say.
        """
        found = self.attributes.get("video", self.attributes.get("source"))
        return None if found is None else str(found)

    def read_image(self) -> np.ndarray:
        """The photo, `(H, W, 3)` uint8 RGB.

        Raises:
            ValueError: If the file is not a readable picture.
        """
        if isinstance(self.image, EmbeddedImage):
            return self.image.read()
        from kerasalign.support.images import load_image

        return load_image(self.image)
