"""Plot of occlusion curves."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from kerasalign.evaluation.occlusion import OcclusionCurve
from kerasalign.plots.figure import new_axes, to_image


def plot_occlusion(curves: Sequence[OcclusionCurve], size: tuple[int, int] = (1200, 900)) -> Image.Image:
    """Draws NME against the covered part of the face: a line for all points, a dashed line for the visible points.

    Needs matplotlib, which the extra `plots` installs.

    Args:
        curves: Curves by one measure over the same faces and rectangles.
        size: Width and height of the picture in pixels.

    Returns:
        An RGB picture; `.save("occlusion.png")` writes it.

    Raises:
        ValueError: If there is no curve, or they were not measured alike.
        ImportError: If matplotlib is not installed.
    """
    if not curves:
        raise ValueError("`curves` must hold at least one curve. Received: curves=[]")
    first = curves[0]
    for other in curves[1:]:
        for name in ("normalizer", "faces", "placements", "seed"):
            if getattr(first, name) != getattr(other, name):
                raise ValueError(
                    f"`curves` must be measured alike to share an axis; these differ in `{name}`. "
                    f"Received: {getattr(first, name)!r} and {getattr(other, name)!r}"
                )
    axes = new_axes(size, "plot_occlusion")
    for curve in curves:
        covered = [100 * share for share in curve.shares]
        [line] = axes.plot(covered, curve.nme, "o-", label=f"{curve.model}, all points", linewidth=1.6)
        axes.plot(
            covered,
            curve.visible_nme,
            "o--",
            color=line.get_color(),
            linewidth=1.2,
            label=f"{curve.model}, visible points",
        )
    axes.set(xlabel="covered part of the face's box in %", ylabel=f"NME in % ({first.normalizer.replace('_', '-')})")
    axes.set_title(f"{first.faces} faces, {first.placements} rectangles each", fontsize="small")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    return to_image(axes)
