"""Operating points of early exit: compute against accuracy (arXiv 2108.00377, section 3.2)."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kerasalign.evaluation.early_exit.iteration_errors import CascadeErrors
from kerasalign.support.checks import at_least, in_range, one_of
from kerasalign.support.files import written_beside

PERMUTATIONS, RESAMPLES = 50, 500


@dataclass(frozen=True)
class OperatingPoint:
    """Cost and accuracy at one success threshold; `model.with_thresholds(point.threshold)` sets it.

    Args:
        threshold: T_s in percent; `None` where every face runs all iterations.
        iterations: Mean number of iterations of a face.
        nme: Mean NME in percent.
        macs: `"paper"` and `"full"` to the mean multiply-adds of a face.
        faces: Faces that quit after each iteration.
    """

    threshold: float | None
    iterations: float
    nme: float
    macs: Mapping[str, float]
    faces: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Curve:
    """A policy at T thresholds, from all iterations for every face to one.

    Args:
        thresholds: `(T,)` ascending, percent.
        counts: `(T, I)` faces that quit after each iteration.
        nme: `(T,)` mean NME in percent.
        spread: `(T,)` standard deviation of `nme` over random assignments; zero for a policy without chance.
    """

    thresholds: np.ndarray
    counts: np.ndarray
    nme: np.ndarray
    spread: np.ndarray

    @property
    def iterations(self) -> np.ndarray:
        """`(T,)` mean number of iterations."""
        return self.counts @ np.arange(1, self.counts.shape[1] + 1) / self.counts[0].sum()

    def nme_at(self, iterations: float) -> float:
        """NME at a mean number of iterations, between two points by a straight line."""
        return float(np.interp(iterations, self.iterations[::-1], self.nme[::-1]))


@dataclass(frozen=True)
class Gain:
    """Gain of the estimates over random exit at a mean number of iterations.

    Args:
        iterations: Mean iterations of the random policy.
        random_nme: Its NME, percent.
        nme: NME of the estimated policy at as many iterations, percent.
        nme_saved: Share of the NME that it saves, percent; the paper reports about 10 at 2 iterations.
        equal_iterations: Fewest mean iterations at which it is as good as random; NaN if it never is.
        iterations_saved: Share of the iterations that this saves, percent; the paper reports about 50.
        nme_saved_ci: 95 % interval of `nme_saved` over resampled faces.
        oracle_saved: What exit by the true error saves, percent: the most that better estimates could.
        clairvoyant_saved: What the best choice of iterations saves, percent: the most that any rule could.
    """

    iterations: float
    random_nme: float
    nme: float
    nme_saved: float
    equal_iterations: float
    iterations_saved: float
    nme_saved_ci: tuple[float, float]
    oracle_saved: float
    clairvoyant_saved: float


@dataclass(frozen=True, eq=False)
class Sweep:
    """Four exit policies at every threshold that changes the result.

    Args:
        errors: Errors and estimates of every face after every iteration.
        estimated: Quits at the first iteration whose estimate is below T_s, else at the last: the paper's rule.
        oracle: The same with the true NME in place of the estimate.
        random: As many faces at each iteration as `estimated`, but which ones is left to chance: mean and
            spread over 50 permutations.
        clairvoyant: The lowest NME that any choice of iterations can have, made in knowledge of all errors; its
            thresholds are the gain per iteration that a face must exceed to go on.
    """

    errors: CascadeErrors
    estimated: Curve
    oracle: Curve
    random: Curve
    clairvoyant: Curve

    def macs(self, curve: Curve, convention: str) -> np.ndarray:
        """`(T,)` mean multiply-adds of a face, `"paper"` or `"full"`.

        Raises:
            ValueError: If the convention is unknown.
        """
        one_of("convention", convention, self.errors.macs)
        return curve.counts @ np.asarray(self.errors.macs[convention], "float64") / len(self.errors)

    def point(self, index: int) -> OperatingPoint:
        """The operating point at an index of `estimated`."""
        curve = self.estimated
        counts = tuple(int(count) for count in curve.counts[index])
        return OperatingPoint(
            threshold=None if counts[-1] == len(self.errors) else float(curve.thresholds[index]),
            iterations=float(curve.iterations[index]),
            nme=float(curve.nme[index]),
            macs={name: float(self.macs(curve, name)[index]) for name in self.errors.macs},
            faces=counts,
        )

    def nearest(self, iterations: float) -> OperatingPoint:
        """The operating point whose mean number of iterations is nearest."""
        return self.point(int(np.abs(self.estimated.iterations - iterations).argmin()))

    def by_iterations(self, max_mean: float) -> OperatingPoint:
        """The most accurate operating point with at most `max_mean` iterations on average.

        Raises:
            ValueError: If there is none.
        """
        return self._cheapest_best(self.estimated.iterations, max_mean, "max_mean")

    def by_macs(self, max_mean_macs: float, convention: str = "full") -> OperatingPoint:
        """The most accurate operating point with at most `max_mean_macs` multiply-adds a face on average.

        Raises:
            ValueError: If there is none, or the convention is unknown.
        """
        return self._cheapest_best(self.macs(self.estimated, convention), max_mean_macs, "max_mean_macs")

    def by_nme(self, max_nme: float) -> OperatingPoint:
        """The operating point with the fewest iterations among those with an NME of at most `max_nme` percent.

        Raises:
            ValueError: If there is none.
        """
        good = np.flatnonzero(self.estimated.nme <= max_nme)
        if not good.size:
            raise ValueError(
                f"`max_nme` must be at least {self.estimated.nme.min():.4f} %, the best that this "
                f"cascade does. Received: max_nme={max_nme}"
            )
        # Thresholds ascend, so iterations descend.
        return self.point(int(good[-1]))

    def gain_over_random(self, iterations: float | None = None) -> Gain:
        """The gain of the estimates over random exit.

        Args:
            iterations: Mean iterations of the random policy; by default the middle of the range, 2 of 1..3.

        Raises:
            ValueError: If it is outside the range.
        """
        last = self.errors.iterations
        at = (1 + last) / 2 if iterations is None else float(iterations)
        in_range(1, last, iterations=at)
        random, ours = self.random.nme_at(at), self.estimated.nme_at(at)
        good = self.estimated.iterations[self.estimated.nme <= random]
        equal = float(good.min()) if good.size else float("nan")
        saved, oracle, clairvoyant = (
            100 * (1 - curve.nme_at(at) / random) for curve in (self.estimated, self.oracle, self.clairvoyant)
        )
        return Gain(
            at, random, ours, saved, equal, 100 * (1 - equal / at), self._saved_interval(at), oracle, clairvoyant
        )

    def _saved_interval(self, iterations: float) -> tuple[float, float]:
        """95 % interval of the saved share over `RESAMPLES` samples of as many faces, drawn with replacement.

        The NME of random exit is its expectation here, not the mean over some permutations.
        """
        rng, faces = np.random.default_rng(0), len(self.errors)
        saved = []
        for _ in range(RESAMPLES):
            drawn = rng.integers(faces, size=faces)
            estimates, nmes = self.errors.estimates[drawn], self.errors.nmes[drawn]
            curve = _curve(estimates, nmes)
            random = Curve(curve.thresholds, curve.counts, curve.counts @ nmes.mean(0) / faces, curve.spread)
            saved.append(100 * (1 - curve.nme_at(iterations) / random.nme_at(iterations)))
        low, high = np.percentile(saved, [2.5, 97.5])
        return float(low), float(high)

    def to_csv(self, path: str | os.PathLike) -> None:
        """Writes every point of every policy, with multiply-adds and NME as in figure 7 of the paper."""
        exits = [f"quit_{i + 1}" for i in range(self.errors.iterations)]
        head = ["policy", "threshold", "iterations", "macs_paper", "macs_full", "nme", "nme_std", *exits]
        with written_beside(path) as draft, draft.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(head)
            for policy in ("estimated", "oracle", "random", "clairvoyant"):
                curve = getattr(self, policy)
                columns = (
                    curve.thresholds,
                    curve.iterations,
                    self.macs(curve, "paper"),
                    self.macs(curve, "full"),
                    curve.nme,
                    curve.spread,
                )
                for *numbers, counts in zip(*columns, curve.counts):
                    writer.writerow([policy, *(f"{number:.8g}" for number in numbers), *counts])

    def _cheapest_best(self, cost: np.ndarray, limit: float, name: str) -> OperatingPoint:
        allowed = np.flatnonzero(cost <= limit)
        if not allowed.size:
            raise ValueError(
                f"`{name}` must be at least {cost.min():.6g}, what one iteration of every face "
                f"costs. Received: {name}={limit}"
            )
        nme = self.estimated.nme[allowed]
        # Of equals the last: thresholds ascend, so it costs least.
        return self.point(int(allowed[np.flatnonzero(nme == nme.min())[-1]]))


def sweep(errors: CascadeErrors, permutations: int = PERMUTATIONS, seed: int = 0) -> Sweep:
    """All operating points of a cascade.

    Between two neighboring estimates every threshold gives the same result, so one threshold for each gap is
    the whole curve. It lies midway, where rounding moves no face across.

    Args:
        errors: Of `cascade_errors`.
        permutations: Random assignments, 50 in the paper.
        seed: Random seed of the assignments.

    Raises:
        ValueError: If `permutations` is less than 1.
    """
    at_least(1, permutations=permutations)
    estimated = _curve(errors.estimates, errors.nmes)
    oracle = _curve(errors.nmes, errors.nmes)
    nmes = _random_nmes(errors.nmes, estimated.counts, permutations, seed)
    random = Curve(estimated.thresholds, estimated.counts, nmes.mean(0), nmes.std(0))
    return Sweep(errors, estimated, oracle, random, _clairvoyant(errors.nmes))


def _clairvoyant(nmes: np.ndarray) -> Curve:
    """The lowest mean NME at every mean number of iterations, of `(F, I)` errors that are known.

    A face's useful iterations are the corners of the lower convex hull of its errors. Steps from corner to corner are
    taken in the order of their gain per iteration: no other choice of as many iterations has a lower sum.
    """
    faces, last = nmes.shape
    steps = []
    for face, errors in enumerate(nmes):
        here = 0
        while here + 1 < last:
            gains = (errors[here] - errors[here + 1 :]) / np.arange(1, last - here)
            best = int(gains.argmax())
            if gains[best] <= 0:
                break
            steps.append((float(gains[best]), face, here, here + 1 + best))
            here += 1 + best
    # Gains of one face fall from corner to corner; the sort is stable, so its steps stay in order.
    steps.sort(key=lambda step: -step[0])
    counts, nme = [np.eye(1, last, dtype=int)[0] * faces], [float(nmes[:, 0].mean())]
    for _, face, start, end in steps:
        moved = counts[-1].copy()
        moved[[start, end]] += (-1, 1)
        counts.append(moved)
        nme.append(nme[-1] + float(nmes[face, end] - nmes[face, start]) / faces)
    # As with the other curves, thresholds ascend and iterations descend.
    thresholds = np.array([0.0, *(gain for gain, *_ in reversed(steps))])
    return Curve(thresholds, np.stack(counts[::-1]), np.asarray(nme[::-1]), np.zeros(len(nme)))


def _curve(scores: np.ndarray, nmes: np.ndarray) -> Curve:
    """The rule on `(F, I)` scores, without a face-by-threshold table.

    After iteration i a face goes on if its lowest score so far is not below T, so the gain of iteration i + 1
    counts for the faces at the upper end of that score's order: a sum from the end.
    """
    lowest = np.minimum.accumulate(scores[:, :-1], axis=1)
    thresholds = _thresholds(lowest)
    faces, last = scores.shape
    going = np.full((len(thresholds), last + 1), faces)
    going[:, last] = 0
    nme = np.full(len(thresholds), nmes[:, 0].mean())
    for i in range(last - 1):
        order = np.argsort(lowest[:, i], kind="stable")
        change = (nmes[:, i + 1] - nmes[:, i])[order]
        from_end = np.append(np.cumsum(change[::-1])[::-1], 0.0)
        stopped = np.searchsorted(lowest[order, i], thresholds, side="left")
        going[:, i + 1] = faces - stopped
        nme += from_end[stopped] / faces
    return Curve(thresholds, going[:, :-1] - going[:, 1:], nme, np.zeros(len(thresholds)))


def _thresholds(lowest: np.ndarray) -> np.ndarray:
    """A threshold with no score below it, one in each gap between scores, and one above all scores.

    All but the first are positive, as a model wants them.
    """
    if not lowest.size:
        return np.ones(1)
    values = np.unique(np.maximum(lowest, 0.0))
    end = 1.01 * values[-1] + 1e-6
    return np.concatenate([[lowest.min()], (values[:-1] + values[1:]) / 2, [end]])


def _random_nmes(nmes: np.ndarray, counts: np.ndarray, permutations: int, seed: int) -> np.ndarray:
    """`(R, T)` mean NME of random exit, for R permutations of the faces."""
    faces, last = nmes.shape
    ends = np.cumsum(counts, axis=1)
    starts = ends - counts
    generator = np.random.default_rng(seed)
    rows = []
    for _ in range(permutations):
        total = np.concatenate([np.zeros((1, last)), np.cumsum(nmes[generator.permutation(faces)], axis=0)])
        iteration = np.arange(last)
        rows.append((total[ends, iteration] - total[starts, iteration]).sum(1) / faces)
    return np.stack(rows)
