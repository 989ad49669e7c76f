"""Markups that a user defines in a small JSON or YAML file."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeGuard

import numpy as np

from kerasalign.markups.markup import Markup, flip_from_pairs
from kerasalign.support.bounded import DOCUMENT, parse_json, parse_yaml, read_bytes
from kerasalign.support.files import write_json

#: Bounds of a markup's file: points, and named groups of points. Dense meshes of faces have about 500 points.
MOST_POINTS, MOST_GROUPS = 10_000, 1_000
# A group may name a point more than once, as a closed curve does.
_MOST_REPEATED = 4
_REQUIRED = ("name", "mean_shape", "flip_pairs")
_OPTIONAL = ("parts", "eyes", "boundaries", "conversions")


def load_markup(path: str | os.PathLike) -> Markup:
    """Reads a markup from a `.json`, `.yaml` or `.yml` file. It is not registered; see `register_markup`.

    Keys of the file: `name`; `mean_shape`, a list of `[x, y]`, one per point, y downwards, of any scale;
    `flip_pairs`, the pairs of points that a mirror swaps; and, each optional, `parts` (name to points; one
    part `"face"` of all points by default), `eyes` (normalizer name to `[right points, left points]`),
    `boundaries` (name to the ordered points of a curve) and `conversions` (name of another markup to one
    group of points for each of its points). Points count from 0; `"0-16"` stands for 0, 1, ..., 16.

    Args:
        path: The file.

    Returns:
        The markup, not registered.

    Raises:
        ValueError: If the file does not define a markup, naming the file and the key.
        OSError: If it cannot be opened.

    Example:
        ```yaml
        name: "eyes-4"
        mean_shape: [[-3, 0], [-1, 0], [1, 0], [3, 0]]
        flip_pairs: [[0, 3], [1, 2]]
        eyes: {inter_ocular: [[0], [3]]}
        boundaries: {right_eye: "0-1", left_eye: "2-3"}
        ```
    """
    path = Path(path)
    return markup_of(_parse(path), path)


def markup_of(spec: Mapping, path: str | os.PathLike) -> Markup:
    """The markup defined by a mapping with the keys of `load_markup`; error messages name `path` as its origin."""
    unknown = [key for key in spec if key not in (*_REQUIRED, *_OPTIONAL)]
    lacking = [key for key in _REQUIRED if key not in spec]
    if unknown or lacking:
        raise ValueError(
            f"{path}: a markup has the keys {[*_REQUIRED, *_OPTIONAL]}; missing: {lacking}, unknown: {unknown}"
        )
    shape = spec["mean_shape"]
    if not _is_list(shape) or len(shape) < 2 or not all(_is_list(p) and len(p) == 2 for p in shape):
        raise ValueError(f"{path}: `mean_shape` must be a list of [x, y], two or more. Received: {shape!r:.80}")
    n = len(shape)
    if n > MOST_POINTS:
        raise ValueError(f"{path}: a markup has at most {MOST_POINTS} points. Received: {n}")
    swaps = [_points(pair, path, "flip_pairs", n) for pair in _list(spec["flip_pairs"], path, "flip_pairs")]
    pairs = [(pair[0], pair[1]) for pair in swaps if len(pair) == 2]
    if len(pairs) != len(swaps):
        raise ValueError(f"{path}: `flip_pairs` must be a list of pairs of points. Received: {swaps}")
    swapped = [point for pair in pairs for point in pair]
    if len(set(swapped)) != len(swapped):
        raise ValueError(f"{path}: each point is swapped with one other in `flip_pairs`. Received: {pairs}")
    spec = {"parts": {"face": list(range(n))}} | dict(spec)
    parts, eyes, boundaries, conversions = (_table(spec.get(key, {}), path, key) for key in _OPTIONAL)
    try:
        return Markup(
            name=str(spec["name"]),
            num_points=n,
            parts={key: _points(group, path, "parts", n) for key, group in parts.items()},
            flip=flip_from_pairs(n, pairs),
            eyes={key: _pair(sides, path, n) for key, sides in eyes.items()},
            boundaries={key: _points(curve, path, "boundaries", n) for key, curve in boundaries.items()},
            mean_shape=np.asarray(shape, "float64"),
            conversions={
                key: [_points(group, path, "conversions", n) for group in _list(groups, path, "conversions")]
                for key, groups in conversions.items()
            },
        )
    except (TypeError, ValueError, OverflowError) as error:
        raise error if str(path) in str(error) else ValueError(f"{path}: {error}") from error


def save_markup(markup: Markup, path: str | os.PathLike) -> None:
    """Writes a markup as a `.json` file for `load_markup`, atomically."""
    write_json(path, markup_spec(markup))


def markup_spec(markup: Markup) -> dict:
    """A markup as plain JSON values, with the keys of `load_markup`."""

    def lists(table):
        return {key: [int(point) for point in group] for key, group in table.items()}

    return {
        "name": markup.name,
        "mean_shape": markup.mean_shape.tolist(),
        "flip_pairs": [[i, int(j)] for i, j in enumerate(markup.flip) if i < j],
        "parts": lists(markup.parts),
        "eyes": {key: [[int(point) for point in side] for side in sides] for key, sides in markup.eyes.items()},
        "boundaries": lists(markup.boundaries),
        "conversions": {
            key: [[int(point) for point in group] for group in groups] for key, groups in markup.conversions.items()
        },
    }


def _parse(path: Path) -> Mapping:
    content = _read(path)
    try:
        if path.suffix.lower() in (".yaml", ".yml"):
            spec = parse_yaml(content)
        elif path.suffix.lower() == ".json":
            spec = parse_json(content)
        else:
            raise ValueError("the file must end in .json, .yaml or .yml")
    except ValueError as error:
        raise ValueError(f"{path}: not a markup file: {error}") from error
    if not isinstance(spec, Mapping):
        raise ValueError(f"{path}: a markup file holds a mapping of keys. Received: {type(spec).__name__}")
    return spec


def _read(path: Path) -> bytes:
    try:
        return read_bytes(path, DOCUMENT)
    except ValueError as error:
        raise ValueError(f"{path}: not a markup file: {error}") from error


def _is_list(value: object) -> TypeGuard[Sequence]:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _list(value: object, path: str | os.PathLike, key: str) -> Sequence:
    if not _is_list(value):
        raise ValueError(f"{path}: `{key}` must hold a list. Received: {value!r:.80}")
    if len(value) > MOST_POINTS:
        raise ValueError(f"{path}: `{key}` must hold at most {MOST_POINTS} entries. Received: {len(value)}")
    return value


def _table(value: object, path: str | os.PathLike, key: str) -> dict[str, object]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{path}: `{key}` must be a mapping from names. Received: {value!r:.80}")
    if len(value) > MOST_GROUPS:
        raise ValueError(f"{path}: `{key}` must have at most {MOST_GROUPS} entries. Received: {len(value)}")
    return {str(name): entry for name, entry in value.items()}


def _points(value: object, path: str | os.PathLike, key: str, n: int) -> tuple[int, ...]:
    """Point indices of a list of numbers and `"first-last"` ranges, or of one such range."""
    points: list[int] = []
    for entry in [value] if isinstance(value, str) else _list(value, path, key):
        ends = re.fullmatch(r"\s*(\d+)\s*-\s*(\d+)\s*", entry) if isinstance(entry, str) else None
        if ends and int(ends[2]) < n:
            points += range(int(ends[1]), int(ends[2]) + 1)
        elif ends:
            points.append(n)  # out of range, and not worth the list
        elif isinstance(entry, int) and not isinstance(entry, bool):
            points.append(entry)
        else:
            raise ValueError(
                f'{path}: a point in `{key}` must be a whole number or a range like "0-16". Received: {entry!r:.80}'
            )
        if len(points) > _MOST_REPEATED * n:
            raise ValueError(f"{path}: `{key}` names the same points again and again. Received: {value!r:.80}")
    if not points or min(points) < 0 or max(points) >= n:
        raise ValueError(f"{path}: `{key}` must name points in 0..{n - 1}. Received: {value!r:.80}")
    return tuple(points)


def _pair(sides: object, path: str | os.PathLike, n: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if not _is_list(sides) or len(sides) != 2:
        raise ValueError(f"{path}: each of `eyes` must be [right points, left points]. Received: {sides!r:.80}")
    return _points(sides[0], path, "eyes", n), _points(sides[1], path, "eyes", n)
