"""Writes docs/zoo.md and the tables of README.md and of the pages: `python docs/build_tables.py`.

They come from the manifest and from benchmarks/results; sizes are counted on the networks, which are built for it.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import kerasalign
from kerasalign.hub import Preset, read_manifest
from kerasalign.hub.zoo import commercial_status, headline, nme_text, results, weights_status

TOP = Path(__file__).resolve().parents[1]
RESULTS = TOP / "benchmarks" / "results"
PAGES = [TOP / "README.md", *sorted((TOP / "docs").glob("*.md"))]
PARTS = {"jaw": ("jaw",), "brows": ("right_brow", "left_brow"), "nose": ("nose",),
         "eyes": ("right_eye", "left_eye"), "mouth": ("mouth",)}  # fmt: skip
BLOCK = re.compile(r"<!-- (\w+): made by docs/build_tables.py -->.*?<!-- /\1 -->", re.DOTALL)


def filled(page: Path) -> str:
    """A page with today's tables between its markers."""
    def fresh(found: re.Match) -> str:
        name = found[1]
        return f"<!-- {name}: made by docs/build_tables.py -->\n{TABLES[name]()}\n<!-- /{name} -->"

    return BLOCK.sub(fresh, page.read_text("utf-8"))


def zoo_table() -> str:
    """One row per preset."""
    rows = [("preset", "points", "parameters", "M multiply-adds", "weights", "NME here", "NME paper", "protocol")]
    for name, preset in read_manifest().presets.items():
        told = _told(name)
        protocol, ours, paper = headline(preset)
        rows.append((f"`{name}`", str(told["points"]), f"{told['parameters']:,}", f"{told['macs'] / 1e6:.1f}",
                     weights_status(preset), ours, paper, protocol))  # fmt: skip
    return _table(rows)


def zoo_page() -> str:
    """A page with every preset and every number."""
    parts = ["# Zoo", "Made by `docs/build_tables.py` from `weights_manifest.json`; sizes are counted on the networks.",
             "NME is in percent. *Boxes* says what the crops were cut by."]  # fmt: skip
    for name, preset in read_manifest().presets.items():
        parts += [f"## {name}", preset.notes, _facts(name, preset)]
        rows = [("protocol", "NME here", "boxes", "faces", "iterations", "FR here", "NME paper")]
        for protocol, ours, paper in results(preset):
            told = ("", "", "", "")
            if ours:
                rounds = "" if ours.iterations is None else f"{ours.iterations:.2f}"
                told = (ours.box_source, f"{ours.faces:,}", rounds, "" if ours.fr is None else f"{ours.fr:.2f}")
            rows.append((f"`{protocol}`", nme_text(ours), *told, nme_text(paper)))
        parts += [_table(rows)] if len(rows) > 1 else []
        made = dict.fromkeys((result.command, result.file) for result in preset.measured)
        parts += [f"Measured by `{command}`, in `{file}`." for command, file in made]
    return "\n\n".join(part for part in parts if part) + "\n"


def latency_table() -> str:
    """Time of one face beside what memory allows."""
    rows = [("preset", "ms", "floor, ms", "times the floor")]
    for name, row in _measured("latency")["presets"].items():
        rows.append((f"`{name}`", f"{row['ms']:.1f}", f"{row['floor_ms']:.1f}", f"{row['times_floor']:.1f}"))
    return _table(rows)


def scc_table() -> str:
    """What SCC costs beside its own backbone."""
    rows = [("precision", "training step, s", "a classifier's", "ratio", "one face, ms", "backbone alone", "above it")]
    for precision, row in _measured("scc")["precisions"].items():
        step, plain = (f"{row[name]:.2f}" for name in ("scc_step_s", "classifier_step_s"))
        rows.append((precision, step, plain, f"{row['step_ratio']:.2f}", f"{row['scc_ms']:.0f}",
                     f"{row['backbone_ms']:.0f}", f"{100 * row['after_backbone']:.0f} %"))
    return _table(rows)


def export_table() -> str:
    """The bundled default in every form of a file."""
    measured = _measured("export")
    rows = [(f"`{measured['preset']}`", "bytes", "at most, px", "mean, px", "accepted, px", "NME", "time, of Keras'"),
            ("Keras", "", "", "", "", f"{measured['keras_nme']:.2f}", "1")]  # fmt: skip
    for name, row in measured["forms"].items():
        rows.append((name, f"{row['bytes']:,}", f"{row['max_px']:.2f}", f"{row['mean_px']:.2f}",
                     f"{row['tolerance_px']:g}", f"{row['nme']:.2f}", f"{row['ms'] / row['keras_ms']:.2f}"))
    return _table(rows)


def exports_table() -> str:
    """Networks of the papers in every form of a file, untrained."""
    rows = [("preset", "form", "bytes", "at most, px", "time, of Keras'", "made in, s", "memory, MB")]
    for path in sorted(RESULTS.glob("export_*.json")):
        measured = json.loads(path.read_text("utf-8"))
        for name, row in measured["forms"].items():
            told = ("", "not kept", "", "", "") if "problem" in row else (
                f"{row['bytes']:,}", f"{row['max_px']:.2f}", f"{row['ms'] / row['keras_ms']:.2f}",
                f"{row['seconds']:.0f}", f"{row['peak_mb']:,}")  # fmt: skip
            rows.append((f"`{measured['preset']}`", name, *told))
    return _table(rows)


def cold_start_table() -> str:
    """From the first import to the first landmarks, a process for each run."""
    rows = [("runtime", "detector", "import to landmarks, s", "slowest of all", "whole process, s", "imports")]
    for name, row in _measured("cold_start")["seconds"].items():
        runtime, detector = name.split(", ")
        rows.append((runtime, "box given" if detector == "boxes" else detector, f"{row['import_to_landmarks']:.2f}",
                     f"{row['slowest']:.2f}", f"{row['process']:.2f}", ", ".join(row["imported"])))
    return _table(rows)


def detector_table() -> str:
    """Milliseconds of finding the faces of a photo."""
    times = _measured("detector")["ms_per_photo"]
    together = next(name.rpartition(" of ")[2] for name in times if " of " in name)
    rows = [("", "network", f"a share of {together}", "whole search", f"a share of {together}")]
    for runtime in ("keras", "onnxruntime", "litert"):
        names = (f"{runtime}: {part}{rest}" for part in ("network", "all") for rest in ("", f" of {together}"))
        rows.append((runtime, *(f"{times[name]:.1f}" for name in names)))
    if "mtcnn: all" in times:
        rows.append(("mtcnn", "", "", f"{times['mtcnn: all']:.1f}", ""))
    return _table(rows)


def boxes_table() -> str:
    """What detectors find on real photos, and what their boxes are worth to the landmarks."""
    rows = [("boxes", "found, test", "found, train", "middle off", "size", "turned", "false boxes", "NME", "refine=1")]
    for name, row in _measured("detector_accuracy")["detectors"].items():
        test, train, faceless = (row.get(key, {}) for key in ("test", "train", "faceless"))
        off = (f"{100 * test['middle']['median']:.1f} %", f"{test['size']['median']:.2f}",
               f"{test['degrees']['median']:.1f}°") if test else ("", "", "")  # fmt: skip
        nme = (f"{once['nme']:.2f} ({once['faces']} faces)" for once in row["landmarks"].values())
        found = (f"{100 * part['recall']:.1f} %" if part else "" for part in (test, train))
        false = f"{faceless['boxes']} in {faceless['images']}" if faceless else ""
        rows.append((name, *found, *off, false, *nme))
    return _table(rows)


def peers_table() -> str:
    """One face in our runtimes and by what a user would pick instead."""
    measured = _measured("peers")
    rows = [("on one core", "ms", "iterations")]
    for name, row in measured["ms"].items():
        runtime, _, way = name.partition(": ")
        if way != "align":
            rounds = measured["mean_iterations"].get(runtime)
            told = f"{runtime}, with its detector" if way == "photo" else runtime
            rows.append((told, f"{row['median']:.1f}", f"{rounds:.1f}" if rounds else ""))
    return _table(rows)


def default_table() -> str:
    """The default on real test faces: its NME by part of the face and kind of boxes, both sides of the face as one."""
    manifest = read_manifest()
    preset = manifest[manifest.default]
    rows = [(f"`{preset.name}`, boxes", "faces", "all points", *PARTS)]
    told = {result.box_source: result for result in preset.measured if result.protocol == "300w-common-inter_ocular"}
    for boxes, result in told.items():
        report = json.loads((TOP / result.file).read_text("utf-8"))
        (parts,) = (evaluation["parts"] for evaluation in report["evaluations"]
                    if evaluation["protocol"]["name"] == result.protocol)  # fmt: skip
        rows.append((boxes, f"{result.faces:,}", nme_text(result), *(f"{nme:.2f}" for nme in _by_part(parts))))
    return _table(rows)


TABLES = {"zoo": zoo_table, "latency": latency_table, "scc": scc_table, "export": export_table,
          "peers": peers_table, "default": default_table, "exports": exports_table, "cold_start": cold_start_table,
          "detector": detector_table, "boxes": boxes_table}  # fmt: skip


def _by_part(parts: dict[str, float]) -> list[float]:
    """NME of the parts of 68 points, both sides as one; sides have as many points each."""
    return [sum(parts[side] for side in sides) / len(sides) for sides in PARTS.values()]


def _measured(name: str) -> dict:
    return json.loads((RESULTS / f"{name}.json").read_text("utf-8"))


@cache
def _told(name: str) -> dict:
    """What is known of a preset; its network is built once."""
    return kerasalign.info(name)


def _facts(name: str, preset: Preset) -> str:
    told = _told(name)
    facts = [
        f"{told['points']} points",
        f"{told['parameters']:,} parameters",
        f"{told['macs']:,} multiply-adds a face ({told['macs_paper']:,} by the paper's counting)",
        f"weights: {weights_status(preset)}",
    ]
    if preset.weights:
        facts.append(f"{preset.weights.bytes / 1e6:.1f} MB as {preset.weights.dtype}")
        facts.append(f"licence: {preset.weights.licence}; commercial use: {commercial_status(preset)}")
        facts += [f"trained on {d.name}, {d.faces:,} faces: {d.terms}" for d in preset.weights.training_data]
    return "\n".join(f"- {fact}" for fact in facts)


def _table(rows: list[tuple[str, ...]]) -> str:
    head, *body = rows
    lines = [head, ("---",) * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    (TOP / "docs" / "zoo.md").write_text(zoo_page(), "utf-8")
    for page in PAGES:
        page.write_text(filled(page), "utf-8")
