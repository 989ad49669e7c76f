"""Writes rendered faces into a folder that `datasets` reads."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field, fields
from functools import cached_property
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from kerasalign.datasets.pts import write_pts
from kerasalign.markups import get_markup
from kerasalign.support.files import write_json, written_beside
from kerasalign.support.progress import track
from kerasalign.synth.dataset.labels import Labels, labels_of, labels_without_picture
from kerasalign.synth.head.analytic import analytic_head
from kerasalign.synth.head.definition import Definition
from kerasalign.synth.head.ict import ict_facekit
from kerasalign.synth.head.model import HeadModel
from kerasalign.synth.rendering.picture import VERSION, render
from kerasalign.synth.rendering.scene import draw_scene
from kerasalign.synth.rendering.scene_config import SceneConfig

#: Pictures per sub-folder, and per task of a worker.
SHARD, CHUNK = 1000, 20
CARD = "synth.json"


@dataclass(frozen=True)
class Series:
    """The settings of a series of renders; picture i depends on them and on i alone.

    Args:
        seed: Seed of the series.
        size: Side of the pictures in pixels.
        head: Path of an ICT-FaceKit checkout or its compact form; `None`: the library's own analytic head.
        scene: What the scenes may hold.
    """

    seed: int = 0
    size: int = 256
    head: str | None = None
    scene: SceneConfig = field(default_factory=SceneConfig)

    def load_head(self) -> HeadModel:
        """The head model."""
        return analytic_head() if self.head is None else ict_facekit(self.head)

    def card(self) -> dict:
        """Content of the folder's card. Paths are left out: they mean nothing on another machine."""
        head = self.load_head()
        scene = {k: v for k, v in self.scene.get_config().items() if k not in ("backgrounds", "environment_maps")}
        given = {name: _fingerprint(getattr(self.scene, name)) for name in ("backgrounds", "environment_maps")}
        return {
            "renderer": VERSION,
            "seed": self.seed,
            "size": self.size,
            "markup": "68",
            "head": {"name": head.name, "version": head.version, "license": head.license},
            "definition": _definition_digest(Definition.of(head)),
            "scene": scene,
            "given": given,
        }


def _fingerprint(path: str | None) -> str | None:
    """Hash of the names and sizes of a folder's files; `None` for no path."""
    if path is None:
        return None
    files = sorted(Path(path).rglob("*")) if Path(path).is_dir() else [Path(path)]
    listed = [[file.relative_to(path).as_posix(), file.stat().st_size] for file in files if file.is_file()]
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()[:16]


def _definition_digest(definition: Definition) -> str:
    """Hash of a landmark definition."""
    numbers = [getattr(definition, part.name).round(6).tolist() for part in fields(definition)]
    return hashlib.sha256(json.dumps(numbers).encode()).hexdigest()[:16]


def picture_path(directory: Path, index: int) -> Path:
    """Path of picture `index` of a series."""
    return Path(directory) / "train" / f"{index // SHARD:04d}" / f"{index:07d}.jpg"


def claim_folder(series: Series, directory, name: str, **numbers: int) -> Path:
    """Creates the folder of a series with its card, or opens one that holds the same series.

    Raises:
        ValueError: If one of the numbers is below 1, or the folder holds another series or other files.
    """
    directory = Path(directory)
    for key, value in numbers.items():
        if value < 1:
            raise ValueError(f"`{key}` must be at least 1. Received: {key}={value!r}")
    card, path = series.card(), directory / name
    if path.is_file():
        found = json.loads(path.read_text("utf-8"))
        if found != card:
            differ = sorted(key for key in card | found if card.get(key) != found.get(key))
            raise ValueError(
                f"The folder holds another series: {differ} differ. Received: directory={str(directory)!r}"
            )
    elif directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise ValueError(f"`directory` must be new, empty, or hold this series. Received: directory={str(directory)!r}")
    write_json(path, card)
    return directory


def write_series(
    series: Series,
    count: int,
    directory: str | os.PathLike[str],
    workers: int = 1,
    progress: bool | None = None,
    run: Callable[[SeriesWriter, list[list[int]]], Iterator[Any]] | None = None,
) -> int:
    """Renders pictures 0..count-1 into a folder, and skips those that exist.

    Args:
        series: What to render.
        count: Number of pictures in the finished folder.
        directory: The folder. A folder of another series is refused.
        workers: Processes that render.
        progress: Show a bar; by default where the error stream is a terminal.
        run: Calls a writer with each list of indices, in any order and in any process, and yields when one is done;
            instead of `workers`. `kerasalign.distributed.render_series` has one.

    Returns:
        How many were rendered now.

    Raises:
        ValueError: If an argument is out of range, or the folder holds another series or other files.
    """
    directory = claim_folder(series, directory, CARD, count=count, workers=workers)
    absent = [i for i in range(count) if not picture_path(directory, i).with_suffix(".pts").is_file()]
    chunks = [absent[i : i + CHUNK] for i in range(0, len(absent), CHUNK)]
    writer = SeriesWriter(series, directory)
    done = _rendered(writer, chunks, workers) if run is None or not chunks else run(writer, chunks)
    for _ in track(done, "Rendering", len(chunks), progress):
        pass
    return len(absent)


class SeriesWriter:
    """Renders pictures of a series into its folder; it can be pickled.

    Args:
        series: The series.
        directory: Its folder.
    """

    def __init__(self, series: Series, directory: Path) -> None:
        self.series, self.directory = series, Path(directory)

    @cached_property
    def head(self) -> HeadModel:
        """The head, loaded once per process, which then renders in one thread."""
        cv2.setNumThreads(1)
        os.environ.setdefault("NUMBA_NUM_THREADS", "1")
        return self.series.load_head()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "head"}

    def __call__(self, indices: list[int]) -> None:
        """Renders the pictures of some indices."""
        head = self.head
        for index in indices:
            path = picture_path(self.directory, index)
            scene = draw_scene(head, self.series.scene, self.series.seed, index)
            made = render(head, scene, self.series.size)
            with written_beside(path) as draft:
                cv2.imwrite(str(draft), made.image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])
            labels = labels_of(head, scene, made)
            with written_beside(path.with_suffix(".npz")) as draft, draft.open("wb") as stream:
                np.savez(stream, **_arrays(labels))
            # The points come last: where they are, the face is whole.
            with written_beside(path.with_suffix(".pts")) as draft:
                write_pts(draft, labels.points["68"])


def _rendered(writer: SeriesWriter, chunks: list[list[int]], workers: int) -> Iterator[None]:
    if workers == 1 or len(chunks) < 2:
        yield from map(writer, chunks)
        return
    # Spawned, not forked: numba and OpenCV have threads of their own.
    with ProcessPoolExecutor(workers, get_context("spawn"), _start, (writer,)) as pool:
        for done in as_completed([pool.submit(_write, chunk) for chunk in chunks]):
            yield done.result()


# The writer of a process of the pool.
_state: dict[str, SeriesWriter] = {}


def _start(writer: SeriesWriter) -> None:
    _state["writer"] = writer


def _write(indices: list[int]) -> None:
    _state["writer"](indices)


def _arrays(labels: Labels) -> dict[str, Any]:
    """The arrays of a face's `.npz`."""
    points = {f"points_{name}": points for name, points in labels.points.items()}
    visible = {f"visible_{name}": seen for name, seen in labels.visible.items()}
    return points | visible | {"solid": labels.solid, "pose": np.array(labels.pose, "float32")}


def label_series(series: Series, indices, definition: Definition | None = None, markup: str = "68") -> np.ndarray:
    """Landmarks of pictures of a series, without rendering them: `(len(indices), N, 2)` float32 pixels."""
    head = series.load_head()
    found = [
        labels_without_picture(
            head, draw_scene(head, series.scene, series.seed, int(index)), series.size, definition, (markup,)
        ).points[markup]
        for index in indices
    ]
    return np.array(found, "float32").reshape(-1, get_markup(markup).num_points, 2)
