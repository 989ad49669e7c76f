"""Photos and videos that `kerasalign align` is given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kerasalign.cli.sinks import check_video_format
from kerasalign.cli.videos import is_video, list_videos
from kerasalign.support.bounded import read_json

if TYPE_CHECKING:
    from kerasalign.cli.align_options import AlignOptions


def list_sources(
    sources: Sequence[str], options: AlignOptions, count: Counter[str], tell: Callable[[str], None]
) -> tuple[list[Path | str], list[Path | str]]:
    """The photos and the videos of the sources. What is not there is reported, before any network is loaded.

    Args:
        sources: Files, folders, patterns, addresses and cameras.
        options: Options of the command.
        count: Counts what cannot be read.
        tell: Prints a line.

    Raises:
        ValueError: If an option does not go with videos.
    """
    videos: list[str | Path] = [source for source in sources if is_video(source)]
    if videos and options.boxes is not None:
        raise ValueError(f"`--boxes` are for photos. Received: --boxes with {videos[0]}")
    in_folders = [] if options.boxes is not None else list_videos(sources, options.recursive, options.out)
    others = [source for source in sources if not is_video(source)]
    photos = _list_photos(others, options.recursive, options.out, count, in_folders, tell)
    videos += in_folders
    if videos:
        check_video_format(options.file_format, options.as_json)
    return photos, videos


def _list_photos(
    sources: list[str],
    recursive: bool,
    out: Path,
    count: Counter[str],
    videos: Sequence[Path],
    tell: Callable[[str], None],
) -> list[Path | str]:
    """The photos of the sources. What is not there is reported here, before any network is loaded."""
    from kerasalign.inference.sources import is_pattern, matching
    from kerasalign.support.images import list_images
    from kerasalign.support.web import is_address

    def report(error: OSError) -> None:
        count["unlisted"] += 1
        tell(f"{error.filename}: error: the folder cannot be listed ({error.strerror})")

    photos: list[Path | str] = []
    for source in sources:
        path = Path(source)
        if is_address(source):
            photos.append(source)
        elif path.is_dir():
            # Drawings of an earlier run may lie inside the source folder.
            inside = out.resolve() if out.resolve() != path.resolve() else None
            files = [found for found in list_images(path, recursive, report) if inside not in found.resolve().parents]
            if not files and not any(path in video.parents for video in videos):
                tell(f"{source}: no photos in this folder")
            photos += files
        elif is_pattern(source):
            photos += matching(source)
        elif not path.exists():
            count["missing"] += 1
            tell(f"{source}: error: there is no such file")
        else:
            photos.append(path)
    return photos


def read_boxes(path: Path, photos: Sequence[Path | str]) -> list:
    """The face boxes of each photo, from a JSON file that names every photo.

    Raises:
        ValueError: If it is another file, or a photo is missing.
    """
    try:
        table = read_json(path)
    except ValueError as error:
        raise ValueError(f"`--boxes` must be a JSON file: {error}. Received: {path}") from error
    if not isinstance(table, dict):
        raise ValueError(
            f"`--boxes` must hold an object from photo to boxes. Received: a {type(table).__name__} in {path}"
        )
    missing = [str(p) for p in photos if str(p) not in table and Path(p).name not in table]
    if missing:
        raise ValueError(
            f"`--boxes` must name every photo; give [] where there is no face. Received: {path} without {missing}"
        )
    return [table.get(str(p), table.get(Path(p).name)) for p in photos]
