"""Evaluations as `rich` tables, a paper's numbers beside ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.table import Table

if TYPE_CHECKING:
    from kerasalign.metrics.evaluation import Evaluation

# Score, heading, decimals.
_SCORES = (("nme", "NME %", 2), ("fr", "FR %", 2), ("auc", "AUC", 4))


def score_table(
    evaluations: Sequence[Evaluation], published: Mapping[str, Mapping[str, float | None]] | None = None
) -> Table:
    """NME with its confidence interval, FR and AUC: one row per evaluation.

    Args:
        evaluations: Any evaluations; what their protocols share stands in the title.
        published: Protocol name to a paper's `"nme"`, `"fr"` and `"auc"`. Columns for the paper's value and
            ours minus it appear for each score that has one; `None` is a value that is not known.

    Raises:
        ValueError: If there is no evaluation.
    """
    published = published or {}
    title, labels = _labels(evaluations)
    table = _table(title, evaluations)
    table.add_column("Protocol" if title is None else "Subset")
    table.add_column("Faces", justify="right")
    columns = []
    for score, heading, digits in _SCORES:
        has_paper = any((published.get(e.protocol.name) or {}).get(score) is not None for e in evaluations)
        columns.append((score, digits, has_paper))
        if score == "nme":
            heading = f"{heading} (95 % interval)"
        for text in (heading, "paper", "diff") if has_paper else (heading,):
            table.add_column(text, justify="right")
    for evaluation, label in zip(evaluations, labels, strict=True):
        cells = [label, _faces(evaluation)]
        for score, digits, has_paper in columns:
            ours = getattr(evaluation, score)
            cells.append(f"{ours:.{digits}f}")
            if score == "nme":
                cells[-1] += f" ({evaluation.nme_ci[0]:.2f}..{evaluation.nme_ci[1]:.2f})"
            if has_paper:
                paper = (published.get(evaluation.protocol.name) or {}).get(score)
                known = paper is not None
                cells += [f"{paper:.{digits}f}", f"{ours - paper:+.{digits}f}"] if known else ["-", "-"]
        table.add_row(*cells)
    return table


def part_table(evaluations: Sequence[Evaluation]) -> Table:
    """NME in percent over the points of each facial part: one row per part, one column per evaluation.

    Raises:
        ValueError: If there is no evaluation.
    """
    title, labels = _labels(evaluations)
    table = _table(title, evaluations)
    table.add_column("NME % of")
    for label in labels:
        table.add_column(label, justify="right")
    parts = dict.fromkeys(part for evaluation in evaluations for part in evaluation.parts)
    for part in parts:
        values = [evaluation.parts.get(part) for evaluation in evaluations]
        table.add_row(part.replace("_", " "), *("-" if value is None else f"{value:.2f}" for value in values))
    table.add_section()
    table.add_row("all points", *(f"{evaluation.nme:.2f}" for evaluation in evaluations))
    return table


def _labels(evaluations: Sequence[Evaluation]) -> tuple[str | None, list[str]]:
    """A title of what the protocols share, and a label for what they do not."""
    if not evaluations:
        raise ValueError("`evaluations` must hold at least one evaluation. Received: evaluations=[]")
    protocols = [evaluation.protocol for evaluation in evaluations]
    first = protocols[0]
    if any(first.differences(other) for other in protocols):
        return None, [str(protocol) for protocol in protocols]
    if len(protocols) == 1:
        return str(first), [first.subset]
    one_box = len({protocol.box_source for protocol in protocols}) == 1
    labels = [
        protocol.subset if one_box else f"{protocol.subset}, box: {protocol.box_text()}" for protocol in protocols
    ]
    return first.describe(subset=False, box=one_box), labels


def _faces(evaluation: Evaluation) -> str:
    expected = evaluation.protocol.num_faces
    complete = not expected or expected == len(evaluation)
    return str(len(evaluation)) if complete else f"{len(evaluation)} of {expected}"


def _table(title: str | None, evaluations: Sequence[Evaluation]) -> Table:
    notes = dict.fromkeys(note for evaluation in evaluations for note in evaluation.notes)
    return Table(
        title=title, caption="\n".join(notes) or None, caption_justify="left", title_justify="left", box=SIMPLE_HEAD
    )
