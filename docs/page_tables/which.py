"""The table of the presets that load: what each is for, how accurate, how quick, how large, and its terms."""

from __future__ import annotations

import json

from kerasalign.hub import Preset, read_manifest
from kerasalign.hub.zoo import nme_text
from kerasalign.markups import get_markup
from kerasalign.metrics import get_protocol
from page_tables.rows import RESULTS, TOP, markdown, measurement

COMMON = get_protocol("300w-common-inter_ocular")

PEERS = {"mediapipe, several faces": "MediaPipe Face Mesh", "dlib, with its detector": "dlib, trained on these photos"}
# What a preset is good at, in words; the rest of its row is the manifest's.
TASKS = {
    "musica19-synth": "The default: quick, and free to use in products. Estimates its own error",
    "musica19-300w": "The smallest error, as quick; trained on real photos",
    "lwbafa128-300w": "The boundaries of the face beside its 68 points",
    "scc-300w": "68 points on a graph; bears covered faces best; the largest network",
    "aan-300w": "Says where it looks, by four maps",
    "scc-wflw": "98 points, free to use in products; has seen no photo of WFLW",
    "sdusmall-300w": "The smallest file; says which points are visible",
}


def loadable() -> list[Preset]:
    """The presets with weights: the default first, then by number of points."""
    manifest = read_manifest()
    presets = [preset for preset in manifest.presets.values() if preset.weights]
    return sorted(presets, key=lambda preset: (preset.name != manifest.default, _points(preset)))


def which_table() -> str:
    """A row for each preset that loads."""
    head = ("for", "preset", "points", "NME from the photo, %", "NME on crops, %", "one face, ms", "MB", "terms")
    return markdown([head, *(_row(preset) for preset in loadable())])


def short_table() -> str:
    """The same in the columns that the README has room for."""
    rows = [_row(preset) for preset in loadable()]
    return markdown([("preset", "for", "NME, %", "ms", "terms"), *((r[1], r[0], r[3], r[5], r[7]) for r in rows)])


def measured_presets() -> list[Preset]:
    """The presets whose NME on crops of 300W's common test set was measured, with weights or without."""
    return [preset for preset in read_manifest().presets.values() if evaluation(preset, "landmarks")]


def evaluation(preset: Preset, boxes: str) -> dict | None:
    """The measurement of a preset by `COMMON` and a source of boxes, from the files that the manifest names."""
    for path in dict.fromkeys(result.file for result in preset.measured):
        for row in json.loads((TOP / path).read_text("utf-8"))["evaluations"] if path else []:
            if (row["protocol"]["name"], row["protocol"]["box_source"]) == (COMMON.name, boxes):
                return row
    return None


def network_ms(preset: Preset) -> float | None:
    """Milliseconds of one crop in ONNX Runtime on two cores, where the network was measured; weights do not matter."""
    measured = measurement("runtimes")["presets"]
    for name, row in measured.items():
        if _same_network(preset, read_manifest()[name]):
            return row["ms"]["1"]["onnxruntime"]
    if (RESULTS / f"export_{preset.name}.json").exists():
        return measurement(f"export_{preset.name}")["forms"]["ONNX"]["ms"]
    return None


def _row(preset: Preset) -> tuple[str, ...]:
    assert preset.weights is not None
    points, milliseconds = _points(preset), network_ms(preset)
    return (
        TASKS.get(preset.name, f"{points} points"),
        f"`{preset.name}`",
        str(points),
        _best(preset, "detector"),
        _best(preset, "landmarks"),
        "" if milliseconds is None else f"{milliseconds:.1f}",
        f"{preset.weights.bytes / 1e6:.1f}",
        "any use" if preset.weights.commercial_use else "research only",
    )


def _points(preset: Preset) -> int:
    return get_markup(preset.markup).num_points if preset.markup else 0


def _best(preset: Preset, boxes: str) -> str:
    """The NME by a kind of boxes, our own detector first; another protocol or detector stands behind it."""
    sources = dict.fromkeys(result.box_source for result in preset.measured)
    for source in sorted(sources, key=lambda source: source != "detector:kerasalign"):
        row = evaluation(preset, source) if source.partition(":")[0] == boxes else None
        if row:
            detector = source.partition(":")[2]
            return f"{row['nme']:.2f}" + (f" ({detector})" if detector not in ("", "kerasalign") else "")
    for result in preset.measured:
        kind, _, detector = result.box_source.partition(":")
        if kind == boxes:
            return f"{nme_text(result)} ({' '.join(filter(None, (result.protocol, detector)))})"
    return ""


def _same_network(one: Preset, other: Preset) -> bool:
    """Whether two presets differ in nothing that costs time: the mean shape is only where a network starts."""
    bare = [{k: v for k, v in preset.architecture.items() if k != "mean_shape"} for preset in (one, other)]
    return bare[0] == bare[1]


def peers_table() -> str:
    """NME of others on the same photos, beside ours from the photo."""
    rows = [("from the photo", "NME, %", "faces over 10 %", "faces found")]
    ours = ((f"`{preset.name}`", evaluation(preset, "detector:kerasalign")) for preset in loadable())
    others = measurement("peer_accuracy")["peers"].items()
    for name, row in (*ours, *((PEERS[name], told["evaluation"]) for name, told in others)):
        if row:
            found = f"{row['faces']} of {COMMON.num_faces}"
            rows.append((name, f"{row['nme']:.2f}", f"{row['fr']:.2f} %", found))
    return markdown(rows)


def beside_table() -> str:
    """Error and time of the default and of what a user would take instead, on one core."""
    times, preset = measurement("peers")["ms"], read_manifest()[read_manifest().default]
    ours, peers = evaluation(preset, "detector:kerasalign"), measurement("peer_accuracy")["peers"]
    assert ours is not None

    def row(name: str, nme: dict | None, alone: str, with_detector: str) -> tuple[str, ...]:
        spent = (f"{times[key]['median']:.1f}" if key in times else "" for key in (alone, with_detector))
        return (name, f"{nme['nme']:.2f}" if nme else "", *spent)

    rows = [
        ("", "NME, %", "one face, ms", "with its detector, ms"),
        row(f"`{preset.name}`, ONNX Runtime", ours, "onnxruntime: network", "onnxruntime: photo"),
        row(
            "the same, int8, early exit",
            None,
            "onnxruntime, int8, early exit: network",
            "onnxruntime, int8, early exit: photo",
        ),
        row(
            "MediaPipe Face Mesh",
            peers["mediapipe, several faces"]["evaluation"],
            "mediapipe, landmarks alone",
            "mediapipe, with its detector",
        ),
        row(
            "dlib (trained on these photos; no commercial use)",
            peers["dlib, with its detector"]["evaluation"],
            "dlib",
            "dlib, with its detector",
        ),
    ]
    return markdown(rows)
