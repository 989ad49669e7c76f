import multiprocessing
import os
import pickle
import subprocess
import sys
from dataclasses import replace

import keras
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from kerasalign.data import AugmentConfig, FaceLoader, build_cache, split_indices, to_tf_data


def batches(loader):
    return [loader[i] for i in range(len(loader))]


def same(a, b):
    return all(np.array_equal(x, y, equal_nan=True) for x, y in zip(a, b))


def test_batches_have_the_promised_form(memory_cache, spec):
    loader = FaceLoader(memory_cache, spec, batch_size=16)
    assert len(loader) == 2
    for images, landmarks in batches(loader):
        assert images.shape == (16, 64, 64, 3) and images.dtype == np.uint8
        assert landmarks.shape == (16, 68, 2) and landmarks.dtype == np.float32
        assert (images == 0).all(-1).any() and (np.abs(landmarks - 31.5) < 64).all()


def test_same_seed_same_batches_whatever_threads_and_order(memory_cache, spec):
    first = batches(FaceLoader(memory_cache, spec, batch_size=16, seed=5, threads=1))
    other = FaceLoader(memory_cache, spec, batch_size=16, seed=5, threads=3)
    assert same(other[1], first[1]) and same(other[0], first[0])
    assert not same(FaceLoader(memory_cache, spec, batch_size=16, seed=6)[0], first[0])


def test_epochs_differ_and_a_resumed_run_sees_what_it_would_have(memory_cache, spec):
    loader = FaceLoader(memory_cache, spec, batch_size=8)
    epochs = []
    for epoch in range(3):
        loader.set_epoch(epoch)
        epochs.append(batches(loader))
    assert not same(epochs[0][0], epochs[1][0])
    resumed = FaceLoader(memory_cache, spec, batch_size=8, initial_epoch=2)
    assert all(map(same, batches(resumed), epochs[2]))
    loader.set_epoch(0)
    assert all(map(same, batches(loader), epochs[0]))


def test_a_pass_sees_every_face_once(memory_cache, spec):
    loader = FaceLoader(memory_cache, spec, batch_size=8)
    seen = [loader.faces(0, i) for i in range(len(loader))]
    assert sorted(np.concatenate(seen)) == list(range(40))
    again = [loader.faces(1, i) for i in range(len(loader))]
    assert not np.array_equal(seen[0], again[0])


def test_steps_beyond_a_pass_deal_the_faces_anew(memory_cache, spec):
    loader = FaceLoader(memory_cache, spec, batch_size=16, steps_per_epoch=5)
    seen = np.concatenate([loader.faces(0, i) for i in range(5)])
    assert len(loader) == 5 and sorted(seen[:40]) == list(range(40)) and sorted(seen[40:]) == list(range(40))
    assert not np.array_equal(seen[:40], seen[40:])


def test_repeats_are_a_static_list(memory_cache, spec):
    repeats = np.arange(40) % 3
    loader = FaceLoader(memory_cache, spec, batch_size=13, repeats=repeats)
    seen = np.concatenate([loader.faces(0, i) for i in range(len(loader))])
    np.testing.assert_array_equal(np.bincount(seen, minlength=40), repeats)


def test_weights_are_honored(memory_cache, spec):
    weights = np.r_[0.0, np.ones(29), np.full(10, 4.0)]
    loader = FaceLoader(memory_cache, spec, batch_size=100, steps_per_epoch=200, weights=weights)
    counts = np.bincount(np.concatenate([loader.faces(0, i) for i in range(200)]), minlength=40)
    assert counts[0] == 0
    np.testing.assert_allclose(counts / counts.sum(), weights / weights.sum(), atol=0.006)


def test_subset_and_its_weights(memory_cache, spec):
    train, val = split_indices(40, 0.25, seed=1)
    loader = FaceLoader(memory_cache, spec, batch_size=10, indices=train, weights=np.linspace(1, 2, 30))
    assert set(loader.faces(0, 0)) <= set(train)
    held_out = FaceLoader.evaluation(memory_cache, spec, batch_size=4, indices=val)
    assert np.array_equal(np.concatenate([held_out.faces(0, i) for i in range(len(held_out))]), val)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(n=st.integers(2, 200), share=st.floats(0, 0.9), seed=st.integers(0, 99))
def test_split_is_a_partition(n, share, seed):
    train, val = split_indices(n, share, seed)
    assert sorted([*train, *val]) == list(range(n)) and len(val) == int(n * share)
    np.testing.assert_array_equal(split_indices(n, share, seed)[0], train)


def test_split_by_count_and_errors():
    assert len(split_indices(10, 3)[1]) == 3 and len(split_indices(10, 0)[1]) == 0
    assert (split_indices(50, 10, 0)[1] != split_indices(50, 10, 1)[1]).any()
    for bad in (10, -1, 1.0):
        with pytest.raises(ValueError, match=f"val={bad}"):
            split_indices(10, bad)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(groups=st.lists(st.sampled_from("abcdef"), min_size=8, max_size=60), seed=st.integers(0, 99))
def test_a_group_is_on_one_side_of_a_split(groups, seed):
    groups = [*groups, "x", None, None]
    train, val = split_indices(len(groups), 3, seed, groups)
    assert sorted([*train, *val]) == list(range(len(groups))) and len(val) >= 3
    sides = [{groups[i] for i in side} - {None} for side in (train, val)]
    assert not sides[0] & sides[1]
    np.testing.assert_array_equal(split_indices(len(groups), 3, seed, groups)[1], val)


def test_groups_are_checked():
    assert len(split_indices(4, 0, 0, list("aabb"))[1]) == 0
    with pytest.raises(ValueError, match="groups to train on out of 1"):
        split_indices(3, 1, 0, ["a"] * 3)
    with pytest.raises(ValueError, match="Received: 2 groups"):
        split_indices(3, 1, 0, ["a"] * 2)


def test_evaluation_is_plain_ordered_and_complete(memory_cache, spec):
    loader = FaceLoader.evaluation(memory_cache, spec, batch_size=16)
    images, landmarks = map(np.concatenate, zip(*batches(loader)))
    assert [len(loader[i][0]) for i in range(len(loader))] == [16, 16, 8]
    inset = (memory_cache.spec.size - 64) // 2
    np.testing.assert_array_equal(images, memory_cache.crops[:, inset:-inset, inset:-inset])
    np.testing.assert_allclose(landmarks, memory_cache.landmarks - inset, atol=1e-4)


def test_small_sets(memory_cache, spec):
    few = FaceLoader(memory_cache, spec, batch_size=16, indices=[3, 4, 5])
    assert len(few) == 1 and few[0][0].shape == (3, 64, 64, 3)
    none = FaceLoader.evaluation(memory_cache, spec, indices=np.array([], int))
    assert len(none) == 0


def test_arguments_are_checked(memory_cache, spec):
    for bad, match in (
        ({"batch_size": 0}, "batch_size"),
        ({"steps_per_epoch": 0}, "steps_per_epoch"),
        ({"indices": [0, 40]}, "indices"),
        ({"weights": np.ones(39)}, "weights"),
        ({"weights": np.zeros(40)}, "weights"),
        ({"weights": np.full(40, np.nan)}, "weights"),
        ({"repeats": -np.ones(40, int)}, "repeats"),
        ({"weights": np.ones(40), "repeats": np.ones(40, int)}, "exclude"),
        ({"weights": np.ones(40), "shuffle": False}, "shuffle"),
        ({"markup": "98"}, "markup"),
        ({"augment": "wild"}, "musica"),
        ({"initial_epoch": -1}, "epoch"),
    ):
        with pytest.raises(ValueError, match=match):
            FaceLoader(memory_cache, spec, **bad)
    with pytest.raises(IndexError, match="Received"):
        FaceLoader(memory_cache, spec).faces(0, 99)


def test_a_face_that_cannot_be_augmented_is_named(memory_cache, spec):
    landmarks = memory_cache.landmarks.copy()
    landmarks[7] = np.nan
    broken = replace(memory_cache, landmarks=landmarks)
    loader = FaceLoader(broken, spec, augment=AugmentConfig(geometric=1.0), indices=[7])
    with pytest.raises(ValueError, match="f7"):
        loader[0]


class Recorder(keras.Model):
    """Keeps what it is trained on."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(1)
        self.seen = []

    def call(self, x):
        return self.dense(keras.ops.mean(keras.ops.cast(x, "float32"), (1, 2)))

    def train_step(self, data):
        self.seen.append(tuple(np.array(part) for part in data))
        return {"loss": 0.0}


@pytest.mark.parametrize("workers", [1, 3])
def test_fit_sees_each_epochs_batches_in_order(memory_cache, spec, workers):
    if keras.backend.backend() != "tensorflow":
        pytest.skip("records batches in eager TensorFlow")
    loader = FaceLoader(memory_cache, spec, batch_size=8, workers=workers)
    model = Recorder()
    model.compile(run_eagerly=True)
    callbacks = [loader.epoch_callback()]
    model.fit(loader, epochs=2, shuffle=False, verbose=0, callbacks=callbacks)
    model.fit(loader, epochs=4, initial_epoch=3, shuffle=False, verbose=0, callbacks=callbacks)
    expected = [loader.batch(e, i) for e in (0, 1, 3) for i in range(5)]
    assert len(model.seen) == 15 and all(map(same, model.seen, expected))


def test_epoch_moves_on_without_the_callback_but_not_for_a_look(memory_cache, spec):
    loader = FaceLoader(memory_cache, spec, batch_size=8)
    loader.on_epoch_end()
    loader.on_epoch_begin()
    loader[0]
    loader.on_epoch_end()
    assert loader.epoch == 0
    loader.on_epoch_begin()
    batches(loader)
    loader.on_epoch_end()
    assert loader.epoch == 1


def test_tf_data_gives_the_same_batches(memory_cache, spec):
    loader = FaceLoader(memory_cache, spec, batch_size=16, drop_last=False, seed=3, initial_epoch=1)
    data = to_tf_data(loader, epochs=2)
    assert int(data.cardinality()) == 6 and loader.epoch == 1
    expected = [loader.batch(e, i) for e in (1, 2) for i in range(3)]
    given = [(x.numpy(), y.numpy()) for x, y in data]
    assert len(given) == 6 and all(map(same, given, expected))
    assert data.element_spec[0].shape.as_list() == [None, 64, 64, 3]
    with pytest.raises(ValueError, match="epochs"):
        to_tf_data(loader, epochs=0)


def test_cache_on_disk_loads_like_one_in_memory(samples, spec, tmp_path):

    cache = build_cache(samples, spec, tmp_path / "cache")
    loader = FaceLoader(cache, spec, batch_size=4, seed=1)
    twin = FaceLoader(pickle.loads(pickle.dumps(cache)), spec, batch_size=4, seed=1)
    assert all(map(same, batches(loader), batches(twin)))


def test_only_the_loaders_import_keras():
    light = "cache, cache_build, augment_config, augmentation, photometric, balance, report, split"
    code = f"import sys; from kerasalign.data import build_cache, {light}; sys.exit('keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def in_a_fork(work):
    """What a function returns in a forked process; fails where that process does not answer."""
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return pool.apply_async(work).get(30)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the platform does not fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_loader_with_running_threads_works_in_a_fork_and_in_a_pickle(memory_cache, spec):
    loader = FaceLoader(memory_cache, spec, batch_size=8, seed=3, threads=2, augment="none")
    images, landmarks = loader.batch(0, 1)
    global _forked
    _forked = loader
    for copied in (in_a_fork(_batch_of_fork), pickle.loads(pickle.dumps(loader)).batch(0, 1)):
        np.testing.assert_array_equal(copied[0], images)
        np.testing.assert_array_equal(copied[1], landmarks)


def _batch_of_fork():
    return _forked.batch(0, 1)
