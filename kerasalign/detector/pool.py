"""Rendered heads cut out of their pictures, kept to be put into many scenes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kerasalign.files import written_beside
from kerasalign.markups import get_markup

if TYPE_CHECKING:
    from kerasalign.synth.dataset.series import Series

#: Heads per file, and the names of what a folder holds.
SHARD, CARD = 64, "heads.json"
#: Markups of a head's points, one after the other in its row.
MARKUPS = ("68", "5")


def pool_scene():
    """What heads for a detector look like: any turn, much in front of them, room for hair, hats and shoulders."""
    from kerasalign.synth.rendering.scene_config import SceneConfig

    return SceneConfig(
        yaw=24.0,
        yaw_tail=0.25,
        yaw_limit=85.0,
        pitch=13.0,
        roll=0.0,
        roll_tail=0.0,
        coverage=(0.36, 0.44),
        shift=0.02,
        glasses=0.22,
        headwear=0.16,
        occluders=0.2,
        degrade=0.0,
        extremes=0.0,
    )


def write_pool(series: Series, count: int, directory, workers: int = 1, progress: bool | None = None) -> int:
    """Renders heads 0..count-1 of a series into a folder; what is there is left as it is.

    Args:
        series: What to render; `pool_scene()` is meant for it. Background and what a camera spoils are left out.
        count: Number of heads the folder shall hold.
        directory: The folder. A folder of another series is refused.
        workers: Processes that render.
        progress: Show a bar; by default where the error stream is a terminal.

    Returns:
        How many were rendered now.

    Raises:
        ValueError: If a number is below 1, or the folder holds another series or other files.

    Example:

        write_pool(Series(seed=1, size=256, head="ICT-FaceKit", scene=pool_scene()), 3000, "heads", workers=2)
    """
    from kerasalign.synth.dataset.series import claim_folder, with_progress

    directory = claim_folder(series, directory, CARD, count=count, workers=workers)
    wanted = {start // SHARD: range(start, min(start + SHARD, count)) for start in range(0, count, SHARD)}
    absent = {shard: heads for shard, heads in wanted.items() if _held(directory, shard) < len(heads)}
    for _ in with_progress(_rendered(series, directory, absent, workers), len(absent), progress):
        pass
    return sum(map(len, absent.values()))


def _held(directory: Path, shard: int) -> int:
    """Heads in a shard's file."""
    path = directory / f"{shard:04d}.npy"
    return len(np.load(path, mmap_mode="r")) if path.is_file() else 0


def _rendered(series, directory: Path, shards: dict[int, range], workers: int) -> Iterator[None]:
    if workers == 1 or len(shards) < 2:
        head = series.load_head()
        for shard, heads in shards.items():
            yield _write(series, head, directory, shard, heads)
        return
    # Spawned, not forked: numba and OpenCV have threads of their own.
    with ProcessPoolExecutor(workers, get_context("spawn"), _start, (series, directory)) as pool:
        for done in as_completed([pool.submit(_work, shard, heads) for shard, heads in shards.items()]):
            yield done.result()


_state: dict = {}


def _start(series, directory: Path) -> None:
    import cv2

    cv2.setNumThreads(1)
    os.environ.setdefault("NUMBA_NUM_THREADS", "1")
    _state.update(series=series, directory=directory, head=series.load_head())


def _work(shard: int, heads: range) -> None:
    _write(_state["series"], _state["head"], _state["directory"], shard, heads)


def _write(series, head, directory: Path, shard: int, heads: range) -> None:
    cuts, points = zip(*(cut_out(series, head, index) for index in heads))
    for name, array in ((f"{shard:04d}.points.npy", points), (f"{shard:04d}.npy", cuts)):
        # The pixels come last: where they are, the shard is whole.
        with written_beside(directory / name) as draft, draft.open("wb") as stream:
            np.save(stream, np.array(array))


def cut_out(series, head, index: int) -> tuple[np.ndarray, np.ndarray]:
    """One head without its background.

    Returns:
        `(S, S, 4)` uint8, colours times cover and the cover; and `(73, 2)` float32, its 68 and its 5 points.
    """
    from kerasalign.synth.dataset.labels import labels_of
    from kerasalign.synth.rendering.photo import Photo
    from kerasalign.synth.rendering.picture import render
    from kerasalign.synth.rendering.scene import draw_scene

    scene = draw_scene(head, series.scene, series.seed, index)
    # Before black, and with nothing done to tones, a picture is its foreground times its cover.
    black = replace(scene.background, photo=None, blur=0.0, brightness=0.0, shapes=0)
    kept = {name: getattr(scene.photo, name) for name in ("exposure", "gamma", "tint")}
    made = render(head, scene.replaced(background=black, photo=Photo(**kept)), series.size)
    cover = np.rint(255 * made.alpha).astype("uint8")[..., None]
    labels = labels_of(head, scene, made, markups=MARKUPS)
    return np.concatenate([made.image, cover], -1), np.concatenate([labels.points[name] for name in MARKUPS])


class HeadPool:
    """Reads a folder of `write_pool`; pixels are mapped, not loaded, and can be shared by processes.

    Args:
        directory: The folder.

    Attributes:
        points: `(N, 73, 2)` float32 pixels of the cut-outs: 68 points and 5.
        angles: `(N,)` in-plane rotations in degrees, clockwise.
        boxes: `(N, 4)` upright tight boxes of the 68 points.

    Raises:
        ValueError: If the folder holds no heads.
    """

    def __init__(self, directory) -> None:
        self.directory = Path(directory)
        shards = sorted(self.directory.glob("[0-9][0-9][0-9][0-9].npy"))
        if not shards or not (self.directory / CARD).is_file():
            raise ValueError(
                "A folder of heads is made by `write_pool`, and this one holds none. "
                f"Received: directory={str(directory)!r}"
            )
        self.card = json.loads((self.directory / CARD).read_text("utf-8"))
        self._shards = shards
        self._maps: dict[int, np.ndarray] = {}
        points = [np.load(path.with_name(f"{path.stem}.points.npy")) for path in shards]
        self._places = [(shard, row) for shard, part in enumerate(points) for row in range(len(part))]
        self.points = np.concatenate(points)
        markup = get_markup(MARKUPS[0])
        faces = self.points[:, : markup.num_points]
        boxes, angles = zip(*map(markup.upright_box, faces))
        self.boxes, self.angles = np.array(boxes), np.array(angles)

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: int) -> np.ndarray:
        """`(S, S, 4)` uint8 cut-out: colours times cover, and the cover."""
        shard, row = self._places[index]
        if shard not in self._maps:
            self._maps[shard] = np.load(self._shards[shard], mmap_mode="r")
        return self._maps[shard][row]

    def __getstate__(self) -> dict:
        return self.__dict__ | {"_maps": {}}
