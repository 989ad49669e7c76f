"""Tables of presets: what `weights_manifest.json` says, and sizes that are counted on the networks."""

from __future__ import annotations

from functools import cache

import kerasalign
from kerasalign.hub import Preset, read_manifest
from kerasalign.hub.preset import Result
from kerasalign.hub.zoo import commercial_status, macs_text, nme_text, results, weights_status
from page_tables.rows import markdown


def zoo_page() -> str:
    """A page with every preset and every number."""
    parts = [
        "# Zoo",
        "Made by `docs/build_tables.py` from `weights_manifest.json`; sizes are counted on the networks.",
        "NME is in percent. *Boxes* says what the crops were cut by.",
    ]
    for name, preset in read_manifest().presets.items():
        parts += [f"## {name}", preset.notes, _facts(name, preset)]
        head = ("protocol", "NME here", "boxes", "faces", "iterations", "FR here", "AUC here")
        rows = [(*head, "NME paper", "FR paper", "AUC paper", "boxes paper")]
        for protocol, ours, paper in results(preset):
            cells = ("", "", "", "", "")
            if ours:
                iterations = "" if ours.iterations is None else f"{ours.iterations:.2f}"
                cells = (ours.box_source, f"{ours.faces:,}", iterations, *_rates(ours))
            boxes = paper.box_source if paper else ""
            rows.append((f"`{protocol}`", nme_text(ours), *cells, nme_text(paper), *_rates(paper), boxes))
        parts += [markdown(rows)] if len(rows) > 1 else []
        notes = dict.fromkeys(result.note for result in preset.measured if result.note)
        parts += [f"{note}." for note in notes]
        measurements = dict.fromkeys((result.command, result.file) for result in preset.measured)
        parts += [f"Measured by `{command}`, in `{file}`." for command, file in measurements]
    return "\n\n".join(part for part in parts if part) + "\n"


def _rates(result: Result | None) -> tuple[str, str]:
    """FR and AUC, empty where there are none."""
    if result is None:
        return "", ""
    return "" if result.fr is None else f"{result.fr:.2f}", "" if result.auc is None else f"{result.auc:.4f}"


@cache
def _info(name: str) -> dict:
    """`kerasalign.info` of a preset, whose network is built once."""
    return kerasalign.info(name)


def _facts(name: str, preset: Preset) -> str:
    """Size, weights and terms of a preset as a list."""
    info = _info(name)
    facts = [
        f"{info['points']} points",
        f"{info['parameters']:,} trainable parameters",
        f"multiply-adds: {macs_text(info['macs'], info['macs_paper'])}",
        f"weights: {weights_status(preset)}",
    ]
    if preset.weights:
        facts.append(f"{preset.weights.bytes / 1e6:.1f} MB as {preset.weights.dtype}")
        facts.append(f"license: {preset.weights.license}; commercial use: {commercial_status(preset)}")
        facts += [f"caution: {preset.weights.caution}"] if preset.weights.caution else []
        facts += [f"trained on {d.name}, {d.faces:,} faces: {d.terms}" for d in preset.weights.training_data]
    return "\n".join(f"- {fact}" for fact in facts)
