"""The model card of a preset: Markdown from its manifest entry."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from kerasalign.core.origin import Weights
from kerasalign.hub.preset import Preset, Result
from kerasalign.hub.training_curve import curve_text, training_curves
from kerasalign.metrics import Protocol, get_protocol

# Licenses of weights that the Hub knows by these names.
_HUB_LICENSES = (
    "apache-2.0",
    "bsd-2-clause",
    "bsd-3-clause",
    "cc-by-4.0",
    "cc-by-nc-4.0",
    "cc-by-nc-nd-4.0",
    "cc-by-nc-sa-4.0",
    "cc-by-nd-4.0",
    "cc-by-sa-4.0",
    "cc0-1.0",
    "gpl-3.0",
    "lgpl-3.0",
    "mit",
    "mpl-2.0",
    "openrail",
)
_LIMITS = """\
It finds landmarks on crops of human faces that were cut as said above; with other crops it gives bad landmarks
without any error. Landmarks do not say who somebody is. The error differs between poses, lighting, occlusion
and groups of people: measure it on your own photos before relying on it. Not intended for identifying people,
for judging emotion or character, or for decisions about people without their consent."""


def model_card(preset: Preset, source: str | None = None, plot: str | None = None) -> str:
    """Markdown with the metadata that the Hugging Face Hub reads at its top.

    Args:
        preset: A preset with weights.
        source: Name, folder or address for `kerasalign.load` in the card's example; by default the preset's name.
        plot: File beside the card that shows the training curve, if there is one.

    Raises:
        ValueError: If the preset has no weights.
    """
    weights = preset.weights
    if weights is None:
        raise ValueError(f"A model card describes published weights. Received: preset={preset.name!r}")
    source = source or preset.name
    parts = [
        _metadata(preset, weights),
        f"# {preset.name}",
        _summary(preset, weights),
        "## Use",
        f'```python\nimport kerasalign\n\nmodel = kerasalign.load("{source}")\n'
        'faces = model.align("group.jpg")\nfaces.draw().save("group_landmarks.png")\n```',
        "## Crop",
        "A face crop is cut by this `CropSpec`, and `align` does so:",
        _table(("field", "value"), preset.crop.items()),
        "## Training",
        "\n".join(_training(weights)),
        *([f"![Training curve]({plot})"] if plot else []),
        *_error_estimate(weights),
        "## License and data",
        "\n".join(_terms(weights)),
        "## Results",
        _results(preset),
        "## Intended use and limits",
        _LIMITS,
        "## Files",
        _table(("file", "bytes", "numbers", "sha256"), [_file(weights)]),
    ]
    return "\n\n".join(parts) + "\n"


def _metadata(preset: Preset, weights: Weights) -> str:
    import yaml

    content = {
        "library_name": "keras",
        **_license(weights.license),
        "pipeline_tag": "keypoint-detection",
        "tags": ["kerasalign", "face-alignment", preset.paper],
    }
    return f"---\n{yaml.safe_dump(content, sort_keys=False, allow_unicode=True)}---"


def _license(text: str) -> dict[str, str]:
    """The license as the Hub's metadata has it: an identifier that it knows, or `other` and a name."""
    plain = re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-")
    return {"license": plain} if plain in _HUB_LICENSES else {"license": "other", "license_name": plain[:60].strip("-")}


def _summary(preset: Preset, weights: Weights) -> str:
    kind = preset.architecture["class"]
    points = f"the markup `{preset.markup}`" if preset.markup else "points without a markup"
    summary = f"Facial landmarks by {kind} ({preset.paper}), {points}, made for {preset.dataset or 'no data set'}."
    base = f" Fine-tuned from `{weights.base}`." if weights.base else ""
    caution = f"**{weights.caution}**" if weights.caution else ""
    return "\n\n".join(text for text in (f"{summary}{base}", caution, preset.notes) if text)


def _training(weights: Weights) -> Iterator[str]:
    if not weights.training:
        yield "The entry does not say how the weights were trained."
    for key, value in weights.training.items():
        if key != "curve":
            yield f"- {key}: {_pairs(value) if isinstance(value, Mapping) else value}"
    for name, pairs in training_curves(weights.training).items():
        yield f"- {name}: {curve_text(pairs)}"


def _error_estimate(weights: Weights) -> Iterator[str]:
    calibration = weights.calibration
    if calibration is not None:
        yield "## Error estimate"
        yield (
            "`face.error` is the NME to expect, in percent of the distance of the outer eye corners, and "
            f"`face.failed` marks faces above {calibration.failure_threshold:g} %. Fitted to {calibration.faces:,} "
            f"faces, {calibration.data}, by `{calibration.command}`."
        )


def _pairs(table: Mapping) -> str:
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in table.items()}
    return ", ".join(f"{key} {value}" for key, value in texts.items() if key != "curve")


def _terms(weights: Weights) -> Iterator[str]:
    yield f"- Weights: {weights.license}"
    yield f"- Commercial use: {'yes' if weights.commercial_use else 'no'}"
    for data in weights.training_data:
        yield f"- Trained on {data.name}, {data.faces:,} faces; its terms: {data.terms}"
    if not weights.training_data:
        yield "- The entry does not name the training data."


def _results(preset: Preset) -> str:
    if not preset.measured:
        return "Not measured."
    rows = [
        (*_protocol(result), f"{result.nme:.3f}", *_optional(result), _faces(result), f"`{result.command}`")
        for result in preset.measured
    ]
    columns = ("protocol", "measure", "boxes", "NME %", "FR %", "AUC", "iterations", "faces", "command")
    return _table(columns, rows)


def _registered_protocol(result: Result) -> Protocol | None:
    try:
        return get_protocol(result.protocol)
    except ValueError:  # a protocol of the user's own
        return None


def _faces(result: Result) -> str:
    protocol = _registered_protocol(result)
    official = protocol.num_faces if protocol else None
    return f"{result.faces:,}" if official in (None, result.faces) else f"{result.faces:,} of {official:,}"


def _protocol(result: Result) -> tuple[str, str, str]:
    protocol = _registered_protocol(result)
    if protocol is None:
        return result.protocol, "", result.box_source
    measure = (
        f"{protocol.dataset} {protocol.subset}, {protocol.normalizer}, failure above {protocol.fr_threshold:g} %, "
        f"AUC to {protocol.auc_threshold:g} %"
    )
    return result.protocol, measure, result.box_source


def _optional(result: Result) -> tuple[str, ...]:
    return tuple("" if value is None else f"{value:g}" for value in (result.fr, result.auc, result.iterations))


def _file(weights: Weights) -> tuple[str, ...]:
    return f"`{weights.file}`", f"{weights.bytes:,}", weights.dtype, f"`{weights.sha256}`"


def _table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines: list[Sequence[Any]] = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)
