"""Writes the 3D points of the mean head, by which `face.pose` is solved.

    python tools/head_points.py --head ICT-FaceKit

kerasalign/inference/head_points.json gets, for every built-in markup, the points of the head model's mean person where
the renderer's labels have them: those that hold still while a face talks, so without the mouth, and of the jaw only the
chin, since the rest of the jaw slides along the outline that is seen.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from kerasalign.markups import Markup, get_markup
from kerasalign.support.files import written_beside
from kerasalign.synth import SceneConfig, analytic_head, draw_scene, ict_facekit
from kerasalign.synth.dataset.curves import MARKUPS
from kerasalign.synth.dataset.labels import mean_head_points
from kerasalign.synth.head.model import HeadModel

FILE = Path(__file__).resolve().parents[1] / "kerasalign" / "inference" / "head_points.json"
# Brows differ between people: their mean over so many.
SCENES = 100


def chosen(markup: Markup) -> list[int]:
    """Indices of the points that a pose is solved by."""
    if markup.name == "5":
        return list(range(5))
    jaw = list(markup.parts.get("jaw", ()))
    cut = round(0.36 * len(jaw))
    left_out = {*markup.parts["mouth"], *jaw[:cut], *jaw[len(jaw) - cut :]}
    return [point for point in range(markup.num_points) if point not in left_out]


def mean_points(head: HeadModel) -> dict[str, np.ndarray]:
    """Markup to `(N, 3)` points of the mean head in centimeters, the same on both sides."""
    scenes = [draw_scene(head, SceneConfig(), 0, index) for index in range(SCENES)]
    found = [mean_head_points(head, scene) for scene in scenes]
    points = {name: np.mean([one[name] for one in found], 0) for name in MARKUPS}
    return {name: (value + value[list(get_markup(name).flip)] * [-1, 1, 1]) / 2 for name, value in points.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--head", type=Path, help="ICT-FaceKit checkout or its compact form; else the analytic head")
    args = parser.parse_args()
    head = analytic_head() if args.head is None else ict_facekit(args.head)
    content = {
        "about": "Points of the mean head in centimeters: x to the person's left, y up, z forward; and their indices.",
        "head": {"name": head.name, "version": head.version, "license": head.license},
        "markups": {},
    }
    for name, points in mean_points(head).items():
        indices = chosen(get_markup(name))
        content["markups"][name] = {"indices": indices, "points": np.round(points[indices], 2).tolist()}
    with written_beside(FILE) as draft:
        draft.write_text(json.dumps(content) + "\n", "utf-8")


if __name__ == "__main__":
    main()
