"""Streams of renders: batches depend on their number alone; recipes train on them."""

import json
from dataclasses import replace

import keras
import numpy as np
import pytest

from kerasalign.geometry import CropSpec
from kerasalign.hub import get_recipe
from kerasalign.synth import SceneConfig
from kerasalign.synth.dataset.series import Series
from kerasalign.synth.dataset.stream import WINDOW, Studio, SynthStream
from kerasalign.training import fit_stream

SERIES = Series(seed=2, size=64, scene=SceneConfig.preset("plain"))
STUDIO = Studio(SERIES, CropSpec(size=48, scale=1.6))
TINY = {"patch_size": 14, "levels": [0], "hidden": 8, "size": 64, "box_side": 40, "patches": [8, 30, 36, 45]}


def stream(**settings):
    return SynthStream(STUDIO, **{"batch_size": 3, "steps_per_epoch": 4, "repeats": 4} | settings)


def test_batches_depend_on_their_number_alone():
    first, again = stream(), stream(threads=1)
    later = again.batch(0, 1)
    images, landmarks = first[0]
    assert images.shape == (3, 48, 48, 3) and images.dtype == np.uint8
    assert landmarks.shape == (3, 68, 2) and landmarks.dtype == np.float32
    for a, b in zip((images, landmarks), again[0]):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(first[1], later):
        np.testing.assert_array_equal(a, b)
    first.set_epoch(1)
    assert (first.pictures(0, 0) != first.pictures(1, 0)).any()


def test_each_picture_is_seen_as_often_as_asked():
    whole = stream(batch_size=32, steps_per_epoch=2 * WINDOW * 3 // 32, repeats=3)
    seen = np.concatenate([whole.pictures(0, i) for i in range(len(whole))])
    assert (np.bincount(seen) == 3).all() and seen.max() == 2 * WINDOW - 1
    # Windows follow one another; inside, the order is random.
    assert seen[: WINDOW * 3].max() == WINDOW - 1 and (np.diff(seen[:50]) < 0).any()


def test_landmarks_are_known_before_the_pictures():
    ahead, done = STUDIO.unrendered([4, 1]), STUDIO.rendered([4, 1])
    np.testing.assert_allclose(ahead.landmarks, done.landmarks, atol=1e-3)
    np.testing.assert_allclose(ahead.boxes, done.boxes, atol=1e-3)
    assert not ahead.crops.any() and done.crops.any() and ahead.names == done.names


def test_augmentation_moves_picture_and_points_alike():
    plain = stream(augment="none")
    numbers = plain.pictures(0, 0)
    images, landmarks = plain[0]
    crop, points, _ = STUDIO.face(int(numbers[0]))
    off = (STUDIO.spec.size - 48) // 2
    np.testing.assert_array_equal(images[0], crop[off : off + 48, off : off + 48])
    np.testing.assert_allclose(landmarks[0], points - off, atol=1e-3)


class Watched(SynthStream):
    """Notes which batches were asked for."""

    def batch(self, epoch, index):
        self.__dict__.setdefault("asked", []).append((epoch, index))
        return super().batch(epoch, index)


def test_fit_sees_new_pictures_in_every_epoch():
    watched = Watched(STUDIO, augment="none", batch_size=2, steps_per_epoch=2)
    layers = [
        keras.Input((48, 48, 3)),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(136),
        keras.layers.Reshape((68, 2)),
    ]
    model = keras.Sequential(layers)
    model.compile("sgd", "mse", run_eagerly=True)
    model.fit(watched, epochs=3, shuffle=False, verbose=0)
    assert watched.epoch == 3
    assert list(dict.fromkeys(watched.asked)) == [(e, i) for e in range(3) for i in range(2)]
    watched.asked.clear()
    watched.set_epoch(5)
    model.fit(watched, epochs=6, initial_epoch=5, shuffle=False, verbose=0)
    assert dict.fromkeys(watched.asked) == {(5, 0): None, (5, 1): None}


def test_a_recipe_trains_on_a_stream_and_goes_on(tmp_path):
    base = get_recipe("musica19-synth")
    recipe = base.with_settings(
        model=base.model.replace(**TINY),
        steps=2,
        batch_size=4,
        steps_per_epoch=1,
        validation=2,
        augment="none",
    )
    model = fit_stream(recipe, SERIES, tmp_path / "run", repeats=2, surveyed=8, verbose=0)
    assert np.isfinite(model.predict_on_batch(np.zeros((1, 64, 64, 3), "uint8"))["landmarks"]).all()
    card = json.loads((tmp_path / "run" / "run.json").read_text())
    assert card["settings"]["series"]["seed"] == 2 and card["settings"]["repeats"] == 2
    with pytest.raises(ValueError, match="settings"):
        fit_stream(recipe, replace(SERIES, seed=3), tmp_path / "run", repeats=2, surveyed=8, verbose=0)
    with pytest.raises(ValueError, match="give `steps`"):
        fit_stream(replace(recipe, epochs=3), SERIES, tmp_path / "other")


def test_wrong_numbers_are_named():
    with pytest.raises(ValueError, match="`repeats` must be a whole number from 1 up"):
        stream(repeats=0)
    with pytest.raises(ValueError, match="`epoch` must be"):
        stream(initial_epoch=-1)
    with pytest.raises(IndexError, match="`index` must be in"):
        stream()[4]
