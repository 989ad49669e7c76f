"""`model.align(photo)` and `from_preset`: the one place where a lower room reaches up to `inference`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, Self, TypedDict, Unpack, overload

import numpy as np

from kerasalign.support.signatures import with_options

if TYPE_CHECKING:
    from PIL import Image

    from kerasalign.core.crop_model import CropModel
    from kerasalign.inference import Batch, Detector, Faces, Video

    Photo = str | os.PathLike[str] | bytes | BinaryIO | Image.Image | np.ndarray


class AlignOptions(TypedDict, total=False):
    """The options of `align`; see `kerasalign.inference.align`."""

    detector: str | Detector | Callable[[np.ndarray], Any]
    boxes: Any
    refine: int | None
    batch_size: int
    on_error: Literal["skip", "raise"]
    recursive: bool
    progress: bool | None
    color: Literal["rgb", "bgr"]
    max_error: float | None
    max_faces: int | None
    min_score: float | None
    early_exit: bool


class AlignMixin:
    """Gives a `CropModel` the methods `align` and `align_video`."""

    @overload
    def align(self: CropModel, source: Photo, **options: Unpack[AlignOptions]) -> Faces: ...

    @overload
    def align(self: CropModel, source: Sequence[Photo], **options: Unpack[AlignOptions]) -> Batch: ...

    @overload
    def align(self: CropModel, source: Iterator[Photo], **options: Unpack[AlignOptions]) -> Iterator[Faces]: ...

    @with_options(AlignOptions)
    def align(self: CropModel, source, **options):
        """Finds the faces of a photo and their landmarks.

        Args:
            source: A photo (path, address, bytes, binary file, PIL image, array), a list, folder or pattern of photos,
                or an iterator.
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


class PresetMixin:
    """Gives a `LandmarkModel` the methods by which KerasHub's models are loaded and saved."""

    @classmethod
    def from_preset(cls, preset: str | os.PathLike[str], load_weights: bool = True, **options: Any) -> Self:
        """A model of this class from a preset; of `LandmarkModel`, of any class.

        Args:
            preset: Name of a preset, its folder, or `"hf://user/repo@commit"`, as for `kerasalign.load`.
            load_weights: Whether to load the preset's weights.
            **options: As for `kerasalign.load`: `markup`, `landmarks` and so on.

        Raises:
            ValueError: If the preset is of another class, or an option does not fit.
            WeightsError: As `kerasalign.load`.

        Example:

            model = LandmarkModel.from_preset("musica19-synth")
        """
        from kerasalign.inference import load_as

        return load_as(cls, preset, load_weights, **options)

    def save_to_preset(self, preset_dir: str | os.PathLike[str], **options: Any) -> None:
        """Writes this model as a preset, which `from_preset` and `kerasalign.load` read.

        Args:
            preset_dir: Folder to write: new, empty, or one with a preset, which is replaced.
            **options: As for `kerasalign.save_preset`: `license`, `training_data` and so on.

        Raises:
            ValueError: As `kerasalign.save_preset`.
        """
        from kerasalign.inference import save_as

        save_as(self, preset_dir, **options)

    def _note_export(self, path: str | os.PathLike[str], format: str) -> None:
        """Writes the terms of the weights to an artifact of `keras.Model.export`."""
        from kerasalign.inference import note_export

        note_export(self, path, format)
