"""Fine-tuning on points of the user's own, for every model: what fits is kept, the rest is new, and it trains."""

import keras
import numpy as np
import pytest

import kerasalign
from kerasalign.core.adaptation import places
from kerasalign.geometry import tight_box
from kerasalign.hub import adapt, freeze_kept
from kerasalign.layers import VisibilityHead
from kerasalign.markups import Markup, flip_from_pairs, get_markup, unregister_markup
from tests.support.arrays import crops
from tests.support.cases import KINDS, MODELS, set_known_weights

pytestmark = pytest.mark.usefixtures("eagerly")

SEVEN = Markup(
    name="own-7",
    num_points=7,
    parts={"eyes": (0, 1), "nose": (2,), "mouth": (3, 4, 5), "chin": (6,)},
    flip=flip_from_pairs(7, [(0, 1), (3, 4)]),
    eyes={"inter_ocular": ((0,), (1,))},
    boundaries={"mouth": (3, 5, 4), "midline": (2, 5, 6), "eyes": (0, 2, 1)},
    mean_shape=[[-0.4, -0.4], [0.4, -0.4], [0, 0], [-0.2, 0.3], [0.2, 0.3], [0, 0.35], [0, 0.6]],
)


def annotations(size, count=6):
    """Faces of seven points in crop pixels; one point is not annotated in one face."""
    noise = np.random.default_rng(0).normal(0, 1.5, (count, 7, 2))
    landmarks = SEVEN.mean_shape * size * 0.6 + size / 2 + noise
    landmarks[0, 2] = np.nan
    return landmarks.astype("float32")


@pytest.fixture(scope="module", params=KINDS.values(), ids=KINDS)
def pair(request):
    """A trained model and what it becomes for seven points."""
    model = MODELS[request.param].make()
    set_known_weights(model)
    return model, adapt(model, SEVEN, annotations(model.crop_spec.size))


def test_what_fits_is_kept_and_the_rest_is_new(pair):
    model, own = pair
    assert type(own) is type(model) and own.markup is SEVEN and own.crop_spec.size == model.crop_spec.size
    told = own.adaptation
    assert told.kept and told.started
    assert {*told.kept, *told.started, *told.new} == {weight.path for weight in own.weights}
    assert told.new == () or (type(own).__name__ == "SCC" and all("adjacency" in path for path in told.new))
    old = dict(zip(places(weight.path for weight in model.weights), model.weights))
    for place, weight in zip(places(weight.path for weight in own.weights), own.weights):
        if weight.path in told.kept:
            np.testing.assert_array_equal(np.asarray(weight), np.asarray(old[place]))
    assert f"kept {len(told.kept)} weights" in str(told) and "start from the old points" in str(told)
    assert told.kept_numbers + told.started_numbers + told.new_numbers == own.count_params()


def test_it_can_be_saved_and_rebuilt(pair):
    _, own = pair
    twin = type(own).from_config(own.get_config())
    assert twin.get_config() == own.get_config()
    assert [weight.shape for weight in twin.weights] == [weight.shape for weight in own.weights]


def test_it_trains_and_frozen_layers_stay(pair):
    _, own = pair
    size = own.crop_spec.size
    images, target = crops(3, size), annotations(size)[:3]
    assert own(images)["landmarks"].shape == (3, 7, 2)
    held = set(freeze_kept(own))
    assert held and held <= set(own.adaptation.kept)
    own.compile(keras.optimizers.SGD(1e-2), jit_compile=False)
    before = {weight.path: np.asarray(weight) * 1 for weight in own.weights}
    log = own.train_on_batch(images, target, return_dict=True)
    assert np.isfinite(log["loss"]) and log["nme"] > 0
    changed = {path for path, old in before.items() if not np.array_equal(old, np.asarray(_by_path(own, path)))}
    assert changed & set(own.adaptation.started) and not changed & held
    freeze_kept(own, False)
    # `fit` has no labels for the head of the visibility, which stays as it was taught.
    assert all(layer.trainable for layer in own._flatten_layers() if not isinstance(layer, VisibilityHead))


def _by_path(model, path):
    return next(weight for weight in model.weights if weight.path == path)


def small():
    model = MODELS["MuSiCa"].make()
    set_known_weights(model)
    return model


class Faces(keras.utils.PyDataset):
    """Two batches of three."""

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return crops(3, 64, seed=index), annotations(64)[3 * index : 3 * index + 3]


def arrays():
    return {"x": crops(6, 64), "y": annotations(64), "batch_size": 3}


def tensorflow_data():
    import tensorflow as tf

    return {"x": tf.data.Dataset.from_tensor_slices((crops(6, 64), annotations(64))).batch(3)}


@pytest.mark.parametrize(
    "data", [arrays, tensorflow_data, lambda: {"x": Faces()}], ids=["arrays", "tf.data", "PyDataset"]
)
def test_fit_with_early_stopping_on_the_validation_nme(data):
    own = adapt(small(), SEVEN, annotations(64))
    own.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    stop = keras.callbacks.EarlyStopping("val_nme", mode="min", patience=1, restore_best_weights=True)
    history = own.fit(
        **data(), epochs=5, verbose=0, validation_data=(crops(2, 64), annotations(64)[4:]), callbacks=[stop]
    )
    # Nothing is learned at a rate of zero: the second epoch is no better, and the run ends.
    assert len(history.history["val_nme"]) == 2


def test_the_mean_shape_is_that_of_the_annotations_or_the_markups():
    model, landmarks = small(), annotations(64)
    landmarks[:, 6] = np.nan  # nobody annotated the chin
    measured = adapt(model, SEVEN, landmarks)
    shape, schematic = measured.mean_shape, adapt(model, SEVEN).mean_shape
    # Both are at home in the crop of the old points: their eyes lie where those of the 68 points do.
    eyes = model.mean_shape[[36, 45]]
    for face in (shape, schematic):
        np.testing.assert_allclose(face[:2].mean(0), eyes.mean(0), atol=0.6)
        np.testing.assert_allclose(face[1, 0] - face[0, 0], eyes[1, 0] - eyes[0, 0], rtol=0.02)
    size = np.ptp(shape[:2], axis=0).max() / np.ptp(np.nanmean(landmarks[:, :2], 0), axis=0).max()
    offsets = np.nanmean(landmarks[:, :6], 0) - np.nanmean(landmarks[:, :2], (0, 1))
    np.testing.assert_allclose(shape[:6] - shape[:2].mean(0), size * offsets, atol=0.7)
    assert shape[6, 1] > shape[5, 1] + 3  # a point without annotations is where the schematic face has it
    elsewhere = adapt(model, SEVEN, landmarks * 7 + 300)  # pixels of photos do as well
    np.testing.assert_allclose(elsewhere.mean_shape, shape, atol=0.02)


def test_faces_look_as_they_did_in_crops_of_the_new_points():
    """The crop that the new points' box cuts is that which the old ones' box cut."""
    model, old = small(), get_markup("68")
    five = old.convert(old.mean_shape, "5")
    own = adapt(model, "5")
    before = model.crop_spec.transform(tight_box(old.mean_shape * 90 + 200))
    after = own.crop_spec.transform(tight_box(five * 90 + 200))
    np.testing.assert_allclose(after, before, rtol=0.01, atol=1)  # the schematic five points differ a little
    # So the first predictions are the old ones: exact for points that are means of old points.
    images = crops(4, 64)
    known = old.convert(model.predict_crops(images)["landmarks"], "5")
    np.testing.assert_allclose(own.predict_crops(images)["landmarks"], known, atol=1.5)
    assert own.adaptation.new == ()
    np.testing.assert_allclose(own.config.patch_places, model.mean_shape[list(model.config.patches)], atol=0.01)


@pytest.mark.parametrize("kind", ["AAN", "SDU", "SCC"])
def test_new_points_predict_what_the_old_ones_near_them_do(kind):
    name = KINDS[kind]
    model = MODELS[name].make()
    set_known_weights(model)
    old = model.markup
    pick = [0, old.num_points - 1] if old.num_points < 20 else [36, 45, 30]
    flip = list(range(len(pick)))
    own = Markup(f"own-of-{kind}", len(pick), {"face": flip}, flip, {}, {}, old.mean_shape[pick])
    try:
        new = adapt(model, own, points=pick)
        images = crops(2, model.crop_spec.size)
        found, known = (network.predict_crops(images)["landmarks"] for network in (new, model))
        if kind == "SCC":  # its graph and edges are of the points
            assert not any("nodes_maps" in path for path in new.adaptation.new)
        elif kind == "SDU":  # the maps of the first stack; the next one reads those of other points too
            maps = [network.predict_crops(images)["heatmaps"][:, 0] for network in (new, model)]
            np.testing.assert_allclose(maps[0], maps[1][..., pick], atol=1e-4)
        else:
            np.testing.assert_allclose(found, known[:, pick], atol=0.1)
    finally:
        unregister_markup(own.name)


def test_points_are_checked():
    for points in ([0, 1], [0, 1, 2, 3, 4, 5, 68], [0, 1, 2, 3, 4, 5, ()]):
        with pytest.raises(ValueError, match="`points` must give for each of the 7 new points"):
            adapt(small(), SEVEN, points=points)


def test_load_takes_a_markup():
    own = kerasalign.load("musica19-synth", markup=SEVEN, landmarks=annotations(228))
    trained = kerasalign.load("musica19-synth")
    assert len(own.config.patches) == len(trained.config.patches) and own.adaptation.new == ()
    np.testing.assert_array_equal(own.cascade[0].conv1.get_weights()[0], trained.cascade[0].conv1.get_weights()[0])
    assert own.origin.name == "musica19-synth" and own.origin.weights == trained.origin.weights


@pytest.mark.parametrize(
    ("landmarks", "message"),
    [
        (np.zeros((3, 5, 2)), r"\(F, 7, 2\) for markup 'own-7'. Received: shape \(3, 5, 2\)"),
        (np.full((3, 7, 2), np.nan), "two points or more"),
    ],
)
def test_wrong_landmarks(landmarks, message):
    with pytest.raises(ValueError, match=message):
        adapt(small(), SEVEN, landmarks)


def test_wrong_arguments():
    with pytest.raises(ValueError, match="without a markup"):
        kerasalign.load("musica19-synth", landmarks=annotations(228))
    with pytest.raises(ValueError, match="registered already"):
        adapt(small(), Markup("68", 7, {}, SEVEN.flip, SEVEN.eyes, {}, SEVEN.mean_shape))
    with pytest.raises(ValueError, match="must come from `adapt`"):
        freeze_kept(small())


def test_places_of_layers_that_nobody_named():
    first = places(["dense/kernel", "block/dense_1/kernel", "block/dense_2/kernel", "dense_3/kernel", "dense_3/kernel"])
    again = places(
        ["dense_9/kernel", "block/dense_10/kernel", "block/dense_11/kernel", "dense_12/kernel", "dense_12/kernel"]
    )
    assert first == again and len(set(first)) == 5
    assert first[0] == "dense#0/kernel#0" and first[2] == "block#0/dense#1/kernel#0"
