"""The rows of SDU's Table 1 as complete configs: each names all fields that any of them changes."""

from __future__ import annotations

from typing import Any

from kerasalign.models.sdu.config import DEPTHS, TRANSFORMERS


def _row(topology: str, block: str = "cab", stacks: int = 2, down: int | None = None, transformer: str = "none"):
    return {
        "topology": topology,
        "stacks": stacks,
        "block": block,
        "down": DEPTHS[topology] if down is None else down,
        "transformer": transformer,
        "deformable": TRANSFORMERS[transformer],
    }


TABLE_1: dict[str, dict[str, Any]] = {
    "Hourglass1-Resnet": _row("hourglass", "resnet", 1),
    "Hourglass2-Resnet": _row("hourglass", "resnet"),
    "Hourglass2-Inception-Resnet": _row("hourglass", "inception"),
    "Hourglass2-HPM": _row("hourglass", "hpm"),
    "Hourglass2-CAB": _row("hourglass"),
    "Hourglass2-HPM (3 steps)": _row("hourglass", "hpm", down=3),
    "Hourglass2-CAB (3 steps)": _row("hourglass", down=3),
    "U-Net2-CAB": _row("unet"),
    "DLA2-CAB": _row("dla"),
    "SAT(I)2-CAB": _row("sat1"),
    "SAT(II)2-CAB (3 steps)": _row("sat2"),
    "SAT(III)2-CAB (3 steps)": _row("sat3"),
    "Dense U-Net + STN": _row("sat3", transformer="stn"),
    "Dense U-Net + Inside": _row("sat3", transformer="inside"),
    "Dense U-Net + Outside": _row("sat3", transformer="outside"),
    "Dense U-Net + Dual": _row("sat3", transformer="dual"),
}
