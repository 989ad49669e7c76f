"""How far `face.pose` is off, on renders whose pose is known, every 10 degrees of yaw.

    python benchmarks/pose.py --head ICT-FaceKit --out benchmarks/results/pose.json

Each picture goes the way of a user's photo: detector, landmarks, pose. `labels` is the same from the exact points: the
error of the solver and of the mean head alone. Seeds are none that a preset was trained on, the renderer is the same.
"""

import argparse
from dataclasses import replace

import numpy as np
from common import finish

import kerasalign
from kerasalign.inference.pose import solve_pose
from kerasalign.markups import get_markup
from kerasalign.synth import SceneConfig, draw_scene, render
from kerasalign.synth.dataset.labels import labels_of
from kerasalign.synth.dataset.series import Series

YAWS = range(-90, 91, 10)
SEED = 987_001


def pictures(head_path, each, size):
    """Image, pose and labels of `each` pictures per yaw; pitch and roll as the renderer draws them."""
    head, index = Series(head=head_path).load_head(), 0
    for yaw in YAWS:
        for _ in range(each):
            scene = draw_scene(head, SceneConfig(), SEED, index)
            scene = scene.replaced(camera=replace(scene.camera, yaw=float(yaw), coverage=0.5))
            picture = render(head, scene, size)
            yield picture.image, np.array(picture.pose), labels_of(head, scene, picture)
            index += 1


def row(errors, faces):
    """Mean and 90th percentile of absolute errors `(F, 3)` in degrees; faces that were not found do not count."""
    known = np.asarray(errors)[np.isfinite(errors).all(-1)]
    names = ("yaw", "pitch", "roll")
    means = dict(zip(names, np.round(np.abs(known).mean(0), 2).tolist()))
    tails = dict(zip(names, np.round(np.percentile(np.abs(known), 90, 0), 2).tolist()))
    return {"faces": faces, "with_a_pose": len(known), "mean_error": means, "p90_error": tails}


def off(found, truth):
    """Difference of two poses in degrees, between -180 and 180."""
    return (np.asarray(found) - truth + 180) % 360 - 180


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--head", help="ICT-FaceKit checkout or its compact form; by default the analytic head")
    parser.add_argument("--preset", default="musica19-synth")
    parser.add_argument("--each", type=int, default=11, help="pictures per yaw")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--out")
    args = parser.parse_args()
    model = kerasalign.load(args.preset)
    found = {yaw: [] for yaw in YAWS}
    exact = {name: {yaw: [] for yaw in YAWS} for name in ("68", "98", "29", "19", "5")}
    unseen = np.full(3, np.nan)
    for image, truth, labels in pictures(args.head, args.each, args.size):
        yaw, faces = round(truth[0]), model.align(image)
        middle = labels.points["68"].mean(0)
        near = [face for face in faces if np.linalg.norm(face.landmarks.mean(0) - middle) < 0.2 * args.size]
        found[yaw].append(off(near[0].pose, truth) if near else unseen)
        for name, by_yaw in exact.items():
            by_yaw[yaw].append(off(solve_pose(labels.points[name], get_markup(name)), truth))
    frontal = [yaw for yaw in YAWS if abs(yaw) <= 60]

    def summary(by_yaw):
        return row([error for yaw in frontal for error in by_yaw[yaw]], args.each * len(frontal))

    result = {
        "preset": args.preset,
        "size": args.size,
        "by_yaw": {str(yaw): row(found[yaw], args.each) for yaw in YAWS},
        "yaw_up_to_60": summary(found),
        "labels_yaw_up_to_60": {name: summary(by_yaw) for name, by_yaw in exact.items()},
    }
    finish(result, args.out)


if __name__ == "__main__":
    main()
