"""The terms of the files of kerasalign-weights, from the manifest."""

from __future__ import annotations

from collections.abc import Iterator

from kerasalign.core.origin import PACKAGE
from kerasalign.hub import Preset, read_manifest

_HEAD = """\
Terms of the files in the package kerasalign-weights

Each file has terms of its own, which follow from what it was trained on. There is no license of the package as a whole,
and the Apache-2.0 license of kerasalign is not that of these files. The package's few lines of Python are under
Apache-2.0. Written by docs/build_tables.py from weights_manifest.json."""


def license_text() -> str:
    """`weights/LICENSE.txt`: every file with its terms, those for research only apart."""
    presets = [p for p in read_manifest().presets.values() if p.weights and p.weights.source == PACKAGE]
    parts = [_HEAD]
    for title, commercial in (("1. Files that may be used commercially", True), ("2. Files for research only", False)):
        entries = [_terms(p) for p in presets if p.weights and p.weights.commercial_use == commercial]
        parts += [f"{title}\n{'=' * len(title)}", *(entries or ["None."])]
    return "\n\n".join(parts) + "\n"


def _terms(preset: Preset) -> str:
    return "\n".join(_lines(preset))


def _lines(preset: Preset) -> Iterator[str]:
    weights = preset.weights
    assert weights is not None
    yield f"kerasalign_weights/{weights.file}"
    yield f"  SHA-256: {weights.sha256}"
    yield f"  Terms: {weights.license}"
    for data in weights.training_data:
        yield f"  Trained on: {data.name}, {data.faces:,} faces; its terms: {data.terms}"
    if weights.base:
        yield f"  Fine-tuned from: {weights.base}"
