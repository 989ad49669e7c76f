"""A pool of rendered heads without background, from which training scenes are composed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasalign.markups import get_markup
from kerasalign.support.files import written_beside
from kerasalign.support.progress import track

if TYPE_CHECKING:
    from kerasalign.synth.dataset.series import Series

#: Heads per file, and the names of what a folder holds.
SHARD, CARD = 64, "heads.json"
#: Markups of a head's points, one after the other in its row.
MARKUPS = ("68", "5")


def pool_scene():
    """Scenes for heads of a pool: profiles, heads that look down or up, many hats, glasses and occluders, and room for
    hair and shoulders.

    On whole photos most of the faces that are missed are such: the default scenes show too few of them.
    """
    from kerasalign.synth.rendering.scene_config import SceneConfig

    return SceneConfig(
        yaw=28.0,
        yaw_tail=0.4,
        yaw_limit=95.0,
        pitch=16.0,
        pitch_tail=0.3,
        pitch_limit=55.0,
        roll=0.0,
        roll_tail=0.0,
        coverage=(0.36, 0.44),
        shift=0.02,
        glasses=0.28,
        headwear=0.3,
        occluders=0.25,
        hard_light=0.45,
        degrade=0.0,
        extremes=0.0,
    )


def write_pool(series: Series, count: int, directory, workers: int = 1, progress: bool | None = None) -> int:
    """Renders heads 0..count-1 of a series into a folder; heads that are there already are kept.

    Args:
        series: The series; its scene should be `pool_scene()`. Heads are rendered without background and degradations.
        count: Number of heads that the folder holds afterwards.
        directory: The folder.
        workers: Number of processes.
        progress: Whether to show a progress bar; by default on a terminal.

    Returns:
        Number of heads that were rendered by this call.

    Raises:
        ValueError: If a number is below 1, or the folder holds another series or other files.

    Example:

        write_pool(Series(seed=1, size=256, head="ICT-FaceKit", scene=pool_scene()), 3000, "heads", workers=2)
    """
    from kerasalign.synth.dataset.series import claim_folder

    directory = claim_folder(series, directory, CARD, count=count, workers=workers)
    shards = {start // SHARD: range(start, min(start + SHARD, count)) for start in range(0, count, SHARD)}
    absent = {shard: heads for shard, heads in shards.items() if _count(directory, shard) < len(heads)}
    for _ in track(_render(series, directory, absent, workers), "Rendering", len(absent), progress):
        pass
    return sum(map(len, absent.values()))


def _count(directory: Path, shard: int) -> int:
    """Number of heads in the file of a shard."""
    path = directory / f"{shard:04d}.npy"
    return len(np.load(path, mmap_mode="r")) if path.is_file() else 0


def _render(series, directory: Path, shards: dict[int, range], workers: int) -> Iterator[None]:
    if workers == 1 or len(shards) < 2:
        head = series.load_head()
        for shard, heads in shards.items():
            yield _write(series, head, directory, shard, heads)
        return
    # Not forked: numba and OpenCV have threads.
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
    save_shard(directory, shard, *zip(*(cut_out(series, head, index) for index in heads)))


def save_shard(directory: Path, shard: int, cuts, points) -> None:
    """Writes a file of heads `(N, S, S, 4)` uint8 and one of their points `(N, 73, 2)` float32."""
    for name, array in ((f"{shard:04d}.points.npy", points), (f"{shard:04d}.npy", cuts)):
        # Pixels are written last: if they are there, the shard is complete.
        with written_beside(directory / name) as draft, draft.open("wb") as stream:
            np.save(stream, np.array(array))


def cut_out(series, head, index: int) -> tuple[np.ndarray, np.ndarray]:
    """One head without its background.

    Returns:
        `(S, S, 4)` uint8, color times opacity, and opacity; and `(73, 2)` float32, 68 and 5 points in its pixels.
    """
    from kerasalign.synth.dataset.labels import labels_of
    from kerasalign.synth.rendering.photo import Photo
    from kerasalign.synth.rendering.picture import render
    from kerasalign.synth.rendering.scene import draw_scene

    scene = draw_scene(head, series.scene, series.seed, index)
    # On a black background, without tone changes, an image is its foreground times its opacity.
    black = replace(scene.background, photo=None, blur=0.0, brightness=0.0, shapes=0)
    tones = {name: getattr(scene.photo, name) for name in ("exposure", "gamma", "tint")}
    rendered = render(head, scene.replaced(background=black, photo=Photo(**tones)), series.size)
    cover = np.rint(255 * rendered.alpha).astype("uint8")[..., None]
    labels = labels_of(head, scene, rendered, markups=MARKUPS)
    return np.concatenate([rendered.image, cover], -1), np.concatenate([labels.points[name] for name in MARKUPS])


class HeadPool:
    """The heads of folders of `write_pool` and `write_photo_pool`. Pixels are memory-mapped: processes share them.

    Args:
        directories: The folder, or several.

    Attributes:
        points: `(N, 73, 2)` float32, 68 and 5 points of each head, in pixels of its cut-out.
        angles: `(N,)` in-plane rotations in degrees, clockwise.
        boxes: `(N, 4)` upright tight boxes of the 68 points.

    Raises:
        ValueError: If a folder holds no heads.
    """

    def __init__(self, *directories: str | os.PathLike[str]) -> None:
        shards, cards = [], []
        for directory in map(Path, directories):
            files = sorted(directory.glob("[0-9][0-9][0-9][0-9].npy"))
            if not files or not (directory / CARD).is_file():
                raise ValueError(
                    "A folder of heads is made by `write_pool`, and this one holds none. "
                    f"Received: directory={str(directory)!r}"
                )
            shards += files
            cards.append(json.loads((directory / CARD).read_text("utf-8")))
        self.card = cards[0] if len(cards) == 1 else {"pools": cards}
        self._shards = shards
        self._maps: dict[int, np.ndarray] = {}
        points = [np.load(path.with_name(f"{path.stem}.points.npy")) for path in shards]
        self._positions = [(shard, row) for shard, part in enumerate(points) for row in range(len(part))]
        self.points = np.concatenate(points)
        markup = get_markup(MARKUPS[0])
        faces = self.points[:, : markup.num_points]
        boxes, angles = zip(*map(markup.upright_box, faces))
        self.boxes, self.angles = np.array(boxes), np.array(angles)

    def __len__(self) -> int:
        return len(self._positions)

    def __getitem__(self, index: int) -> np.ndarray:
        """`(S, S, 4)` uint8 cut-out: color times opacity, and opacity."""
        shard, row = self._positions[index]
        if shard not in self._maps:
            self._maps[shard] = np.load(self._shards[shard], mmap_mode="r")
        return self._maps[shard][row]

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_maps": {}}
