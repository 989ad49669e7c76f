"""What `face.confidence` of a network with a visibility head is worth, on renders and on photos.

    kerasalign confidence lwbafa128-300w --renders renders --out ./taught
    python benchmarks/confidence.py ./taught --renders others --photos 300W --backgrounds photos --out FILE.json

On renders of another seed all labels are known: scores before and after the calibration, of the faces as they are and
with a random thing in front of each, and by part of the face and yaw. On photos (crops of training faces of 300W) one
thing is put in front of each face, where it is known which points it covers: an ellipse or a box filled with a part of
a photograph without faces, or with one color of skin. 300W does not say which points its photos hide, so the share of
points that are called covered on the photos as they are has no truth beside it.
"""

import argparse
import itertools
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
from common import finish

import kerasalign
from kerasalign.data.boxes import TRAINING_BOX, boxed_samples
from kerasalign.data.cache_build import cut_crops
from kerasalign.datasets import read_dataset
from kerasalign.geometry import box_size, tight_box
from kerasalign.metrics import BoxSource, probability_scores
from kerasalign.support.images import load_image
from kerasalign.training.visibility import face_views, head_probabilities, moved, visibility_head

BOXES = BoxSource.parse("jittered:0.1")
# Linear steps from dark to light skin, sRGB.
DARK, LIGHT = np.array([70.0, 45.0, 35.0]), np.array([240.0, 205.0, 180.0])
YAWS = (0, 30, 60, 91)


def rounded(scores):
    """The scores as a dict of four decimals."""
    return {name: round(value, 4) for name, value in asdict(scores).items()}


def on_renders(model, renders, slope, offset):
    """Scores on renders, before and after the calibration, and by part and yaw."""
    head = visibility_head(model)
    views = face_views(model, renders, 1, seed=1)
    result = {}
    for name, (features, visible) in zip(("plain", "covered"), views):
        after = head_probabilities(head, features)
        before = moved(after, 1 / slope, -offset / slope)
        result[name] = {
            "before": rounded(probability_scores(before, visible)),
            "after": rounded(probability_scores(after, visible)),
            "constant_brier": round(float(visible.mean() * (1 - visible.mean())), 4),
        }
        if name == "plain":
            groups = {}
            for part, points in model.markup.parts.items():
                groups[part] = (after[:, list(points)], visible[:, list(points)])
            yaw = np.abs([face.attributes["yaw"] for face in renders])
            for low, high in itertools.pairwise(YAWS):
                rows = (yaw >= low) & (yaw < high)
                groups[f"yaw {low} to {min(high, 90)}"] = (after[rows], visible[rows])
            result["by_group"] = {
                key: rounded(probability_scores(*pair)) for key, pair in groups.items() if pair[0].size
            }
    return result


def put_in_front(crop, points, surface, rng):
    """A crop with an ellipse or a box of a surface over it, and which of the points it covers."""
    size = len(crop)
    side = box_size(tight_box(points)).max()
    center = points[rng.integers(len(points))] + rng.normal(0, 0.05 * side, 2)
    axes = side * rng.uniform(0.12, 0.32, 2)
    mask = np.zeros((size, size), "uint8")
    if rng.random() < 0.5:
        cv2.ellipse(mask, (center.tolist(), (2 * axes).tolist(), rng.uniform(0, 180)), 255, -1, cv2.LINE_AA)
    else:
        corners = cv2.boxPoints((center.tolist(), (2 * axes).tolist(), rng.uniform(0, 180)))
        cv2.fillConvexPoly(mask, np.rint(corners).astype("int32"), 255, cv2.LINE_AA)
    share = cv2.GaussianBlur(mask, (0, 0), 0.7).astype("float32")[..., None] / 255
    column, row = np.clip(np.rint(points), 0, size - 1).astype(int).T
    return np.rint(crop * (1 - share) + surface * share).astype("uint8"), mask[row, column] > 127


def surface_of(kind, photos, size, rng):
    """`(S, S, 3)` float32: a part of a photo without faces, or one color of skin with a little shading."""
    if kind == "skin":
        color = DARK + (LIGHT - DARK) * rng.random() + rng.normal(0, 8, 3)
        return np.clip(color + np.linspace(-1, 1, size)[:, None, None] * rng.normal(0, 25), 0, 255).astype("float32")
    photo = photos[rng.integers(len(photos))]
    y, x = (int(rng.integers(side - size + 1)) for side in photo.shape[:2])
    return photo[y : y + size, x : x + size].astype("float32")


def on_photos(model, samples, photos):
    """Scores of covered points on crops of photos, and what is called covered without anything in front."""
    cut = cut_crops(boxed_samples(samples, BOXES), model.crop_spec, margin=1.0, box=TRAINING_BOX)
    kinds = ["photograph", "skin"]
    made, covered = [], []
    for i, (crop, points) in enumerate(zip(cut.crops, cut.landmarks)):
        rng = np.random.default_rng([3, i])
        picture, under = put_in_front(crop, points, surface_of(kinds[i % 2], photos, len(crop), rng), rng)
        made.append(picture), covered.append(under)
    keep = ("landmarks", "confidence")
    plain = model.predict_crops(cut.crops, outputs=keep)["confidence"]
    found, covered = model.predict_crops(np.array(made), outputs=keep)["confidence"], np.array(covered)
    result = {
        "faces": len(cut),
        "plain": {
            "called_covered": round(float((plain < 0.5).mean()), 4),
            "mean_confidence": round(float(plain.mean()), 4),
        },
    }
    for name, rows in {"all": slice(None), **{kind: slice(i, None, 2) for i, kind in enumerate(kinds)}}.items():
        p, under = found[rows], covered[rows]
        result[name] = {
            "covered": round(float(under.mean()), 4),
            "auc": round(probability_scores(p, ~under).auc, 4),
            "covered_called_covered": round(float((p[under] < 0.5).mean()), 4),
            "others_called_covered": round(float((p[~under] < 0.5).mean()), 4),
            "mean_confidence_covered": round(float(p[under].mean()), 4),
            "mean_confidence_others": round(float(p[~under].mean()), 4),
        }
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("preset", help="name or folder of a preset with a visibility head")
    parser.add_argument("--renders", required=True, help="renders that the head has not seen")
    parser.add_argument("--photos", help="folder of 300W")
    parser.add_argument("--backgrounds", help="folder of photographs without faces")
    parser.add_argument("--faces", type=int, default=300, help="training faces of 300W")
    parser.add_argument("--out")
    args = parser.parse_args()
    model = kerasalign.load(args.preset)
    weights = model.origin.weights
    fitted = weights.training["confidence"]
    renders = list(read_dataset("synth", args.renders, "train", markup=model.markup.name))
    result = {
        "preset": Path(args.preset).name,
        "sha256": weights.sha256,
        "head": fitted,
        "renders": {"faces": len(renders), **on_renders(model, renders, fitted["slope"], fitted["offset"])},
    }
    if args.photos:
        size = model.crop_spec.size
        scale = max(1.0, size / 128)
        places = [load_image(path) for path in sorted(Path(args.backgrounds).glob("*.jpg"))]
        places = [cv2.resize(photo, None, fx=scale * 0.5, fy=scale * 0.5) for photo in places]
        samples = list(read_dataset("300w", args.photos, "train"))
        chosen = np.random.default_rng(2).permutation(len(samples))[: args.faces]
        result["photos"] = on_photos(model, [samples[i] for i in chosen], places)
    finish(result, args.out)


if __name__ == "__main__":
    main()
