"""Charts of the committed measurements: error curves, and error against time."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from page_tables.rows import measurement
from page_tables.which import COMMON, PEERS, evaluation, measured_presets, network_ms


def save_charts(folder: Path) -> None:
    """Writes `ced.svg` and `speed_accuracy.svg`."""
    for name, draw in (("ced", draw_ced), ("speed_accuracy", draw_speed_accuracy)):
        figure = Figure(figsize=(8, 5), layout="constrained")
        draw(figure.add_subplot())
        # Without a date and random names the file changes only with the numbers.
        mpl.rcParams["svg.hashsalt"] = name
        figure.savefig(folder / f"{name}.svg", metadata={"Date": None})


def draw_ced(axes) -> None:
    """From the photo where that was measured, else from crops; a face that was not found is beyond every threshold."""
    for preset in measured_presets():
        for boxes, style in (("detector:kerasalign", "-"), ("landmarks", ":")):
            row = evaluation(preset, boxes)
            if row:
                what = "from the photo" if style == "-" else "crops"
                _curve(axes, row, f"{preset.name}, {what}: {row['nme']:.2f} %", style, preset.name)
                break
    for name, label in PEERS.items():
        row = measurement("peer_accuracy")["peers"][name]["evaluation"]
        _curve(axes, row, f"{label}: {row['nme']:.2f} %", "--", name)
    axes.set(xlim=(0, 10), ylim=(0, 100), xlabel="NME, % of the distance of the outer eye corners", ylabel="faces, %")
    axes.set_title(f"300W common, {COMMON.num_faces} faces", fontsize="medium")
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right", fontsize="x-small")


def draw_speed_accuracy(axes) -> None:
    """Every measured network: filled from the photo, hollow from crops; others as squares."""
    for preset in measured_presets():
        milliseconds = network_ms(preset)
        if milliseconds is None:
            continue
        color = "tab:green" if preset.weights and preset.weights.commercial_use else "tab:blue"
        for boxes, face in (("landmarks", "none"), ("detector:kerasalign", color)):
            row = evaluation(preset, boxes)
            if row:
                axes.scatter(milliseconds, row["nme"], s=60, facecolors=face, edgecolors=color, zorder=3)
        _name(axes, preset.name, milliseconds, evaluation(preset, "landmarks"), color)
    times = measurement("peers")["ms"]
    for peer, clock in (
        ("mediapipe, several faces", "mediapipe, landmarks alone"),
        ("dlib, with its detector", "dlib"),
    ):
        row, milliseconds = measurement("peer_accuracy")["peers"][peer]["evaluation"], times[clock]["median"]
        axes.scatter(milliseconds, row["nme"], s=60, marker="s", color="tab:gray", zorder=3)
        _name(axes, PEERS[peer], milliseconds, row, "tab:gray")
    axes.set(xscale="log", xlabel="one face, network alone, ms (ours in ONNX Runtime on two cores, others on one)")
    axes.set(ylabel="NME, % (300W common)", xlim=(1.5, 100))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_title(
        "filled: from the photo, hollow: from crops, green: any use, blue: research or no weights", fontsize="small"
    )
    axes.grid(alpha=0.3, which="both")


def _curve(axes, row: dict, label: str, style: str, key: str) -> None:
    share = 100 * row["faces"] / COMMON.num_faces
    axes.plot(row["ced"]["nme"], [share * part for part in row["ced"]["fraction"]], style, label=label, linewidth=1.6)


def _name(axes, text: str, milliseconds: float, row: dict, color: str) -> None:
    axes.annotate(text, (milliseconds, row["nme"]), (6, 5), textcoords="offset points", fontsize="x-small", color=color)
