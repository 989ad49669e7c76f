"""A small head made of formulas: ours, so that tests, examples and tutorials run with nothing downloaded.

A flat drawing of a face (a grid of points and the curves of lids and lips) is triangulated in the chart and lifted
onto a skull with a nose, brows, lips and a chin. It looks like a mannequin, has every part that the renderer
knows but gums, and moves by formulas as well.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import Delaunay, cKDTree

from kerasalign.synth.head.analytic_modes import expressions, identities
from kerasalign.synth.head.chart import AXIS, RADIUS
from kerasalign.synth.head.model import HeadModel

# Places of half a face in the chart, centimeters: outline of the right eye opening and lips, brows, nose, jaw.
EYE = np.array([(-4.75, 3.45), (-4.0, 3.92), (-3.0, 3.98), (-2.0, 3.28), (-2.95, 3.05), (-4.0, 3.05)])
LIPS = np.array(
    [
        (-2.6, -3.5),
        (-1.55, -2.85),
        (-0.6, -2.5),
        (0.0, -2.58),
        (0.6, -2.5),
        (1.55, -2.85),
        (2.6, -3.5),
        (1.7, -4.1),
        (0.9, -4.4),
        (0.0, -4.45),
        (-0.9, -4.4),
        (-1.7, -4.1),
    ]
)
INNER = np.array(
    [
        (-2.3, -3.48),
        (-0.95, -3.36),
        (0.0, -3.38),
        (0.95, -3.36),
        (2.3, -3.48),
        (0.95, -3.44),
        (0.0, -3.46),
        (-0.95, -3.44),
    ]
)
BROW = np.array([(-6.6, 5.1), (-5.4, 5.8), (-4.0, 6.0), (-2.5, 5.8), (-1.2, 5.5)])
BRIDGE = np.array([(0, 3.6), (0, 2.5), (0, 1.5), (0, 0.4)])
NOSTRILS = np.array([(-1.3, -1.05), (-0.6, -1.15), (0, -1.25), (0.6, -1.15), (1.3, -1.05)])
JAW = np.array(
    [
        (-12.8, 3.1),
        (-12.6, 0.8),
        (-12.3, -1.5),
        (-11.1, -3.9),
        (-8.6, -5.5),
        (-6.0, -6.4),
        (-3.6, -7.0),
        (-1.6, -7.4),
        (0, -7.6),
    ]
)
EYEBALL = (3.1, 3.5, 7.6, 1.35)
FLOOR, TOP = -15.0, 13.6


def analytic_head() -> HeadModel:
    """Builds the head: 4,186 vertices, 14 identity modes and the expressions of eyes, brows, jaw and mouth.

    Returns:
        The same head every time.

    Example:
        head = analytic_head()
        vertices = head.shape([0.5], {"jawOpen": 0.6})
    """
    places, triangles, kinds = _drawing()
    lifted = lift(places)
    # The surface between skin and hair is one sheet: face in front, head behind the ears, above and below.
    middle = places[triangles].mean(1)
    face = (np.abs(middle[:, 0]) < 13.5) & (middle[:, 1] > -8.5) & (middle[:, 1] < 11)
    vertices, faces, parts = [lifted], [triangles[face], triangles[~face]], {}
    parts["face"], parts["head"] = np.arange(face.sum()), face.sum() + np.arange((~face).sum())
    kind = [kinds]
    pieces = {**_eyeballs(), "mouth": _cavity(), "teeth": _teeth(), "lashes": _lashes()}
    for name, (points, tri, code) in pieces.items():
        start = sum(map(len, faces))
        faces.append(tri + sum(map(len, vertices)))
        vertices.append(points)
        kind.append(np.full(len(points), code) if np.isscalar(code) else code)
        parts[name] = start + np.arange(len(tri))
    mean, kind = np.concatenate(vertices), np.concatenate(kind)
    names, moves = expressions(mean, kind)
    flat = np.stack(
        [np.arctan2(mean[:, 0], mean[:, 2] - AXIS) / (2 * np.pi) + 0.5, (mean[:, 1] - FLOOR) / (TOP - FLOOR)], -1
    )
    wanted = np.concatenate(
        [
            JAW,
            _mirrored(JAW[:-1])[::-1],
            BROW,
            _mirrored(BROW)[::-1],
            BRIDGE,
            NOSTRILS,
            EYE,
            _mirrored(EYE)[[3, 2, 1, 0, 5, 4]],
            LIPS,
            INNER,
        ]
    )
    landmarks = [int(np.argmin(((places - place) ** 2).sum(-1))) for place in wanted]
    return HeadModel(
        name="kerasalign-analytic",
        version="1",
        license="Apache-2.0",
        mean=mean,
        identity=identities(mean, kind),
        expression=moves,
        expression_names=names,
        triangles=np.concatenate(faces),
        uv=flat,
        parts=parts,
        landmarks68=np.array(landmarks),
    )


def lift(places: np.ndarray) -> np.ndarray:
    """`(K, 2)` places of the chart to `(K, 3)` points on the skin of the mean head."""
    s, y = places[:, 0], places[:, 1]
    angle = s / RADIUS
    front = np.clip(np.cos(angle), 0, 1)
    # Half widths of the skull across and along, by height.
    heights = np.array([-15, -11, -8.5, -7.6, -6, -3.5, 0, 4, 7, 10, 12, 13.2, 13.6])
    across = np.interp(y, heights, [8.5, 6.2, 5.0, 4.7, 5.8, 6.6, 7.2, 7.6, 7.5, 6.4, 4.4, 2.0, 0.05])
    ahead = np.interp(y, heights, [5.0, 4.4, 5.0, 8.0, 8.6, 8.6, 8.4, 8.2, 8.6, 7.4, 5.2, 2.4, 0.05])
    behind = np.interp(y, heights, [5.5, 5.6, 6.0, 6.4, 7.2, 7.6, 8.6, 9.6, 9.6, 8.4, 6.0, 2.8, 0.05])
    along = np.where(front > 0, ahead, behind)
    radius = 1 / np.sqrt((np.sin(angle) / across) ** 2 + (np.cos(angle) / along) ** 2)
    out = np.zeros_like(y)

    def bump(x0, y0, wx, wy, height, both=True):
        value = np.exp(-(((s - x0) / wx) ** 2) - ((y - y0) / wy) ** 2)
        if both and x0:
            value = value + np.exp(-(((s + x0) / wx) ** 2) - ((y - y0) / wy) ** 2)
        return height * value

    # Ridge of the nose: higher and wider downwards, with an end that comes back under the tip.
    t = np.clip((4.6 - y) / 4.6, 0, 1)
    ridge = np.clip((6.0 - y) / 2, 0, 1) * (0.5 + 2.7 * t**1.4) * np.clip((y + 1.5) / 1.4, 0, 1) ** 0.7
    out += ridge * np.exp(-((s / (0.75 + 0.55 * t)) ** 2))
    out += bump(1.15, -0.6, 0.65, 0.6, 1.0) + bump(3.4, 5.6, 2.4, 0.9, 0.5) + bump(5.2, 0.2, 2.4, 2.0, 0.5)
    out -= bump(3.35, 3.5, 1.5, 1.0, 0.55) + bump(1.6, 2.6, 0.6, 1.2, 0.25)
    out += bump(0, -2.95, 2.3, 0.55, 0.75) + bump(0, -4.05, 1.8, 0.5, 0.7) - bump(0, -3.45, 2.4, 0.18, 0.3)
    out -= bump(0, -5.2, 1.8, 0.45, 0.25) - bump(0, -6.6, 1.9, 1.0, 0.6) - bump(0, -3.2, 3.6, 2.4, 0.7)
    # Ears, flat plates behind the temples.
    out += bump(15.0, 2.2, 1.1, 2.0, 2.0)
    radius = radius + out
    points = np.stack([radius * np.sin(angle), y, AXIS + radius * np.cos(angle)], -1)
    # Lids lie on the eyeball.
    x0, y0, z0, ball = EYEBALL
    squared = (np.abs(points[:, 0]) - x0) ** 2 + (y - y0) ** 2
    lid = z0 + np.sqrt(np.clip((ball + 0.07) ** 2 - squared, 0, None))
    near = (squared < ball**2) & (front > 0)
    points[near, 2] = np.maximum(points[near, 2], lid[near])
    return points


def _mirrored(places: np.ndarray) -> np.ndarray:
    return places * np.array([-1.0, 1.0])


def _closed(points: np.ndarray, steps: int) -> np.ndarray:
    """Points along a closed curve through `points`, which stay among them."""
    ends = np.roll(points, -1, 0)
    t = np.arange(steps)[:, None] / steps
    return (points[:, None] * (1 - t) + ends[:, None] * t).reshape(-1, 2)


def _inside(points: np.ndarray, outline: np.ndarray) -> np.ndarray:
    """Whether points lie in a polygon (even-odd rule)."""
    a, b = outline, np.roll(outline, -1, 0)
    x, y = points[:, :1], points[:, 1:]
    crosses = (a[:, 1] > y) != (b[:, 1] > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = a[:, 0] + (y - a[:, 1]) / (b[:, 1] - a[:, 1]) * (b[:, 0] - a[:, 0])
    return ((crosses & (x < at)).sum(1) % 2).astype(bool)


def _drawing():
    """Chart places of the skin, its triangles, and which lip or lid a vertex belongs to (see `analytic_modes`)."""
    eye, mouth = _closed(EYE, 6), _closed(INNER, 5)
    curves = [
        eye,
        _mirrored(eye),
        mouth,
        _closed(LIPS, 4),
        BROW,
        _mirrored(BROW),
        BRIDGE,
        NOSTRILS,
        JAW,
        _mirrored(JAW),
    ]
    for grow in (1.12, 1.3):
        ring = EYE.mean(0) + (_closed(EYE, 4) - EYE.mean(0)) * grow
        curves += [ring, _mirrored(ring)]
    fixed = np.unique(np.concatenate(curves).round(4), axis=0)
    half = np.pi * RADIUS
    grids = []
    for step, box in ((0.42, (7.5, -8.2, 7.5)), (1.0, (half, FLOOR, TOP))):
        x, y = np.meshgrid(np.arange(0, box[0], step), np.arange(box[1], box[2] + 1e-6, step))
        grid = np.stack([x.ravel(), y.ravel()], -1)
        grids += [grid, _mirrored(grid[grid[:, 0] > 0])]
    edge = np.arange(FLOOR, TOP + 1e-6, 1.0)
    grids[2:2] = [np.stack([np.full(len(edge), side * half), edge], -1) for side in (-1, 1)]
    points = fixed
    for grid, gap in zip(grids, (0.26, 0.26, 0.4, 0.4, 0.6, 0.6)):
        near, _ = cKDTree(points).query(grid)
        points = np.concatenate([points, grid[near > gap]])
    holes = [EYE, _mirrored(EYE), INNER]
    solid = ~np.any([_inside(points, EYE.mean(0) + (h - h.mean(0)) * 0.9 + h.mean(0) - EYE.mean(0)) for h in holes], 0)
    points = points[solid | (np.arange(len(points)) < len(fixed))]
    triangles = Delaunay(points).simplices
    middle = points[triangles].mean(1)
    triangles = triangles[~np.any([_inside(middle, hole) for hole in (eye, _mirrored(eye), mouth)], 0)]
    a, b, c = (points[triangles[:, k]] for k in range(3))
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    triangles = triangles[np.abs(area) > 1e-6]
    turn = area[np.abs(area) > 1e-6] < 0
    triangles[turn] = triangles[turn][:, ::-1]
    return points, triangles, np.zeros(len(points), int)


def _sphere(center, radius: float, rows: int = 14, columns: int = 24):
    """A globe with its pole towards the viewer."""
    polar, around = np.meshgrid(
        np.linspace(0.001, np.pi, rows), np.linspace(0, 2 * np.pi, columns, endpoint=False), indexing="ij"
    )
    points = np.stack([np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around), np.cos(polar)], -1)
    return points.reshape(-1, 3) * radius + center, _strip(rows, columns, closed=True)


def _strip(rows: int, columns: int, closed: bool = False) -> np.ndarray:
    """Triangles of a grid of `rows * columns` vertices."""
    i, j = np.meshgrid(np.arange(rows - 1), np.arange(columns if closed else columns - 1), indexing="ij")
    a, b = i * columns + j, i * columns + (j + 1) % columns
    return np.concatenate(
        [np.stack([a, a + columns, b], -1).reshape(-1, 3), np.stack([b, a + columns, b + columns], -1).reshape(-1, 3)]
    )


def _eyeballs():
    x, y, z, radius = EYEBALL
    right, left = _sphere((-x, y, z), radius), _sphere((x, y, z), radius)
    return {"eye_right": (*right, 1), "eye_left": (*left, 2)}


def _cavity():
    """The inside of the mouth, behind the lips: a bowl that opens towards the viewer."""
    points, triangles = _sphere((0, -3.5, 8.0), 1.0, 10, 20)
    points = (points - (0, -3.5, 8.0)) * (2.6, 1.7, 2.4) + (0, -3.5, 7.6)
    keep = points[triangles][:, :, 2].mean(1) < 8.6
    return points, triangles[keep][:, ::-1], np.where(points[:, 1] < -3.5, 4, 3)


def _teeth():
    """Two bent rows of teeth."""
    rows = []
    codes = []
    for top, bottom, code in ((-2.6, -3.38, 3), (-3.42, -4.2, 4)):
        across, y = np.meshgrid(np.linspace(-1, 1, 33), np.linspace(bottom, top, 4), indexing="xy")
        x = 2.1 * across
        scallop = 0.05 * np.abs(np.sin(across * 14))
        rows.append(np.stack([x, y, 9.55 - 1.1 * across**2 - scallop], -1).reshape(-1, 3))
        codes.append(np.full(rows[-1].shape[0], code))
    # Rows go up, columns to the left of the face: turned so that they face the viewer.
    triangles = _strip(4, 33)[:, ::-1]
    return np.concatenate(rows), np.concatenate([triangles, triangles + len(rows[0])]), np.concatenate(codes)


def _lashes():
    """A fringe along each upper lid."""
    points, triangles = [], []
    for side in (-1, 1):
        lid = np.stack([np.interp(np.linspace(0, 3, 13), np.arange(4), EYE[:4, k]) for k in (0, 1)], -1)
        lid[:, 0] *= -side
        root = lift(lid)
        tip = root + np.array([0.0, 0.12, 0.45]) + (root - root.mean(0)) * np.array([0.12, 0.0, 0.0])
        triangles.append(_strip(2, 13) + sum(map(len, points)))
        points.append(np.concatenate([root, tip]))
    return np.concatenate(points), np.concatenate(triangles), np.repeat([5, 6], 26)
