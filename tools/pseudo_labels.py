"""Labels photos of faces with a network of our own, to train another network on real photos (self-training).

    python tools/pseudo_labels.py PHOTOS OUT.csv --model musica19-synth --markup 98

A photo is looked at as it is and mirrored. Its largest face is kept where both agree: their landmarks lie at most
`--agree` percent of the eye distance apart on average, and neither is marked as failed. The mean of both goes to a CSV
file that `kerasalign train --source csv=OUT.csv,split=all,images=PHOTOS` reads; points of `--markup` that the network's
markup does not have are left empty, which losses and metrics skip. OUT.json says how many were kept, and why others
were not. Labels inherit the terms of the network and of the photos.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import kerasalign
from kerasalign.markups import Markup, get_markup
from kerasalign.support.files import written_beside
from kerasalign.support.images import ImageError, list_images, load_image

BATCH = 64


def places(markup: Markup, own: Markup) -> list[int]:
    """Which point of `markup` each point of the network is."""
    if markup.name == own.name:
        return list(range(own.num_points))
    groups = markup.conversions.get(own.name, ())
    if not groups or any(len(group) != 1 for group in groups):
        raise SystemExit(f"Markup '{markup.name}' does not hold the points of '{own.name}'")
    return [group[0] for group in groups]


def agreed(model, paths: list[Path], agree: float, counts: Counter) -> Iterator[tuple[Path, np.ndarray]]:
    """Photos with the landmarks of the face that is found in both views."""
    for start in range(0, len(paths), BATCH):
        part, photos = [], []
        for path in paths[start : start + BATCH]:
            try:
                photos.append(load_image(path))
                part.append(path)
            except ImageError:
                counts["not readable"] += 1
        mirrored = [np.ascontiguousarray(photo[:, ::-1]) for photo in photos]
        for path, photo, plain, turned in zip(part, photos, model.align(photos), model.align(mirrored), strict=True):
            face = largest(plain), largest(turned)
            if face[0] is None or face[1] is None:
                counts["not found"] += 1
            elif face[0].failed or face[1].failed:
                counts["failed"] += 1
            else:
                both = face[0].landmarks, model.markup.mirror(face[1].landmarks, photo.shape[1])
                if apart(*both) > agree:
                    counts["apart"] += 1
                else:
                    counts["kept"] += 1
                    yield path, np.mean(both, axis=0)


def largest(faces):
    """The face of the largest area; `None` without faces."""
    return max(faces, key=lambda face: np.ptp(face.landmarks, 0).prod(), default=None)


def apart(landmarks: np.ndarray, other: np.ndarray) -> float:
    """Mean distance in percent of the eye distance, which in a turned face is at least 0.6 of the face's size."""
    eyes = np.linalg.norm(landmarks[36] - landmarks[45])
    scale = max(eyes, 0.6 * np.sqrt(np.ptp(landmarks, 0).prod()))
    return float(100 * np.linalg.norm(landmarks - other, axis=1).mean() / scale)


def label(model, paths: list[Path], markup: Markup, out: Path, agree: float) -> Counter:
    """Writes the points of the photos whose views agree; returns how many photos came to which end."""
    place, counts = places(markup, model.markup), Counter()
    with written_beside(out) as draft, draft.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["image", *(f"{axis}{point}" for point in range(markup.num_points) for axis in "xy")])
        for path, landmarks in agreed(model, paths, agree, counts):
            points = np.full((markup.num_points, 2), np.nan)
            points[place] = landmarks
            writer.writerow([path.name, *("" if np.isnan(value) else f"{value:.2f}" for value in points.reshape(-1))])
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--model", default="musica19-synth", help="a preset of 68 points")
    parser.add_argument("--markup", default="68", help="points of the file")
    parser.add_argument("--count", type=int, help="the first photos by name; by default all")
    parser.add_argument("--agree", type=float, default=4.0, help="percent of the eye distance")
    args = parser.parse_args()
    model = kerasalign.load(args.model, runtime="onnxruntime")
    paths = list_images(args.photos)[: args.count]
    counts = label(model, paths, get_markup(args.markup), args.out, args.agree)
    args.out.with_suffix(".json").write_text(json.dumps(counts, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
