"""Runs, hard negatives, measurement."""

import json

import numpy as np
import pytest
from PIL import Image

from kerasalign.datasets.sample import FaceSample
from kerasalign.detection.training import CrowdConfig, DetectorRecipe, false_boxes, mine_negatives, recall
from kerasalign.inference import CallableDetector, Detection, KerasAlignDetector
from kerasalign.markups import get_markup

pytestmark = pytest.mark.usefixtures("eagerly")

TINY = {"channels": (8, 8, 8, 8, 8), "blocks": (0, 0, 0, 0), "head": 8}


def test_a_run_goes_on_and_its_weights_find_faces(heads, tmp_path):
    recipe = DetectorRecipe(TINY, CrowdConfig(size=64), steps=2, batch_size=2, steps_per_epoch=1, validation=2)
    run = tmp_path / "run"
    network = recipe.fit(heads, run, verbose=0)
    card = json.loads((run / "run.json").read_text())
    assert len(card["curve"]) == 2 and card["settings"]["heads"] == 5 and "val_loss" in card["best"]
    again = recipe.fit(heads, run, verbose=0)
    for a, b in zip(network.get_weights(), again.get_weights()):
        np.testing.assert_array_equal(a, b)
    photo = np.random.default_rng(0).integers(0, 256, (50, 80, 3)).astype("uint8")
    found = KerasAlignDetector(network, size=64, min_score=0.0, second_look=False).detect(photo)
    assert found and all(face.points.shape == (5, 2) for face in found)
    with pytest.raises(ValueError, match="other settings"):
        DetectorRecipe(TINY, CrowdConfig(size=96), steps=2, steps_per_epoch=1).fit(heads, run)
    with pytest.raises(ValueError, match="`precision`"):
        DetectorRecipe(precision="int8")


def test_negatives_are_what_was_taken_for_a_face(tmp_path):
    y, x = np.mgrid[:90, :120]
    for name, value in (("dark", 10), ("light", 200)):
        (tmp_path / "photos").mkdir(exist_ok=True)
        Image.fromarray(np.stack([x, y, np.full_like(x, value)], -1).astype("uint8")).save(
            tmp_path / "photos" / f"{name}.png"
        )
    seen = []

    def light(image):
        seen.append(image.shape)
        return [(1, 1, 9, 9, 0.3)] if image[..., 2].mean() > 100 else [(1, 1, 9, 9, 0.1)]

    finder = CallableDetector(light)
    assert mine_negatives(finder, tmp_path / "photos", tmp_path / "hard", crops=3, size=32) == 3
    assert len(seen) == 6 and set(seen) == {(32, 32, 3)}
    kept = sorted((tmp_path / "hard").glob("*.png"))
    assert [path.name[4:8] for path in kept] == ["0001"] * 3
    assert all(np.asarray(Image.open(path))[..., 2].mean() > 100 for path in kept)
    (tmp_path / "none").mkdir()
    with pytest.raises(ValueError, match="`photos` must hold"):
        mine_negatives(finder, tmp_path / "none", tmp_path)


def sample(folder, name, turn=0.0):
    Image.fromarray(np.full((100, 100, 3), 60, "uint8")).save(folder / f"{name}.png")
    a = np.deg2rad(turn)
    matrix = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    landmarks = get_markup("68").mean_shape @ matrix.T * 40 + 50
    return FaceSample(image=folder / f"{name}.png", landmarks=landmarks, markup="68", name=name)


def test_recall_and_errors_of_known_boxes(tmp_path):
    samples = [sample(tmp_path, "straight"), sample(tmp_path, "far"), sample(tmp_path, "turned", turn=30.0)]
    plain = np.concatenate([get_markup("68").mean_shape.min(0), get_markup("68").mean_shape.max(0)]) * 40 + 50
    answers = iter(
        [
            [Detection(plain + 2, 0.9), Detection((0, 0, 9, 9), 0.8)],
            [Detection(plain + 30, 0.9)],
            [Detection(plain, 0.9, angle=25.0)],
        ]
    )
    report = recall(CallableDetector(lambda image: next(answers)), samples)
    assert report["faces"] == 3 and report["missed"] == ["far"] and report["others"] == 2
    assert report["recall"] == pytest.approx(2 / 3, abs=1e-4)
    assert report["middle"]["p90"] == pytest.approx(0.9 * np.hypot(2, 2) / 40, abs=0.006)
    assert report["degrees"]["p90"] == pytest.approx(4.5, abs=0.01)
    assert report["size"]["median"] == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("degrees", [-40.0, 90.0])
def test_recall_in_turned_photos(tmp_path, degrees):
    """The points of a turned photo are where its content went."""
    one = sample(tmp_path, "face")
    canvas = np.full((100, 80, 3), 60, "uint8")
    x, y = one.landmarks[30].round().astype(int)
    canvas[y - 1 : y + 2, x - 1 : x + 2] = 255
    Image.fromarray(canvas).save(one.image)
    seen = []

    def detect(image):
        seen.append(image)
        nose = np.argwhere(image.min(-1) > 200).mean(0)[::-1]
        half = (one.landmarks.max(0) - one.landmarks.min(0)) / 2
        a = np.deg2rad(degrees)
        turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
        middle = nose + turn @ ((one.landmarks.max(0) + one.landmarks.min(0)) / 2 - [x, y])
        return [Detection((*(middle - half), *(middle + half)), 0.9, angle=degrees)]

    report = recall(CallableDetector(detect), [one], degrees=degrees)
    assert report["recall"] == 1 and report["middle"]["p90"] < 0.02 and report["degrees"]["p90"] < 0.1
    room = np.abs([np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))]) @ [[80, 100], [100, 80]]
    assert seen[0].shape[1::-1] == tuple(np.ceil(room - 1e-9).astype(int))


def test_false_boxes_are_counted():
    answers = iter([[], [(0, 0, 5, 5, 0.75), (1, 1, 7, 7, 0.5)], []])
    report = false_boxes(CallableDetector(lambda image: next(answers)), [np.zeros((20, 20, 3), "uint8")] * 3)
    assert report == {"images": 3, "boxes": 2, "worst": {"1": [0.75, 0.5]}}
