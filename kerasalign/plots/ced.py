"""Cumulative error distributions on one axis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from kerasalign.metrics import Evaluation
from kerasalign.plots.figure import new_axes, to_image
from kerasalign.support.checks import positive


def plot_ced(
    evaluations: Sequence[Evaluation],
    labels: Sequence[str] | None = None,
    max_nme: float | None = None,
    size: tuple[int, int] = (1200, 900),
) -> Image.Image:
    """Draws the CED of each evaluation: the share of faces up to each NME.

    The legend holds NME, FR and AUC, the title what the protocols share. Needs matplotlib, which the extra
    `plots` installs.

    Args:
        evaluations: Evaluations by one measure; subsets and box sources may differ and stand in the legend.
        labels: A label for each; by default its subset.
        max_nme: End of the x axis in percent; by default the protocol's AUC range.
        size: Width and height of the picture in pixels.

    Returns:
        An RGB picture; `.save("ced.png")` writes it.

    Raises:
        ValueError: If there is no evaluation, labels do not match them, `max_nme` is not positive, or the
            protocols measure different things.
        ImportError: If matplotlib is not installed.
    """
    if not evaluations:
        raise ValueError("`evaluations` must hold at least one evaluation. Received: evaluations=[]")
    protocols = [evaluation.protocol for evaluation in evaluations]
    first = protocols[0]
    for other in protocols[1:]:
        if first.differences(other):
            raise ValueError(
                f"`evaluations` must be made by one measure to share an axis; these differ in "
                f"{first.differences(other)}. Received: '{first}' and '{other}'"
            )
    if labels is not None and len(labels) != len(evaluations):
        raise ValueError(
            f"`labels` must be one per evaluation. Received: {len(labels)} labels of {len(evaluations)} evaluations"
        )
    if max_nme is not None:
        positive(max_nme=max_nme)
    axes = new_axes(size, "plot_ced")
    one_subset = len({protocol.subset for protocol in protocols}) == 1
    one_box = len({protocol.box_source for protocol in protocols}) == 1
    end = first.auc_threshold if max_nme is None else float(max_nme)
    for i, evaluation in enumerate(evaluations):
        name = labels[i] if labels is not None else evaluation.protocol.subset
        if not one_box:
            name += f", box: {evaluation.protocol.boxes.describe()}"
        text = f"{name}: NME {evaluation.nme:.2f} %, FR {evaluation.fr:.2f} %, AUC {evaluation.auc:.4f}"
        # The CED is a step at every face's NME.
        steps = np.concatenate([[0.0], np.sort(evaluation.nmes[evaluation.nmes < end]), [end]])
        axes.step(steps, 100 * evaluation.ced(steps)[1], where="post", label=text, linewidth=1.6)
    axes.set(
        xlim=(0, end), ylim=(0, 100), xlabel=f"NME in % ({first.normalizer.replace('_', '-')})", ylabel="faces in %"
    )
    axes.set_title(first.describe(subset=one_subset, box=one_box), fontsize="small")
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right", fontsize="x-small")
    return to_image(axes)
