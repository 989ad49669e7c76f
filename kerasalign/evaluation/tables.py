"""Evaluations as tables, the paper's numbers beside ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kerasalign.metrics import BoxSource, Evaluation
from kerasalign.support.tables import Table

# Score, heading, decimals.
_SCORES = (("nme", "NME %", 2), ("fr", "FR %", 2), ("auc", "AUC", 4))


def score_table(evaluations: Sequence[Evaluation], published: Mapping[str, Mapping[str, Any]] | None = None) -> Table:
    """NME with its confidence interval, FR and AUC: one row per evaluation.

    Args:
        evaluations: Any evaluations; what their protocols share stands in the title.
        published: Protocol name to a paper's `"nme"`, `"fr"` and `"auc"`, and the `"box_source"` of its crops. Columns
            for the paper's value and ours minus it appear for each score that has one; `None` is a value that is not
            known. A value by other boxes than ours names them and has no difference.

    Raises:
        ValueError: If there is no evaluation.
    """
    published = published or {}
    title, labels = _labels(evaluations)
    columns = ["Protocol" if title is None else "Subset", "Faces"]
    scores = []
    for score, heading, digits in _SCORES:
        has_paper = any((published.get(e.protocol.name) or {}).get(score) is not None for e in evaluations)
        scores.append((score, digits, has_paper))
        if score == "nme":
            heading = f"{heading} (95 % interval)"
        columns += [heading, "paper", "diff"] if has_paper else [heading]
    rows = []
    for evaluation, label in zip(evaluations, labels, strict=True):
        cells = [label, _faces(evaluation)]
        for score, digits, has_paper in scores:
            ours = getattr(evaluation, score)
            cells.append(f"{ours:.{digits}f}")
            if score == "nme":
                cells[-1] += f" ({evaluation.nme_ci[0]:.2f}..{evaluation.nme_ci[1]:.2f})"
            if has_paper:
                cells += _paper_cells(published.get(evaluation.protocol.name) or {}, score, digits, evaluation)
        rows.append(cells)
    notes = _notes(evaluations)
    known = [published[e.protocol.name] for e in evaluations if e.protocol.name in published]
    if any(not paper.get("box_source") for paper in known):
        notes.append("The paper does not say which boxes its crops were cut by.")
    return Table(title or "", columns, rows, notes)


def _paper_cells(paper: Mapping[str, Any], score: str, digits: int, evaluation: Evaluation) -> list[str]:
    """A paper's value, and ours minus it where both were made by the same boxes, as far as the paper says."""
    value, boxes = paper.get(score), paper.get("box_source") or evaluation.protocol.box_source
    if value is None:
        return ["-", "-"]
    if boxes != evaluation.protocol.box_source:
        return [f"{value:.{digits}f} (box: {BoxSource.parse(boxes).describe()})", "-"]
    return [f"{value:.{digits}f}", f"{getattr(evaluation, score) - value:+.{digits}f}"]


def part_table(evaluations: Sequence[Evaluation]) -> Table:
    """NME in percent over the points of each facial part: one row per part, one column per evaluation.

    Raises:
        ValueError: If there is no evaluation.
    """
    title, labels = _labels(evaluations)
    parts = dict.fromkeys(part for evaluation in evaluations for part in evaluation.parts)
    rows = []
    for part in parts:
        values = [evaluation.parts.get(part) for evaluation in evaluations]
        rows.append([part.replace("_", " "), *("-" if value is None else f"{value:.2f}" for value in values)])
    rows.append(["all points", *(f"{evaluation.nme:.2f}" for evaluation in evaluations)])
    return Table(title or "", ["NME % of", *labels], rows, _notes(evaluations))


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
        protocol.subset if one_box else f"{protocol.subset}, box: {protocol.boxes.describe()}" for protocol in protocols
    ]
    return first.describe(subset=False, box=one_box), labels


def _faces(evaluation: Evaluation) -> str:
    expected = evaluation.protocol.num_faces
    complete = not expected or expected == len(evaluation)
    return str(len(evaluation)) if complete else f"{len(evaluation)} of {expected}"


def _notes(evaluations: Sequence[Evaluation]) -> list[str]:
    return list(dict.fromkeys(note for evaluation in evaluations for note in evaluation.notes))
