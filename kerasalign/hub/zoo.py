"""The presets as rows of a table: for the command line, the README and the documentation."""

from __future__ import annotations

from collections.abc import Iterator

from kerasalign.hub.preset import Preset, Result
from kerasalign.metrics import get_protocol


def weights_status(preset: Preset) -> str:
    """Where a preset's weights are: `bundled`, `hub` or `not published`."""
    return preset.weights.source if preset.weights else "not published"


def commercial_status(preset: Preset) -> str:
    """Whether the published weights may be used commercially; empty without weights."""
    return "" if preset.weights is None else "yes" if preset.weights.commercial_use else "no"


def results(preset: Preset) -> Iterator[tuple[str, Result | None, Result | None]]:
    """Every protocol that has a number: its name, ours, and the paper's."""
    paper = {result.protocol: result for result in preset.paper_results}
    for ours in preset.measured:
        yield ours.protocol, ours, paper.get(ours.protocol)
    measured = {result.protocol for result in preset.measured}
    for protocol, result in paper.items():
        if protocol not in measured:
            yield protocol, None, result


def headline(preset: Preset) -> tuple[str, str, str]:
    """The first protocol with a number, our NME by each box source and the paper's, as text; empty without one."""
    protocol, _, paper = next(results(preset), ("", None, None))
    first_by_boxes: dict[str, Result] = {}
    for result in preset.measured:
        if result.protocol == protocol:
            first_by_boxes.setdefault(result.box_source, result)
    ours = ", ".join(f"{nme_text(result)} ({_made_by(result)})" for result in first_by_boxes.values())
    return protocol, ours, nme_text(paper)


def _made_by(result: Result) -> str:
    """The boxes of a number, and how many faces it is over where that is not the official set."""
    official = get_protocol(result.protocol).num_faces
    partial = official is not None and result.faces not in (0, official)
    return f"{result.box_source}, {result.faces} of {official} faces" if partial else result.box_source


def nme_text(result: Result | None) -> str:
    """An NME in percent with two decimals."""
    return "" if result is None else f"{result.nme:.2f}"
