"""How presets bear wrong boxes, turned pictures, blocks over the face and blur; how they follow eyes and mouths.

    python benchmarks/robustness.py --data 300W --peer-python peers/bin/python --out benchmarks/results/robustness.json

The 554 faces of 300W common, inter-ocular NME in percent, one crop by the given box and no second one: the network
alone, so that a detector cannot help. `box` is moved and grown by up to so much of its size. `turned` turns the
picture about the face and keeps the box upright. `block` covers so much of the box with one color, somewhere. `blur`
is a Gaussian of so much of the box's side. Beside the mean stands the share of faces at or below 10 %. The mirror test
is the distance between the landmarks and those of the mirrored picture, mirrored back. Openings are heights over
widths: slope and bias of the found ones against the annotated ones. Faces, blocks and boxes are the same for every
preset.

With `--peer-python`, a Python that has the peers as the head of peers.py says, MediaPipe Face Mesh gets the same
pictures, cut to three times the box. It finds the face by itself and takes no box; vertices of its mesh stand for the
points, as in peer_accuracy.py. Its errors are means over the faces that it finds; the others are not within 10 %.
"""

import argparse
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from common import finish
from peers import Peers
from render_distributions import measures

import kerasalign
from kerasalign.data.boxes import source_box
from kerasalign.datasets import read_dataset
from kerasalign.geometry import box_center, box_size, rotation, tight_box
from kerasalign.hub import read_manifest
from kerasalign.markups import get_markup
from kerasalign.metrics import BoxSource

CONDITIONS = {
    "as they are": {},
    "box 20 %": {"box": 0.2},
    "turned 30 degrees": {"turn": 30.0},
    "block of a quarter": {"block": 0.25},
    "block of a half": {"block": 0.5},
    "blur of a 16th": {"blur": 1 / 16},
}
FAILURE = 10.0
PEER = "mediapipe, several faces"
# How much of a photo a peer sees, in sides of the box.
SIGHT = 3.0


def spoil(sample, number, turn=0.0, block=0.0, blur=0.0, box=0.0):
    """Image, box and landmarks of a face under a condition."""
    rng = np.random.default_rng([7, number])
    image, truth = sample.read_image(), sample.landmarks
    given = source_box(sample, BoxSource.parse(f"jittered:{box}")) if box else sample.box("landmarks")
    side = box_size(given).max()
    if turn:
        around = rotation(rng.choice((-turn, turn)))
        middle = box_center(given)
        matrix = np.column_stack([around, middle - around @ middle])
        image = cv2.warpAffine(image, matrix, image.shape[1::-1])
        truth = truth @ around.T + matrix[:, 2]
        given = tight_box(truth)
    if block:
        size = box_size(given) * np.sqrt(block)
        corner = given[:2] + rng.random(2) * (box_size(given) - size)
        low, high = corner.round().astype(int), (corner + size).round().astype(int)
        image = cv2.rectangle(image.copy(), low.tolist(), high.tolist(), rng.integers(0, 256, 3).tolist(), -1)
    if blur:
        image = cv2.GaussianBlur(image, (0, 0), side * blur)
    return image, given, truth


def predict(model, faces):
    """Landmarks in photo pixels, `(F, N, 2)`."""
    spec, crops, matrices = model.crop_spec, [], []
    for image, box, _ in faces:
        crop, matrix = spec.extract(image, box)
        crops.append(crop), matrices.append(matrix)
    found = model.predict_crops(np.stack(crops), outputs=("landmarks",))["landmarks"]
    return np.array([spec.to_photo(matrix, points) for matrix, points in zip(matrices, found)])


def predict_by_peer(peers, folder, faces):
    """Landmarks by MediaPipe in photo pixels, `(F, 68, 2)`; NaN where it finds no face."""
    found, picture = np.full((len(faces), 68, 2), np.nan), Path(folder) / "face.npy"
    for number, (image, box, _) in enumerate(faces):
        middle, reach = box_center(box), box_size(box).max() * SIGHT / 2
        left, top = np.maximum(middle - reach, 0).astype(int)
        right, bottom = np.ceil(middle + reach).astype(int)
        np.save(picture, image[top:bottom, left:right])
        corner = np.array([left, top])
        points = peers.run(PEER, picture, box - np.tile(corner, 2))[1]
        if points is not None:
            found[number] = points + corner
    return found


def nmes(found, truth, markup):
    """Inter-ocular NME of each face in percent."""
    right, left = (truth[:, list(side)].mean(1) for side in markup.eye_groups("inter_ocular"))
    return 100 * np.linalg.norm(found - truth, axis=-1).mean(1) / np.linalg.norm(right - left, axis=-1)


def openings(points):
    """Height over width of eyes and mouths of 68 points."""
    values = measures(points)
    return {"eyes": values["eye_opening"], "mouth": values["mouth_opening"]}


def against(found, truth):
    """Slope of the line through found against annotated openings, and mean difference."""
    slope = np.polyfit(truth, found, 1)[0]
    return {"slope": round(float(slope), 3), "bias": round(float((found - truth).mean()), 4)}


def mirror_test(predict, markup, faces, found, truth):
    """Mean distance between landmarks and those of the mirrored picture, in percent of the eye distance."""
    mirrored = []
    for image, box, points in faces:
        last = image.shape[1] - 1
        mirrored.append((image[:, ::-1].copy(), np.array([last - box[2], box[1], last - box[0], box[3]]), points))
    again = predict(mirrored)
    back = [markup.mirror(points, image.shape[1]) for points, (image, _, _) in zip(again, faces)]
    right, left = (truth[:, list(side)].mean(1) for side in markup.eye_groups("inter_ocular"))
    far = np.linalg.norm(np.array(back) - found, axis=-1).mean(1) / np.linalg.norm(right - left, axis=-1)
    return round(100 * float(np.nanmean(far)), 3)


def measure(predict, markup, samples, conditions=CONDITIONS):
    """All numbers of what gives landmarks for faces, NaN where it finds none."""
    rows = {}
    for name, condition in conditions.items():
        faces = [spoil(sample, number, **condition) for number, sample in enumerate(samples)]
        truth, found = np.array([points for _, _, points in faces]), predict(faces)
        errors = nmes(found, truth, markup)
        seen = np.isfinite(errors)
        rows[name] = {
            "nme": round(float(errors[seen].mean()), 3),
            "within_10": round(float((errors <= FAILURE).mean()), 4),
            "found": int(seen.sum()),
        }
        if not condition:
            pairs = zip(openings(found[seen]).items(), openings(truth[seen]).values())
            opening = {part: against(values, annotated) for (part, values), annotated in pairs}
            mirror = mirror_test(predict, markup, faces, found, truth)
    return {"conditions": rows, "opening": opening, "mirror": mirror}


def measure_peer(python, samples):
    """The numbers of MediaPipe, which takes no box, and its version."""
    boxless = {name: condition for name, condition in CONDITIONS.items() if "box" not in condition}
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "peers.log").open("w") as log:
        peers = Peers(python, log)
        if PEER not in peers.names:
            sys.exit(f"{python} has no MediaPipe: {peers.missing}")
        numbers = measure(partial(predict_by_peer, peers, folder), get_markup("68"), samples, boxless)
        peers.close()
    return numbers, {name: version for name, version in peers.versions.items() if name == "mediapipe"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("presets", nargs="*", help="by default all with 68 points whose weights are here")
    parser.add_argument("--data", required=True, help="folder of 300W")
    parser.add_argument("--peer-python", help="a Python that has MediaPipe, to measure it as well")
    parser.add_argument("--most", type=int, help="at most so many faces, for a trial")
    parser.add_argument("--out")
    args = parser.parse_args()
    samples = list(read_dataset("300w", args.data, "common"))[: args.most]
    names = args.presets or kerasalign.list_models(markup="68", available=True)
    report = {"faces": len(samples), "presets": (presets := {})}
    if args.peer_python:
        numbers, versions = measure_peer(args.peer_python, samples)
        report |= {"peers": {"mediapipe": numbers}, "peer_versions": versions}
    for name in names:
        start, model = time.process_time(), kerasalign.load(name)
        presets[name] = measure(partial(predict, model), model.markup, samples)
        presets[name] |= {
            "cpu_seconds": round(time.process_time() - start, 1),
            "sha256": read_manifest()[name].weights.sha256,
        }
        # After every preset, so that a run that is stopped leaves what it has.
        finish(report, args.out)


if __name__ == "__main__":
    main()
