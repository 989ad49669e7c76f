"""Writes docs/zoo.md and the tables of README.md and of the pages: `python docs/build_tables.py`.

They come from the manifest and from benchmarks/results; sizes are counted on the networks, which are built for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import kerasalign
from kerasalign.hub import Preset, read_manifest
from kerasalign.hub.zoo import commercial_status, headline, nme_text, results, weights_status

TOP = Path(__file__).resolve().parents[1]
RESULTS = TOP / "benchmarks" / "results"
PAGES = [TOP / "README.md", *sorted((TOP / "docs").glob("*.md"))]
PARTS = {
    "jaw": ("jaw",),
    "brows": ("right_brow", "left_brow"),
    "nose": ("nose",),
    "eyes": ("right_eye", "left_eye"),
    "mouth": ("mouth",),
}
SHORT_RUN = {
    "steps": ("steps", "{}"),
    "bandwidth": ("bandwidth", "{:g}"),
    "augment": ("augmentation", "`{}`"),
    "loss": ("loss", "`{}`"),
    "learning_rate": ("rate", "{:g}"),
    "nme": ("training faces", "{:.1f}"),
    "val_nme": ("held-out faces", "{:.1f}"),
}
BLOCK = re.compile(r"<!-- (\w+)([ \w-]*): made by docs/build_tables.py -->.*?<!-- /\1 -->", re.DOTALL)


def filled(page: Path) -> str:
    """A page with today's tables between its markers."""

    def fresh(found: re.Match) -> str:
        name, what = found[1], found[2]
        table = TABLES[name](*what.split())
        return f"<!-- {name}{what}: made by docs/build_tables.py -->\n{table}\n<!-- /{name} -->"

    return BLOCK.sub(fresh, page.read_text("utf-8"))


def zoo_table() -> str:
    """One row per preset."""
    rows = [("preset", "points", "parameters", "M multiply-adds", "weights", "NME here", "NME paper", "protocol")]
    for name, preset in read_manifest().presets.items():
        told = _told(name)
        protocol, ours, paper = headline(preset)
        rows.append(
            (
                f"`{name}`",
                str(told["points"]),
                f"{told['parameters']:,}",
                f"{told['macs'] / 1e6:.1f}",
                weights_status(preset),
                ours,
                paper,
                protocol,
            )
        )
    return _table(rows)


def zoo_page() -> str:
    """A page with every preset and every number."""
    parts = [
        "# Zoo",
        "Made by `docs/build_tables.py` from `weights_manifest.json`; sizes are counted on the networks.",
        "NME is in percent. *Boxes* says what the crops were cut by.",
    ]
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
        rows.append(
            (
                precision,
                step,
                plain,
                f"{row['step_ratio']:.2f}",
                f"{row['scc_ms']:.0f}",
                f"{row['backbone_ms']:.0f}",
                f"{100 * row['after_backbone']:.0f} %",
            )
        )
    return _table(rows)


def export_table() -> str:
    """The bundled default in every form of a file."""
    measured = _measured("export")
    rows = [
        (f"`{measured['preset']}`", "bytes", "at most, px", "mean, px", "accepted, px", "NME", "time, of Keras'"),
        ("Keras", "", "", "", "", f"{measured['keras_nme']:.2f}", "1"),
    ]
    for name, row in measured["forms"].items():
        rows.append(
            (
                name,
                f"{row['bytes']:,}",
                f"{row['max_px']:.2f}",
                f"{row['mean_px']:.2f}",
                f"{row['tolerance_px']:g}",
                f"{row['nme']:.2f}",
                f"{row['ms'] / row['keras_ms']:.2f}",
            )
        )
    return _table(rows)


def exports_table() -> str:
    """Networks of the papers in every form of a file; NME for those with weights."""
    rows = [("preset", "form", "bytes", "at most, px", "NME", "time, of Keras'", "made in, s", "memory, MB")]
    for path in sorted(RESULTS.glob("export_*.json")):
        measured = json.loads(path.read_text("utf-8"))
        for name, row in measured["forms"].items():
            nme = f"{row['nme']:.2f}" if "nme" in row else ""
            told = (
                ("", "not kept", "", "", "", "")
                if "problem" in row
                else (
                    f"{row['bytes']:,}",
                    f"{row['max_px']:.2f}",
                    nme,
                    f"{row['ms'] / row['keras_ms']:.2f}",
                    f"{row['seconds']:.0f}",
                    f"{row['peak_mb']:,}",
                )
            )
            rows.append((f"`{measured['preset']}`", name, *told))
    return _table(rows)


def cold_start_table() -> str:
    """From the first import to the first landmarks, a process for each run."""
    rows = [("runtime", "detector", "import to landmarks, s", "slowest of all", "whole process, s", "imports")]
    for name, row in _measured("cold_start")["seconds"].items():
        runtime, detector = name.split(", ")
        rows.append(
            (
                runtime,
                "box given" if detector == "boxes" else detector,
                f"{row['import_to_landmarks']:.2f}",
                f"{row['slowest']:.2f}",
                f"{row['process']:.2f}",
                ", ".join(row["imported"]),
            )
        )
    return _table(rows)


def detector_table() -> str:
    """Milliseconds of finding the faces of a photo."""
    times = _measured("detector")["ms_per_photo"]
    together = next(name.rpartition(" of ")[2] for name in times if " of " in name)
    rows = [("", "network", f"a share of {together}", "with one look", "with both", f"a share of {together}")]
    for runtime in ("keras", "onnxruntime", "litert"):
        names = (
            f"{runtime}: {part}"
            for part in ("network", f"network of {together}", "first look", "all", f"all of {together}")
        )
        rows.append((runtime, *(f"{times[name]:.1f}" for name in names)))
    if "mtcnn: all" in times:
        rows.append(("mtcnn", "", "", "", f"{times['mtcnn: all']:.1f}", ""))
    return _table(rows)


def boxes_table() -> str:
    """What detectors find on real photos, and what their boxes are worth to the landmarks."""
    rows = [("boxes", "found, test", "found, train", "middle off", "size", "turned", "false boxes", "NME", "refine=1")]
    for name, row in _measured("detector_accuracy")["detectors"].items():
        test, train, faceless = (row.get(key, {}) for key in ("test", "train", "faceless"))
        off = (
            (
                f"{100 * test['middle']['median']:.1f} %",
                f"{test['size']['median']:.2f}",
                f"{test['degrees']['median']:.1f}°",
            )
            if test
            else ("", "", "")
        )
        nme = (f"{once['nme']:.2f} ({once['faces']} faces)" for once in row["landmarks"].values())
        found = (f"{100 * part['recall']:.1f} %" if part else "" for part in (test, train))
        false = f"{faceless['boxes']} in {faceless['images']}" if faceless else ""
        rows.append((name, *found, *off, false, *nme))
    return _table(rows)


def turned_table() -> str:
    """Faces found in photos that were turned."""
    (turned,) = (row["turned"] for row in _measured("detector_accuracy")["detectors"].values() if "turned" in row)
    return _table(
        [
            ("turned by", *(f"{degrees}°" for degrees in turned)),
            ("found", *(f"{100 * row['recall']:.1f} %" for row in turned.values())),
        ]
    )


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
        (parts,) = (
            evaluation["parts"]
            for evaluation in report["evaluations"]
            if evaluation["protocol"]["name"] == result.protocol
        )
        rows.append((boxes, f"{result.faces:,}", nme_text(result), *(f"{nme:.2f}" for nme in _by_part(parts))))
    return _table(rows)


def photos_table(*presets: str) -> str:
    """NME of presets trained here on photos, beside the paper's."""
    rows = [("preset", "protocol", "faces", "NME (95 % interval)", "paper")]
    published = {name: {paper.protocol: paper for paper in read_manifest()[name].paper_results} for name in presets}
    for name in presets:
        for row in _measured(f"{name}-tight")["evaluations"]:
            protocol = row["protocol"]["name"]
            rows.append(
                (
                    f"`{name}`",
                    f"`{protocol}`",
                    f"{row['faces']:,}",
                    _with_interval(row),
                    nme_text(published[name].get(protocol)),
                )
            )
    return _table(rows)


def ablation_table(preset: str) -> str:
    """Networks that differ in one thing, trained by one short schedule."""
    measured = _measured(f"{preset}-ablation")
    rows = [("network", "parameters", "NME", "change", *(("early exit against random",) * _exits(measured)))]
    first = measured["rows"]["paper"]["nme"]
    for name, row in measured["rows"].items():
        change = "" if name == "paper" else _change(row["nme"] / first)
        saved = [_change(1 - row["early_exit"]["nme_saved"] / 100)] if _exits(measured) else []
        rows.append(
            ("the paper's" if name == "paper" else name, f"{row['parameters']:,}", f"{row['nme']:.2f}", change, *saved)
        )
    return f"{_schedule(measured)}\n\n{_table(rows)}"


def short_runs_table(paper: str) -> str:
    """What a network learns in short runs that differ in one setting or two."""
    runs = _measured(f"{paper}-short-runs")["rows"]
    rows = [tuple(SHORT_RUN[key][0] for key in runs[0])]
    for row in runs:
        rows.append(tuple(SHORT_RUN[key][1].format(value) for key, value in row.items()))
    return _table(rows)


def runtimes_table() -> str:
    """Every paper's network in every runtime, one crop and a batch, and ONNX Runtime beside its own operators."""
    presets = _measured("runtimes")["presets"]
    times = next(iter(presets.values()))["ms"]
    rows = [
        (
            "ms",
            *(f"{runtime}, {batch}" for batch, row in times.items() for runtime in row),
            "times its operators",
            "times a plain network",
        )
    ]
    for name, row in presets.items():
        spent = (f"{value:.1f}" for batch in row["ms"].values() for value in batch.values())
        rows.append((f"`{name}`", *spent, f"{row['times_operators']:.2f}", f"{row['times_plain']:.2f}"))
    return _table(rows)


def training_table() -> str:
    """A training step of every paper's network."""
    measured = _measured("training_step")
    precisions = measured["precisions"]
    rows = [
        (
            f"a step of {measured['batch']} faces",
            "parameters",
            *(f"{precision}{what}" for precision in precisions for what in (", s", ", faces a second")),
        )
    ]
    for name, first in next(iter(precisions.values())).items():
        told = (
            text
            for row in precisions.values()
            for text in (f"{row[name]['step_s']:.2f}", f"{row[name]['faces_per_second']:.1f}")
        )
        rows.append((f"`{name}`", f"{first['parameters']:,}", *told))
    return _table(rows)


def throughput_table() -> str:
    """Where a photo's time goes, and what many photos, a long stream and a video gain by threads."""
    measured = _measured("throughput")
    told = (
        f"{measured['photos']} photos of {measured['side']} px with {measured['faces']} faces, "
        f"`{measured['preset']}` in {measured['runtime']}, detector {measured['detector']}, "
        f"{measured['threads']} threads:"
    )
    split = [("step, one after the other", "ms a photo")]
    split += [(name.replace("_", " "), f"{spent:.2f}") for name, spent in measured["ms_per_photo_by_step"].items()]
    runs = [("`align`", "a second", "processor, ms each")]
    for name, rate in measured["photos_per_second"].items():
        runs.append((f"{name}, photos", f"{rate:.0f}", f"{measured['cpu_ms_per_photo'][name]:.1f}"))
    filmed, streamed = measured["video"], measured["stream"]
    for name, rate in filmed["frames_per_second"].items():
        runs.append((f"a drawn video, {name}, frames", f"{rate:.0f}", f"{filmed['cpu_ms_per_frame'][name]:.1f}"))
    early, late = streamed["resident_mb_after_a_tenth"], streamed["resident_mb_at_the_end"]
    memory = f"A stream of {streamed['photos']:,} photos held {early:.0f} MB after a tenth, {late:.0f} MB at the end."
    return f"{told}\n\n{_table(split)}\n\n{_table(runs)}\n\n{memory}"


def video_table() -> str:
    """Trembling on a still face, and lag behind a moving one, in percent of the face."""
    measured = _measured("video")
    still = measured["jitter_percent_of_face"]
    rows = [
        (f"`{measured['model']}`, percent of the face", *still),
        ("movement from frame to frame on a still face", *(f"{value:.2f}" for value in still.values())),
        (
            f"lag behind one that moves by {measured['speed_faces_per_second']:.2f} of its size a second",
            "",
            f"{measured['lag_percent_of_face']:.2f}",
        ),
    ]
    return _table(rows)


def renderer_table() -> str:
    """What the renderer's parts buy: NME on real faces of a short training without each of them."""
    measured = _measured("renderer")
    told = (
        f"`{measured['preset']}`, {measured['count']:,} renders of {measured['size']} px a row, "
        f"{measured['steps']:,} steps of {measured['batch_size']}, augmentation `{measured['augment']}`, "
        f"{measured['precision']}; `{measured['protocol']}`:"
    )
    rows = [("renders", "faces", "NME", "against everything", *PARTS)]
    first = measured["rows"]["everything"]["nme"]
    for name, row in measured["rows"].items():
        change = "" if name == "everything" else _change(row["nme"] / first)
        parts = (f"{nme:.2f}" for nme in _by_part(row["parts"]))
        rows.append((name, f"{row['faces']:,}", f"{row['nme']:.2f}", change, *parts))
    return f"{told}\n\n{_table(rows)}"


def lw_bafa_table() -> str:
    """The light network beside the full one: size, time, and NME where it was trained here."""
    measured = _measured("lw_bafa")
    presets = measured["presets"]
    protocol = "300w-common-inter_ocular"

    def here(name: str, told: Callable[[dict], str]) -> str:
        path = RESULTS / f"{name}-tight.json"
        rows = json.loads(path.read_text("utf-8"))["evaluations"] if path.exists() else []
        return next((told(row) for row in rows if row["protocol"]["name"] == protocol), "")

    def printed(name: str) -> str:
        results = {result.protocol: result for result in read_manifest()[name].paper_results}
        return nme_text(results.get(protocol))

    rows = [("68 points", *(f"`{name}`" for name in presets))]
    for told, text in (
        ("parameters", lambda name, row: f"{row['parameters']:,}"),
        ("multiply-adds", lambda name, row: f"{row['macs'] / 1e9:.3f} G"),
        ("one crop, TensorFlow, float32", lambda name, row: f"{row['ms']:.0f} ms"),
        (f"training step of {measured['batch']} crops, bfloat16", lambda name, row: f"{row['step_seconds']:.2f} s"),
        ("making the boundary maps, share of the step", lambda name, row: f"{100 * row['maps_share']:.1f} %"),
        (f"NME here (95 % interval), `{protocol}`", lambda name, row: here(name, _with_interval)),
        ("faces above 10 %", lambda name, row: here(name, lambda found: f"{found['fr']:.2f} %")),
        ("AUC up to 10 %", lambda name, row: here(name, lambda found: f"{found['auc']:.3f}")),
        ("NME, paper", lambda name, row: printed(name)),
    ):
        rows.append((told, *(text(name, row) for name, row in presets.items())))
    return _table(rows)


TABLES = {
    "zoo": zoo_table,
    "latency": latency_table,
    "scc": scc_table,
    "export": export_table,
    "peers": peers_table,
    "default": default_table,
    "exports": exports_table,
    "cold_start": cold_start_table,
    "detector": detector_table,
    "boxes": boxes_table,
    "turned": turned_table,
    "photos": photos_table,
    "ablation": ablation_table,
    "video": video_table,
    "runtimes": runtimes_table,
    "training": training_table,
    "throughput": throughput_table,
    "renderer": renderer_table,
    "short_runs": short_runs_table,
    "lw_bafa": lw_bafa_table,
}


def _with_interval(row: dict) -> str:
    """The NME of an evaluation with its 95 % interval."""
    low, high = row["nme_ci"]
    return f"{row['nme']:.2f} ({low:.2f}..{high:.2f})"


def _exits(measured: dict) -> bool:
    return all("early_exit" in row for row in measured["rows"].values())


def _change(ratio: float) -> str:
    """A ratio of two NMEs in words."""
    return f"{100 * abs(ratio - 1):.1f} % {'higher' if ratio > 1 else 'lower'}"


def _schedule(measured: dict) -> str:
    """On what a row of an ablation was trained and measured."""
    return (
        f"{measured['steps']:,} steps of {measured['batch_size']} a row, augmentation `{measured['augment']}`, "
        f"{measured['precision']}, seed {measured['seed']}; `{measured['protocol']}`:"
    )


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
