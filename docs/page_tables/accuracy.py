"""Tables of accuracy: NME on real faces, and what parts of a network or of the renderer buy."""

from __future__ import annotations

import json
from collections.abc import Callable

from kerasalign.hub import read_manifest
from kerasalign.hub.zoo import nme_text
from page_tables.rows import (
    PARTS,
    RESULTS,
    TOP,
    change_in_words,
    markdown,
    measurement,
    nme_by_part,
    nme_with_interval,
)

# Column heading and format of each setting and result of a short run.
SHORT_RUN = {
    "steps": ("steps", "{}"),
    "bandwidth": ("bandwidth", "{:g}"),
    "augment": ("augmentation", "`{}`"),
    "loss": ("loss", "`{}`"),
    "learning_rate": ("rate", "{:g}"),
    "nme": ("training faces", "{:.1f}"),
    "val_nme": ("held-out faces", "{:.1f}"),
}


def default_table() -> str:
    """The default on real test faces: its NME by part of the face and kind of boxes, both sides of the face as one."""
    manifest = read_manifest()
    preset = manifest[manifest.default]
    rows = [(f"`{preset.name}`, boxes", "faces", "all points", *PARTS)]
    by_boxes = {
        result.box_source: result for result in preset.measured if result.protocol == "300w-common-inter_ocular"
    }
    for boxes, result in by_boxes.items():
        report = json.loads((TOP / result.file).read_text("utf-8"))
        (parts,) = (
            evaluation["parts"]
            for evaluation in report["evaluations"]
            if evaluation["protocol"]["name"] == result.protocol
        )
        rows.append((boxes, f"{result.faces:,}", nme_text(result), *(f"{nme:.2f}" for nme in nme_by_part(parts))))
    return markdown(rows)


def photos_table(*presets: str) -> str:
    """NME of presets trained here on photos, beside the paper's."""
    rows = [("preset", "protocol", "faces", "NME (95 % interval)", "paper")]
    published = {name: {paper.protocol: paper for paper in read_manifest()[name].paper_results} for name in presets}
    for name in presets:
        for row in measurement(f"{name}-tight")["evaluations"]:
            protocol = row["protocol"]["name"]
            rows.append(
                (
                    f"`{name}`",
                    f"`{protocol}`",
                    f"{row['faces']:,}",
                    nme_with_interval(row),
                    nme_text(published[name].get(protocol)),
                )
            )
    return markdown(rows)


def ablation_table(preset: str) -> str:
    """Networks that differ in one thing, trained by one short schedule."""
    measured = measurement(f"{preset}-ablation")
    rows = [("network", "parameters", "NME", "change", *(("early exit against random",) * _exits(measured)))]
    first = measured["rows"]["paper"]["nme"]
    for name, row in measured["rows"].items():
        change = "" if name == "paper" else change_in_words(row["nme"] / first)
        saved = [change_in_words(1 - row["early_exit"]["nme_saved"] / 100)] if _exits(measured) else []
        rows.append(
            ("the paper's" if name == "paper" else name, f"{row['parameters']:,}", f"{row['nme']:.2f}", change, *saved)
        )
    return f"{_schedule(measured)}\n\n{markdown(rows)}"


def early_exit_table(*sweeps: str) -> str:
    """What early exit gains over random exit, beside what the true error and the best choice would."""
    rows = [
        (
            "boxes",
            "NME after 1, 2, 3",
            "by the estimate (95 % interval)",
            "true error",
            "best choice",
            "fewer iterations",
        )
    ]
    for name in sweeps:
        measured = measurement(name)
        gain = measured["gain_over_random"]
        low, high = gain["nme_saved_ci"]
        rows.append(
            (
                f"`{measured['protocol']['box_source']}`",
                ", ".join(f"{nme:.2f}" for nme in measured["nme"]),
                f"{gain['nme_saved']:.1f} ({low:.1f}..{high:.1f})",
                f"{gain['oracle_saved']:.1f}",
                f"{gain['clairvoyant_saved']:.1f}",
                f"{gain['iterations_saved']:.0f} %",
            )
        )
    return markdown(rows)


def short_runs_table(paper: str) -> str:
    """What a network learns in short runs that differ in one setting or two."""
    runs = measurement(f"{paper}-short-runs")["rows"]
    rows = [tuple(SHORT_RUN[key][0] for key in runs[0])]
    for row in runs:
        rows.append(tuple(SHORT_RUN[key][1].format(value) for key, value in row.items()))
    return markdown(rows)


def renderer_table() -> str:
    """What the renderer's parts buy: NME on real faces of a short training without each of them."""
    measured = measurement("renderer")
    heading = (
        f"`{measured['preset']}`, {measured['count']:,} renders of {measured['size']} px a row, "
        f"{measured['steps']:,} steps of {measured['batch_size']}, augmentation `{measured['augment']}`, "
        f"{measured['precision']}; `{measured['protocol']}`:"
    )
    rows = [("renders", "faces", "NME", "against everything", *PARTS)]
    first = measured["rows"]["everything"]["nme"]
    for name, row in measured["rows"].items():
        change = "" if name == "everything" else change_in_words(row["nme"] / first)
        parts = (f"{nme:.2f}" for nme in nme_by_part(row["parts"]))
        rows.append((name, f"{row['faces']:,}", f"{row['nme']:.2f}", change, *parts))
    return f"{heading}\n\n{markdown(rows)}"


def lw_bafa_table() -> str:
    """The light network beside the full one: size, time, and NME where it was trained here."""
    measured = measurement("lw_bafa")
    presets = measured["presets"]
    protocol = "300w-common-inter_ocular"

    def measured_here(name: str, text: Callable[[dict], str]) -> str:
        path = RESULTS / f"{name}-tight.json"
        rows = json.loads(path.read_text("utf-8"))["evaluations"] if path.exists() else []
        return next((text(row) for row in rows if row["protocol"]["name"] == protocol), "")

    def in_paper(name: str) -> str:
        results = {result.protocol: result for result in read_manifest()[name].paper_results}
        return nme_text(results.get(protocol))

    rows = [("68 points", *(f"`{name}`" for name in presets))]
    for label, text in (
        ("parameters", lambda name, row: f"{row['parameters']:,}"),
        ("multiply-adds", lambda name, row: f"{row['macs'] / 1e9:.3f} G"),
        ("one crop, TensorFlow, float32", lambda name, row: f"{row['ms']:.0f} ms"),
        (f"training step of {measured['batch']} crops, bfloat16", lambda name, row: f"{row['step_seconds']:.2f} s"),
        ("making the boundary maps, share of the step", lambda name, row: f"{100 * row['maps_share']:.1f} %"),
        (f"NME here (95 % interval), `{protocol}`", lambda name, row: measured_here(name, nme_with_interval)),
        ("faces above 10 %", lambda name, row: measured_here(name, lambda result: f"{result['fr']:.2f} %")),
        ("AUC up to 10 %", lambda name, row: measured_here(name, lambda result: f"{result['auc']:.3f}")),
        ("NME, paper", lambda name, row: in_paper(name)),
    ):
        rows.append((label, *(text(name, row) for name, row in presets.items())))
    return markdown(rows)


def _exits(measured: dict) -> bool:
    return all("early_exit" in row for row in measured["rows"].values())


def _schedule(measured: dict) -> str:
    """On what a row of an ablation was trained and measured."""
    return (
        f"{measured['steps']:,} steps of {measured['batch_size']} a row, augmentation `{measured['augment']}`, "
        f"{measured['precision']}, seed {measured['seed']}; `{measured['protocol']}`:"
    )
