"""How presets bear wrong boxes, turned pictures, blocks over the face and blur; how they follow eyes and mouths.

    python benchmarks/robustness.py --data 300W --out benchmarks/results/robustness.json

The 554 faces of 300W common, inter-ocular NME in percent, one crop by the given box and no second one: the network
alone, so that a detector cannot help. `box` is moved and grown by up to so much of its size. `turned` turns the
picture about the face and keeps the box upright. `block` covers so much of the box with one color, somewhere. `blur`
is a Gaussian of so much of the box's side. Beside the mean stands the share of faces at or below 10 %. The mirror test
is the distance between the landmarks and those of the mirrored picture, mirrored back. Openings are heights over
widths: slope and bias of the found ones against the annotated ones. Faces, blocks and boxes are the same for every
preset.
"""

import argparse
import time

import cv2
import numpy as np
from common import finish
from render_distributions import measures

import kerasalign
from kerasalign.data.boxes import source_box
from kerasalign.datasets import read_dataset
from kerasalign.geometry import box_center, box_size, rotation, tight_box
from kerasalign.hub import read_manifest
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


def mirror_test(model, faces, found, truth):
    """Mean distance between landmarks and those of the mirrored picture, in percent of the eye distance."""
    mirrored = []
    for image, box, points in faces:
        last = image.shape[1] - 1
        mirrored.append((image[:, ::-1].copy(), np.array([last - box[2], box[1], last - box[0], box[3]]), points))
    again = predict(model, mirrored)
    back = [model.markup.mirror(points, image.shape[1]) for points, (image, _, _) in zip(again, faces)]
    right, left = (truth[:, list(side)].mean(1) for side in model.markup.eye_groups("inter_ocular"))
    far = np.linalg.norm(np.array(back) - found, axis=-1).mean(1) / np.linalg.norm(right - left, axis=-1)
    return round(100 * float(far.mean()), 3)


def measure(model, samples):
    """All numbers of a model."""
    rows = {}
    for name, condition in CONDITIONS.items():
        faces = [spoil(sample, number, **condition) for number, sample in enumerate(samples)]
        truth, found = np.array([points for _, _, points in faces]), predict(model, faces)
        errors = nmes(found, truth, model.markup)
        rows[name] = {"nme": round(float(errors.mean()), 3), "within_10": round(float((errors <= FAILURE).mean()), 4)}
        if not condition:
            pairs = zip(openings(found).items(), openings(truth).values())
            opening = {part: against(values, annotated) for (part, values), annotated in pairs}
            mirror = mirror_test(model, faces, found, truth)
    return {"conditions": rows, "opening": opening, "mirror": mirror}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("presets", nargs="*", help="by default all with 68 points whose weights are here")
    parser.add_argument("--data", required=True, help="folder of 300W")
    parser.add_argument("--most", type=int, help="at most so many faces, for a trial")
    parser.add_argument("--out")
    args = parser.parse_args()
    samples = list(read_dataset("300w", args.data, "common"))[: args.most]
    names = args.presets or kerasalign.list_models(markup="68", available=True)
    presets = {}
    for name in names:
        start = time.process_time()
        presets[name] = measure(kerasalign.load(name), samples)
        presets[name] |= {
            "cpu_seconds": round(time.process_time() - start, 1),
            "sha256": read_manifest()[name].weights.sha256,
        }
        # After every preset, so that a run that is stopped leaves what it has.
        finish({"faces": len(samples), "presets": presets}, args.out)


if __name__ == "__main__":
    main()
