"""`model.align(photo)`: the one place where a lower room reaches up to `inference`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, overload

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

    from kerasalign.core.crop_model import CropModel
    from kerasalign.inference import Batch, Faces, Video

    Photo = str | os.PathLike[str] | bytes | BinaryIO | Image.Image | np.ndarray


class AlignMixin:
    """Gives a `CropModel` the methods `align` and `align_video`."""

    @overload
    def align(self: CropModel, source: Photo, **options: Any) -> Faces: ...

    @overload
    def align(self: CropModel, source: Sequence[Photo], **options: Any) -> Batch: ...

    @overload
    def align(self: CropModel, source: Iterator[Photo], **options: Any) -> Iterator[Faces]: ...

    def align(self: CropModel, source, **options):
        """Finds the faces of a photo and their landmarks.

        Args:
            source: A photo (path, bytes, binary file, PIL image, array), a list or folder of photos, or an iterator.
            **options: As in `kerasalign.inference.align`: `detector`, `boxes`, `refine` and so on.

        Returns:
            `Faces` for one photo, a `Batch` of them for a list or folder, an iterator of them for an iterator.
            Landmarks are in pixels of the photo. Type checkers take any path for that of a photo.
        """
        from kerasalign.inference import align

        return align(self, source, **options)

    def align_video(self: CropModel, source: str | os.PathLike[str] | int | Any, **options: Any) -> Video:
        """Finds the faces of a video and their landmarks in every frame, and follows each face.

        Args:
            source: Path of a video file, number of a camera, or an iterable of pictures.
            **options: As in `kerasalign.inference.align_video`: `detector`, `smooth`, `max_faces` and so on.

        Returns:
            A `Video`: iterate over its frames, or `save` it with the faces drawn.
        """
        from kerasalign.inference import align_video

        return align_video(self, source, **options)
