"""Accuracy over folds and TAR at a FAR."""

import json

import keras
import numpy as np
import pytest

from kerasalign.recognition import FacePairs, Verification, embed_faces, verify

RNG = np.random.default_rng(0)


def people(count=40, size=8):
    """Two crops of each of many people, whose color says who they are, and pairs in ten folds."""
    colors = RNG.integers(20, 235, (count, 1, 1, 3)).repeat(2, 0)
    photos = np.clip(colors + RNG.integers(-3, 4, (2 * count, size, size, 3)), 0, 255).astype("uint8")
    same = [(2 * i, 2 * i + 1) for i in range(count)]
    others = [(2 * i, (2 * i + 2) % (2 * count)) for i in range(count)]
    order = [pair for i in range(0, count, 4) for pair in (*same[i : i + 4], *others[i : i + 4])]
    return FacePairs(photos, np.array(order), np.tile([True] * 4 + [False] * 4, count // 4))


def mean_color(crops):
    return crops.astype("float64").mean((1, 2)) - 128


def test_a_recognizer_that_sees_colors_is_right_and_a_blind_one_guesses():
    pairs = people()
    assert verify(mean_color, pairs).accuracy > 0.9
    blind = verify(lambda crops: RNG.normal(size=(len(crops), 16)), pairs)
    assert 0.25 < blind.accuracy < 0.75


def test_perfect_distances():
    same = np.tile([True, False], 50)
    result = Verification(np.where(same, 0.5, 1.5), same)
    assert (result.accuracy, result.accuracy_std) == (1.0, 0.0)
    assert result.thresholds.tolist() == pytest.approx([0.51] * 10)
    assert result.tar_at_far(1e-3) == (1.0, 0.0, 0.0)


def by_hand(distances, same, folds):
    """The definition, pair by pair."""
    accuracies = []
    parts = np.array_split(np.arange(len(same)), folds)
    for part in parts:
        rest = np.setdiff1d(np.arange(len(same)), part)
        grid = np.arange(0, 4, 0.01)
        scores = [np.mean((distances[rest] < threshold) == same[rest]) for threshold in grid]
        accuracies.append(np.mean((distances[part] < grid[int(np.argmax(scores))]) == same[part]))
    return accuracies


def test_accuracy_is_that_of_the_definition():
    same = RNG.random(103) < 0.5
    distances = np.where(same, RNG.normal(1.0, 0.4, 103), RNG.normal(1.7, 0.4, 103)).clip(0, 3.9)
    result = Verification(distances, same, folds=7)
    np.testing.assert_allclose(result.fold_accuracies, by_hand(distances, same, 7))
    assert result.accuracy == pytest.approx(np.mean(by_hand(distances, same, 7)))
    assert result.accuracy_std == pytest.approx(np.std(by_hand(distances, same, 7)))


def test_a_fold_never_chooses_its_own_threshold():
    same = np.tile([True, False], 50)
    distances = RNG.uniform(0, 3, 100)
    first = Verification(distances, same)
    changed = distances.copy()
    changed[:10] = 3.9 * ~same[:10]  # the first fold becomes perfect
    second = Verification(changed, same)
    assert second.thresholds[0] == first.thresholds[0]
    assert second.tar_at_far(0.1) != first.tar_at_far(0.1)
    # At the threshold of the others, a first fold in reverse is wrong on every pair.
    reverse = np.where(same, 0.5, 1.5)
    reverse[:10] = 2.0 - reverse[:10]
    assert Verification(reverse, same).fold_accuracies.tolist() == [0.0] + [1.0] * 9


def test_tar_keeps_to_the_far_of_the_other_folds():
    same = np.tile([True, False], 1000)
    distances = np.where(same, RNG.uniform(0, 2, 2000), RNG.uniform(1, 3, 2000))
    result = Verification(distances, same)
    tar, _, far = result.tar_at_far(0.1)
    assert tar == pytest.approx(0.6, abs=0.04)  # a tenth of 1..3 lies below 1.2
    assert far == pytest.approx(0.1, abs=0.02)
    assert result.tar_at_far(0.0).tar == pytest.approx(0.5, abs=0.03)
    assert result.tar_at_far(0.01).tar < tar
    for bad in (-0.1, 1.0, float("nan")):
        with pytest.raises(ValueError, match="`far` must be"):
            result.tar_at_far(bad)


def test_scores_are_plain_data():
    told = json.loads(json.dumps(verify(mean_color, people()).to_dict()))
    assert told["pairs"] == 80
    assert len(told["fold_accuracies"]) == len(told["thresholds"]) == told["folds"] == 10
    assert set(told["tar_at_far"]) == {"far", "tar", "tar_std", "measured_far"}


def test_embeddings_add_the_mirrored_crop_and_have_length_one():
    crops = RNG.integers(0, 256, (5, 4, 4, 3)).astype("uint8")

    def left_and_right(batch):
        return batch[:, :, [0, -1], 0].astype("float64").mean(1)

    left, right = left_and_right(crops).T
    both = embed_faces(left_and_right, crops, batch_size=2)
    np.testing.assert_allclose(both, np.full((5, 2), 0.5**0.5), atol=1e-6)
    alone = embed_faces(left_and_right, crops, mirror=False)
    np.testing.assert_allclose(alone[:, 0] / alone[:, 1], left / right, rtol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(alone, axis=1), 1, atol=1e-6)


def test_a_keras_model_is_a_recognizer():
    model = keras.Sequential([keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), keras.layers.Dense(6)])
    assert embed_faces(model, people(8).photos).shape == (16, 6)


@pytest.mark.parametrize(
    ("embed", "photos", "message"),
    [
        (lambda crops: np.ones(3), np.zeros((2, 4, 4, 3), "uint8"), r"`embed` must give \(2, D\)"),
        (lambda crops: np.zeros((2, 3)), np.zeros((2, 4, 4, 3), "uint8"), "not zero"),
        (lambda crops: np.full((2, 3), np.nan), np.zeros((2, 4, 4, 3), "uint8"), "finite"),
        (mean_color, [np.zeros((4, 4, 3), "uint8"), np.zeros((5, 4, 3), "uint8")], "one size"),
        (mean_color, [], "at least one"),
    ],
)
def test_bad_recognizers_and_crops(embed, photos, message):
    with pytest.raises(ValueError, match=message):
        embed_faces(embed, photos)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"folds": 1}, "`folds` must be"),
        ({"folds": 81}, "`folds` must be"),
        ({"same": np.ones(80, bool)}, "only one person in fold 1"),
        ({"same": np.zeros(80, bool)}, "only two in fold 1"),
        ({"distances": np.zeros(79)}, "`distances` must be"),
        ({"distances": np.full(80, np.nan)}, "`distances` must be"),
    ],
)
def test_bad_benchmarks(options, message):
    with pytest.raises(ValueError, match=message):
        Verification(**{"distances": np.zeros(80), "same": np.tile([True, False], 40), **options})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pairs": np.zeros((0, 2), int)}, "`pairs` must be"),
        ({"pairs": np.zeros((2, 3), int)}, "`pairs` must be"),
        ({"pairs": np.array([[0, 4], [0, 1]])}, "`pairs` must index the 4 photos"),
        ({"pairs": np.array([[0, -1], [0, 1]])}, "`pairs` must index"),
        ({"same": np.array([True])}, "`same` must say"),
        ({"same": np.array([2, 0])}, "`same` must say"),
    ],
)
def test_bad_pairs(options, message):
    whole = {"photos": list("abcd"), "pairs": np.array([[0, 1], [2, 3]]), "same": np.array([True, False])}
    with pytest.raises(ValueError, match=message):
        FacePairs(**whole | options)
    with pytest.raises(ValueError, match="`photos` must be one for each"):
        FacePairs(**whole).with_photos(list("abc"))
