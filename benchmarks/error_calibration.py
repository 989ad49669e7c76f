"""Fits what a preset's error estimates mean on real faces, and from which error on a face counts as failed.

    python benchmarks/error_calibration.py musica19-synth --data 300W --out benchmarks/results/error_musica19-synth.json
    python benchmarks/error_calibration.py musica19-300w --data 300W --held-out 100 --repeat 8 --out ...

Faces are those of the training folders; one half fits, the other checks. A network that was trained on them knows them
by heart: `--held-out N` takes the N faces alone that its run held out with `--seed`. `clean` goes the way of a user's
photo, detector and second crop included. `hard` has wrong boxes, and a block over the face, blur, or a turn, so that
there are failures: an NME above 10 % of the inter-ocular distance. The map is the mean NME of faces of nearly the same
estimate, made monotone. The threshold is the smallest one above which at most 5 % of the clean faces of the fitting
half lie that did not fail. With `--test` the test faces are measured once, clean, with all of that fixed. `--write`
puts the result into the manifest.
"""

import argparse
import json
import shlex
import sys
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
from common import finish
from scipy.optimize import isotonic_regression
from scipy.stats import spearmanr

import kerasalign
from kerasalign.core.error_calibration import ErrorCalibration
from kerasalign.data.boxes import matching_face, source_box
from kerasalign.data.split import split_indices
from kerasalign.datasets import read_dataset
from kerasalign.geometry import box_size, rotation, tight_box
from kerasalign.inference import align_iter
from kerasalign.metrics import BoxSource
from kerasalign.support.files import written_beside

TOP = Path(__file__).resolve().parents[1]
FAILURE, FALSE_ALARMS, BINS = 10.0, 0.05, 12


def nme(found, truth, markup):
    """NME in percent of the inter-ocular distance."""
    right, left = (truth[list(side)].mean(0) for side in markup.eye_groups("inter_ocular"))
    return 100 * float(np.linalg.norm(found - truth, axis=1).mean() / np.linalg.norm(left - right))


def clean(model, samples):
    """Estimate and NME `(F, 2)` of the faces that the detector finds."""
    rows = []
    for sample, faces in zip(samples, align_iter(model, [sample.read_image() for sample in samples])):
        face = matching_face([tight_box(face.landmarks) for face in faces], list(faces), sample)
        if face is not None:
            rows.append((face.error, nme(face.landmarks, sample.landmarks, model.markup)))
    return np.array(rows)


def hard(model, samples, repeat):
    """Estimate and NME `(F, 2)` of spoilt faces by wrong boxes."""
    pictures, boxes, truths = [], [], []
    for turn in range(repeat):
        for number, sample in enumerate(samples):
            rng = np.random.default_rng([turn, number])
            picture, truth = spoilt(sample, rng)
            box = source_box(sample, BoxSource.parse(f"jittered:{rng.uniform(0, 0.5):.3f}"))
            pictures.append(picture), boxes.append([box]), truths.append(truth)
    results = align_iter(model, pictures, boxes=boxes)
    return np.array(
        [(faces[0].error, nme(faces[0].landmarks, truth, model.markup)) for faces, truth in zip(results, truths)]
    )


def spoilt(sample, rng):
    """The photo of a face with a block over it, blurred, or turned about the face; and its landmarks there."""
    image, truth = sample.read_image().copy(), sample.landmarks
    box = sample.box("landmarks")
    side, kind = box_size(box).max(), rng.integers(3)
    middle = (box[:2] + box[2:]) / 2
    if kind == 0:
        size = side * rng.uniform(0.2, 0.7, 2)
        x, y = middle + rng.uniform(-0.5, 0.5, 2) * box_size(box)
        corners = np.array([x - size[0] / 2, y - size[1] / 2, x + size[0] / 2, y + size[1] / 2]).round().astype(int)
        cv2.rectangle(image, corners[:2].tolist(), corners[2:].tolist(), rng.integers(0, 256, 3).tolist(), -1)
    elif kind == 1:
        image = cv2.GaussianBlur(image, (0, 0), side * rng.uniform(0.01, 0.08))
    else:
        degrees = rng.uniform(-70, 70)
        matrix = np.column_stack([rotation(degrees), middle - rotation(degrees) @ middle])
        image = cv2.warpAffine(image, matrix, image.shape[1::-1])
        truth = truth @ matrix[:, :2].T + matrix[:, 2]
    return image, truth


def fit(rows):
    """Knots of the monotone map: means of `BINS` groups of faces with nearly the same estimate."""
    rows = rows[np.argsort(rows[:, 0])]
    groups = np.array_split(rows, BINS)
    estimates = np.array([group[:, 0].mean() for group in groups])
    errors = isotonic_regression([group[:, 1].mean() for group in groups]).x
    keep = np.concatenate([[True], np.diff(errors) > 1e-3])
    return tuple(np.round(estimates[keep], 3).tolist()), tuple(np.round(errors[keep], 3).tolist())


def threshold(rows):
    """The smallest error with at most 5 % of the faces that did not fail above it."""
    good = np.sort(rows[rows[:, 1] <= FAILURE, 0])
    return float(good[len(good) - 1 - int(FALSE_ALARMS * len(good))])


def report(rows, calibration):
    """What the estimates are worth, before and after."""
    estimates, truth = rows.T
    errors = calibration.calibrate(estimates)
    failures, flagged = truth > FAILURE, errors > calibration.failure_threshold
    ranks = spearmanr(errors, truth).statistic
    numbers = {
        "mean_nme": truth.mean(),
        "mean_estimate": estimates.mean(),
        "mean_error": errors.mean(),
        "estimate_as_nme_too_low_by": truth.mean() / (np.pi / 4 * estimates.mean()),
        "error_too_low_by": truth.mean() / errors.mean(),
        "mae": np.abs(errors - truth).mean(),
        "spearman": ranks,
        "false_alarms": flagged[~failures].mean(),
        "failures_caught": flagged[failures].mean() if failures.any() else None,
    }
    rounded = {name: None if value is None else round(float(value), 4) for name, value in numbers.items()}
    return {"faces": len(rows), "failures": int(failures.sum())} | rounded


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("preset")
    parser.add_argument("--data", required=True, help="folder of 300W")
    parser.add_argument("--held-out", type=int, default=0, help="faces that the preset's training held out")
    parser.add_argument("--seed", type=int, default=0, help="of the run that held them out")
    parser.add_argument("--repeat", type=int, default=1, help="spoilt pictures of each face")
    parser.add_argument("--most", type=int, help="at most so many faces, for a trial")
    parser.add_argument("--test", action="store_true", help="measure the test faces as well")
    parser.add_argument("--write", action="store_true", help="write the result into the manifest")
    parser.add_argument("--out")
    args = parser.parse_args()
    model = kerasalign.load(args.preset).with_error_calibration(None)
    samples = list(read_dataset("300w", args.data, "train"))
    data = f"{len(samples):,} training faces of 300W"
    if args.held_out:
        groups = [sample.group for sample in samples]
        held = split_indices(len(samples), args.held_out, args.seed, groups if any(groups) else None)[1]
        samples = [samples[i] for i in held]
        data = f"{len(samples)} training faces of 300W that its training held out"
    order = np.random.default_rng(1).permutation(len(samples))[: args.most]
    halves = [[samples[i] for i in order[start::2]] for start in (0, 1)]
    (fit_clean, fit_hard), (check_clean, check_hard) = (
        (clean(model, half), hard(model, half, args.repeat)) for half in halves
    )
    estimates, errors = fit(np.concatenate([fit_clean, fit_hard]))
    weights = model.origin.weights
    made = {"data": f"half of the {data}", "command": shlex.join(["python", *sys.argv]), "file": args.out or ""}
    draft = ErrorCalibration(estimates, errors, 1.0, weights.sha256, len(halves[0]), **made)
    in_error = np.column_stack([draft.calibrate(fit_clean[:, 0]), fit_clean[:, 1]])
    calibration = ErrorCalibration(
        estimates, errors, round(threshold(in_error), 3), weights.sha256, len(halves[0]), **made
    )
    parts = {"fit": (fit_clean, fit_hard), "check": (check_clean, check_hard)}
    result = {
        "preset": args.preset,
        "calibration": asdict(calibration),
        "failure": FAILURE,
        **{
            name: {"clean": report(rows[0], calibration), "hard": report(rows[1], calibration)}
            for name, rows in parts.items()
        },
    }
    if args.test:
        result["test"] = {"clean": report(clean(model, list(read_dataset("300w", args.data, "common"))), calibration)}
    finish(result, args.out)
    if args.write:
        write(args.preset, calibration)


def write(preset, calibration):
    """Puts the calibration beside the digest of the weights that it was measured on."""
    sys.path.insert(0, str(TOP / "tools"))
    from bundle_weights import MANIFEST, compact

    manifest = json.loads(MANIFEST.read_text("utf-8"))
    manifest["presets"][preset]["weights"]["calibration"] = asdict(calibration)
    with written_beside(MANIFEST) as draft:
        draft.write_text(compact(manifest), "utf-8")


if __name__ == "__main__":
    main()
