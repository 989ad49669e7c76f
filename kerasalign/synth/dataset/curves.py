"""Samples the curves of a face at the points of each markup."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerasalign.markups import get_markup
from kerasalign.synth.appearance.canvas import smooth

MARKUPS = ("68", "98", "29", "19", "5")


@dataclass(frozen=True, eq=False)
class FaceCurves:
    """A face's curves in a picture: every point is x, y and depth.

    Args:
        points: `(68, 3)` points of markup 68.
        brows: `(2, 2, M, 3)` the person's right and left brow; upper and lower edge; outer to inner end.
        pupils: `(2, 3)` middles of the right and left iris.
    """

    points: np.ndarray
    brows: np.ndarray
    pupils: np.ndarray

    def brow(self, side: int, across: float, along) -> np.ndarray:
        """Points of a brow: `across` 0 at the lower edge, 1 at the upper; `along` 0 outside, 1 inside."""
        upper, lower = self.brows[side]
        return at_steps(across * upper + (1 - across) * lower, along)

    def lid(self, side: int, upper: bool, along) -> np.ndarray:
        """Points of a lid by shares of its length, from the outer corner (0) to the inner one (1)."""
        rows = (((36, 41, 40, 39), (36, 37, 38, 39)), ((45, 46, 47, 42), (45, 44, 43, 42)))
        return at_shares(smooth(self.points[list(rows[side][upper])], 33), along)


def at_steps(curve: np.ndarray, places) -> np.ndarray:
    """Points of a curve whose own points are evenly spaced in its parameter; `places` in 0..1."""
    steps = np.linspace(0, 1, len(curve))
    return np.stack([np.interp(places, steps, column) for column in curve.T], -1)


def at_shares(curve: np.ndarray, shares) -> np.ndarray:
    """Points of a curve by shares of its length in the picture."""
    arc = np.concatenate([[0.0], np.linalg.norm(np.diff(curve[:, :2], axis=0), axis=1).cumsum()])
    return np.stack([np.interp(shares, arc / max(arc[-1], 1e-9), column) for column in curve.T], -1)


def points_of(face: FaceCurves, markup: str) -> np.ndarray:
    """`(N, 3)` points of a markup.

    Markups 98, 29 and 19 are made of the same curves: edges of the brows, lids and outline sampled at their places,
    irises, and the points that they share with 68.
    """
    return _RULES[markup](face)


def _points98(face: FaceCurves) -> np.ndarray:
    p, quarters = face.points, np.array([0, 0.25, 0.5, 0.75, 1])
    tips = [face.brow(side, 0.5, [0]) for side in (0, 1)]
    uppers = [face.brow(side, 1.0, quarters[1:]) for side in (0, 1)]
    lowers = [face.brow(side, 0.0, quarters[1:]) for side in (0, 1)]
    # Right brow: upper edge inwards, lower edge outwards. Left: upper edge outwards, lower edge inwards.
    brows = [tips[0], uppers[0], lowers[0][::-1], uppers[1][::-1], tips[1], lowers[1]]
    eyes = []
    for side in (0, 1):
        top, bottom = (face.lid(side, upper, quarters) for upper in (True, False))
        if side:
            top, bottom = top[::-1], bottom[::-1]
        eyes += [top, bottom[-2:0:-1]]
    return np.concatenate([smooth(p[:17], 33), *brows, p[27:36], *eyes, p[48:68], face.pupils])


def _points29(face: FaceCurves) -> np.ndarray:
    p = face.points
    ends = [face.brow(side, 0.5, [0, 1]) for side in (0, 1)]
    middles = [face.brow(side, across, [0.5])[0] for side in (0, 1) for across in (1.0, 0.0)]
    lids = [face.lid(side, upper, [0.5])[0] for side in (0, 1) for upper in (True, False)]
    return np.stack(
        [
            ends[0][0],
            ends[1][0],
            ends[0][1],
            ends[1][1],
            *middles,
            p[36],
            p[45],
            p[39],
            p[42],
            *lids,
            *face.pupils,
            p[31],
            p[35],
            p[30],
            p[33],
            p[48],
            p[54],
            p[51],
            p[62],
            p[66],
            p[57],
            p[8],
        ]
    )


def _points19(face: FaceCurves) -> np.ndarray:
    p, (right, left) = face.points, face.pupils
    brows = [face.brow(0, 0.5, [0, 0.5, 1]), face.brow(1, 0.5, [1, 0.5, 0])]
    rest = np.stack(
        [p[36], right, p[39], p[42], left, p[45], p[31], p[30], p[35], p[48], (p[62] + p[66]) / 2, p[54], p[8]]
    )
    return np.concatenate([*brows, rest])


_RULES = {
    "68": lambda face: face.points,
    "98": _points98,
    "29": _points29,
    "19": _points19,
    "5": lambda face: np.stack([face.points[list(group)].mean(0) for group in get_markup("68").conversions["5"]]),
}
