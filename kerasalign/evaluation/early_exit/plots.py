"""Curves of a cascade's early exit, as in figures 2 and 7 of arXiv 2108.00377."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from kerasalign.plots.figure import new_axes, to_image

if TYPE_CHECKING:
    from kerasalign.evaluation.early_exit.operating_points import Sweep

_COLORS = {"estimated": "tab:blue", "random": "tab:red", "oracle": "tab:green", "clairvoyant": "tab:gray"}
_LABELS = {
    "estimated": "by the estimated error",
    "random": "at random, as many at each iteration",
    "oracle": "by the true error",
    "clairvoyant": "the best choice",
}
_ALIKE = "as many for all faces"


def plot_policies(sweep: Sweep, size: tuple[int, int] = (1200, 900)) -> Image.Image:
    """Draws NME against mean iterations for the policies of a sweep (figure 2).

    Marked are random exit at the middle of the range, and what the estimates make of it at as many
    iterations and at equal NME. The band is the standard deviation over the random assignments.

    Args:
        sweep: Of `kerasalign.evaluation.early_exit.sweep`.
        size: Width and height of the picture in pixels.

    Returns:
        An RGB picture; `.save("policies.png")` writes it.

    Raises:
        ImportError: If matplotlib is not installed.
    """
    axes = new_axes(size, "plot_policies")
    for policy, color in _COLORS.items():
        curve = getattr(sweep, policy)
        axes.plot(curve.iterations, curve.nme, color=color, label=_LABELS[policy], linewidth=1.6)
    nmes = sweep.errors.nmes.mean(0)
    axes.plot(np.arange(len(nmes)) + 1, nmes, "s", color="black", markersize=6, linestyle="none", label=_ALIKE)
    random = sweep.random
    axes.fill_between(
        random.iterations,
        random.nme - random.spread,
        random.nme + random.spread,
        color=_COLORS["random"],
        alpha=0.15,
        linewidth=0,
    )
    gain = sweep.gain_over_random()
    spots = [
        (gain.iterations, gain.random_nme, "limegreen", f"random at {gain.iterations:g} iterations"),
        (gain.iterations, gain.nme, "gold", f"{gain.nme_saved:.1f} % less error"),
    ]
    if math.isfinite(gain.equal_iterations):
        spots.append(
            (
                gain.equal_iterations,
                gain.random_nme,
                "crimson",
                f"{gain.iterations_saved:.0f} % fewer iterations ({gain.equal_iterations:.2f})",
            )
        )
    for x, y, color, label in spots:
        axes.plot(x, y, "o", color=color, markeredgecolor="black", markersize=9, label=label, linestyle="none")
    axes.set(xlabel="mean iterations of a face", ylabel=_nme_label([sweep]))
    _finish(axes, [sweep])
    return to_image(axes)


def plot_cost(sweeps: Sequence[Sweep], convention: str = "paper", size: tuple[int, int] = (1200, 900)) -> Image.Image:
    """Draws NME against mean multiply-adds, a line for each model (figure 7).

    Args:
        sweeps: Sweeps by one protocol.
        convention: `"paper"` leaves out the recurrent product, as the paper does; `"full"` counts it.
        size: Width and height of the picture in pixels.

    Returns:
        An RGB picture; `.save("cost.png")` writes it.

    Raises:
        ValueError: If there is no sweep, their protocols measure different things, or the convention is
            unknown.
        ImportError: If matplotlib is not installed.
    """
    if not sweeps:
        raise ValueError("`sweeps` must hold at least one sweep. Received: sweeps=[]")
    first = sweeps[0].errors.protocol
    for other in sweeps[1:]:
        protocol = other.errors.protocol
        if first.differences(protocol) or first.subset != protocol.subset:
            raise ValueError(
                "`sweeps` must be of the same faces by the same measure to share an axis. "
                f"Received: '{first}' and '{protocol}'"
            )
    axes = new_axes(size, "plot_cost")
    for sweep in sweeps:
        million = sweep.macs(sweep.estimated, convention) / 1e6
        [line] = axes.plot(million, sweep.estimated.nme, label=sweep.errors.model, linewidth=1.6)
        # What a fixed cascade offers.
        fixed = np.asarray(sweep.errors.macs[convention]) / 1e6
        axes.plot(
            fixed,
            sweep.errors.nmes.mean(0),
            "o",
            color=line.get_color(),
            linestyle="none",
            label=f"{sweep.errors.model}, {_ALIKE}",
        )
    bookkeeping = "the paper's count" if convention == "paper" else "full count"
    axes.set(xlabel=f"mean multiply-adds of a face in millions ({bookkeeping})", ylabel=_nme_label(sweeps))
    _finish(axes, sweeps)
    return to_image(axes)


def _nme_label(sweeps: Sequence[Sweep]) -> str:
    return f"NME in % ({sweeps[0].errors.protocol.normalizer.replace('_', '-')})"


def _finish(axes, sweeps: Sequence[Sweep]) -> None:
    errors = sweeps[0].errors
    name = f"{errors.model}, " if len(sweeps) == 1 else ""
    axes.set_title(f"{name}{errors.protocol.describe()}", fontsize="small")
    axes.grid(alpha=0.3)
    axes.legend(loc="upper right", fontsize="small")
