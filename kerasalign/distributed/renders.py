"""Series of renders by Ray."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kerasalign.distributed.ray_engine import actors, cores_of, results_of, start_ray
from kerasalign.synth.dataset.series import Series, SeriesWriter, write_series


def render_series(
    series: Series,
    count: int,
    directory: str | os.PathLike[str],
    *,
    concurrency: int | tuple[int, int] | None = None,
    progress: bool | None = None,
) -> int:
    """Renders pictures 0..count-1 into a folder by Ray, as `write_series` does in one process.

    Picture i is the same on one machine and on many, but for the rounding of another kind of processor. Pictures that
    are there are skipped: the same call again goes on.

    Args:
        series: What to render. Its head, backgrounds and environment maps must be at the same paths on all machines.
        count: Number of pictures in the finished folder.
        directory: The folder; all machines must see it at this path.
        concurrency: Number of actors, or the least and the most of them; by default as many as there are cores.
        progress: Whether to show a bar; by default on a terminal.

    Returns:
        How many were rendered now.

    Raises:
        ImportError: If Ray is not installed.
        ValueError: As `write_series`.
    """
    ray = start_ray()

    def run(writer: SeriesWriter, chunks: list[list[int]]) -> Iterator[Any]:
        pool = actors(ray, concurrency, cores_of(ray), len(chunks))
        return results_of(ray, lambda: _Renderer(writer), chunks, pool, num_cpus=1)

    return write_series(series, count, Path(directory).resolve(), progress=progress, run=run)


class _Renderer:
    """What an actor keeps: the head of the series."""

    def __init__(self, writer: SeriesWriter) -> None:
        self.writer = writer

    def __call__(self, indices: list[int]) -> dict[str, int]:
        self.writer(indices)
        return {"pictures": len(indices)}
