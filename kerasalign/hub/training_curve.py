"""How the error of held-out faces fell in training, as the entry of weights holds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kerasalign.core.origin import LARGEST
from kerasalign.hub.preset import Preset
from kerasalign.plots.figure import new_axes, to_image

if TYPE_CHECKING:
    from PIL import Image

# Points of a run; those of longer runs are thinned out.
_MOST = 60


def curve_of_run(rows: list[dict[str, float]]) -> list[list[float]]:
    """The curve of a run card as an entry holds it: pairs of a step and the NME in percent of the held-out faces."""
    pairs = [[row["step"], round(row["val_nme"], 3)] for row in rows if "step" in row and "val_nme" in row]
    stride = -(-len(pairs) // _MOST) or 1
    return pairs[::-1][::stride][::-1]  # the last one stays


def training_curves(training: Mapping[str, Any]) -> dict[str, list[tuple[float, float]]]:
    """The curves of an entry's `training`: name of a run to pairs of its step and the NME in percent.

    An entry may come from anyone: what is no list of pairs of numbers of a sensible size is left out.
    """
    runs = {"run": training, **{name: value for name, value in training.items() if isinstance(value, Mapping)}}
    curves = {name: _pairs(run.get("curve")) for name, run in runs.items()}
    return {name: pairs for name, pairs in curves.items() if pairs}


def _pairs(curve: Any) -> list[tuple[float, float]]:
    items = curve if isinstance(curve, list | tuple) else ()
    pairs = [tuple(item) for item in items if isinstance(item, list | tuple) and len(item) == 2]
    numbers = [pair for pair in pairs if all(type(value) in (int, float) and abs(value) <= LARGEST for value in pair)]
    return numbers if len(numbers) == len(items) else []


def curve_text(pairs: list[tuple[float, float]]) -> str:
    """A curve in a few words."""
    (first, start), (last, end) = pairs[0], pairs[-1]
    best = min(nme for _, nme in pairs)
    return (
        f"NME of held-out faces {start:.2f} % after {first:,} steps, {end:.2f} % after {last:,}, {best:.2f} % at best"
    )


def plot_training(preset: Preset, size: tuple[int, int] = (900, 540)) -> Image.Image:
    """Draws the NME of held-out training faces against the steps; several runs follow each other.

    Needs matplotlib, which the extra `plots` installs.

    Args:
        preset: A preset whose entry holds a curve.
        size: Width and height of the picture in pixels.

    Returns:
        An RGB picture; `.save("training.png")` writes it.

    Raises:
        ValueError: If the entry holds no curve.
        ImportError: If matplotlib is not installed.
    """
    curves = training_curves(preset.weights.training) if preset.weights else {}
    if not curves:
        raise ValueError(f"The preset must have weights with a training curve. Received: preset={preset.name!r}")
    axes = new_axes(size, "plot_training")
    begin = 0.0
    for name, pairs in curves.items():
        steps, errors = zip(*pairs, strict=True)
        # One long name would take the picture's width.
        label = name if len(name) <= 50 else f"{name[:49]}\N{HORIZONTAL ELLIPSIS}"
        axes.plot([begin + step for step in steps], errors, "o-", markersize=3, linewidth=1.6, label=label)
        begin += steps[-1]
    axes.set(xlabel="steps", ylabel="NME of held-out faces in %")
    axes.set_title(preset.name, fontsize="small")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    if len(curves) > 1:
        axes.legend(fontsize="small")
    return to_image(axes)
