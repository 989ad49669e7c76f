"""Seven own points on fifty photos: the error before any training and after one minute of fit.

    python benchmarks/own_points.py --head ICT-FaceKit --out benchmarks/results/own_points.json

The photos are renders, whose points are known: 50 to train on, 100 others to measure, of seeds that no preset was
trained on. `started` is what `kerasalign.adapt` gives, from the annotations or from the markup's schematic face alone;
`new_head` is the same network with fresh weights wherever a weight depends on the points, and crops by the box of the
seven points: an adaptation that knows nothing of the old ones.
"""

import argparse
import time

import keras
import numpy as np
from common import finish

import kerasalign
from kerasalign.core.adaptation import places
from kerasalign.markups import flip_from_pairs
from kerasalign.synth import SceneConfig, draw_scene, render
from kerasalign.synth.dataset.labels import labels_of
from kerasalign.synth.dataset.series import Series

SEVEN = kerasalign.Markup(
    name="seven",
    num_points=7,
    parts={"eyes": (0, 1), "nose": (2,), "mouth": (3, 4, 5), "chin": (6,)},
    flip=flip_from_pairs(7, [(0, 1), (3, 4)]),
    eyes={"inter_ocular": ((0,), (1,))},
    boundaries={"mouth": (3, 5, 4), "midline": (2, 5, 6)},
    mean_shape=[[-40, -40], [40, -40], [0, 0], [-20, 30], [20, 30], [0, 35], [0, 60]],
)
OF_68 = [36, 45, 30, 48, 54, 57, 8]
SEED = 987_002
# Fresh weights learn more at a higher rate; both are tried.
RATES = {"new_head": (1e-4, 1e-3), "started_schematic": (1e-4,), "started": (1e-4,)}


def photos(head_path, count, start, size=256):
    """Renders and their seven points."""
    head = Series(head=head_path).load_head()
    images, points = [], []
    for index in range(start, start + count):
        scene = draw_scene(head, SceneConfig(), SEED, index)
        picture = render(head, scene, size)
        images.append(picture.image)
        points.append(labels_of(head, scene, picture, markups=("68",)).points["68"][OF_68])
    return images, np.array(points)


def without_knowledge(base, points):
    """The network for seven points whose weights are fresh wherever they depend on the points."""
    config = base.config.replace(
        markup=SEVEN, patches=range(7), patch_places=None, mean_shape=None, box_side=142, crop_shift=(0.0, 0.0)
    )
    crop = config.crop
    cut = [crop.to_crop(crop.transform([*face.min(0), *face.max(0)]), face) for face in points]
    network = config.replace(mean_shape=np.mean(cut, 0).round(2)).build()
    old = dict(zip(places(weight.path for weight in base.weights), base.weights))
    for place, weight in zip(places(weight.path for weight in network.weights), network.weights):
        if place in old and _is_kept(place, tuple(old[place].shape), tuple(weight.shape)):
            weight.assign(old[place])
    return network


def kept(base, network):
    """Numbers of a network that `without_knowledge` copied."""
    old = {place: tuple(weight.shape) for place, weight in zip(places(w.path for w in base.weights), base.weights)}
    pairs = zip(places(weight.path for weight in network.weights), network.weights)
    return sum(
        int(np.prod(weight.shape)) for place, weight in pairs if _is_kept(place, old.get(place), tuple(weight.shape))
    )


def _is_kept(place, old_shape, shape):
    """Whether a weight has the same shape and does not depend on the points."""
    return old_shape == shape and "recurrence" not in place and "regression" not in place


class Minute(keras.callbacks.Callback):
    """Stops a fit after so many seconds."""

    def __init__(self, seconds):
        super().__init__()
        self.seconds = seconds

    def on_train_begin(self, logs=None):
        self.start = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        if time.perf_counter() - self.start > self.seconds:
            self.model.stop_training = True


def measured(model, train, test, seconds, rate):
    """NME in percent before and after the fit, and its epochs."""
    faces = kerasalign.dataset(model, *train, augment="mild", batch_size=10)
    held_out = kerasalign.dataset(model, *test, batch_size=50)
    model.compile(keras.optimizers.Adam(rate))
    before = model.evaluate(held_out, verbose=0, return_dict=True)["nme"]
    history = model.fit(faces, epochs=1000, verbose=0, callbacks=[Minute(seconds)])
    after = model.evaluate(held_out, verbose=0, return_dict=True)["nme"]
    return {"nme_before": round(before, 2), "nme_after": round(after, 2), "epochs": len(history.epoch), "rate": rate}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--head", help="ICT-FaceKit checkout or its compact form; by default the analytic head")
    parser.add_argument("--preset", default="musica19-synth")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--only", nargs="+", default=["new_head", "started_schematic", "started"])
    parser.add_argument("--out")
    args = parser.parse_args()
    keras.utils.set_random_seed(0)
    train, test = photos(args.head, 50, 0), photos(args.head, 100, 50)
    base = kerasalign.load(args.preset)
    contestants = {
        "started": lambda: kerasalign.adapt(base, SEVEN, train[1]),
        "started_schematic": lambda: kerasalign.adapt(base, SEVEN),
        "new_head": lambda: without_knowledge(base, train[1]),
    }
    result = {"preset": args.preset, "seconds": args.seconds, "train_photos": 50, "test_photos": 100, "runs": {}}
    for name in args.only:
        make = contestants[name]
        model = make()
        told = getattr(model, "adaptation", None)
        runs = []
        for rate in RATES[name]:
            runs.append(measured(make(), train, test, args.seconds, rate))
        result["runs"][name] = {
            "runs": runs,
            "numbers_known": kept(base, model) if told is None else told.kept_numbers + told.started_numbers,
            "numbers": model.count_params(),
        }
    finish(result, args.out)


if __name__ == "__main__":
    main()
