"""Composed scenes: the same for the same seed, with faces where their labels say."""

from dataclasses import replace
from itertools import combinations

import cv2
import numpy as np
import pytest

from kerasalign.detection.training import Crowd, CrowdConfig, CrowdStream, HeadPool
from kerasalign.detection.training.crowd import Person


def test_scenes_depend_on_seed_and_number_alone(heads):
    first, again = (Crowd(HeadPool(heads), CrowdConfig(size=64), seed=2) for _ in range(2))
    again.scene(0)
    for a, b in zip(first.scene(7), again.scene(7)):
        np.testing.assert_array_equal(a, b)
    assert (first.scene(7)[0] != Crowd(HeadPool(heads), CrowdConfig(size=64), seed=3).scene(7)[0]).any()
    stream = CrowdStream(first, batch_size=2, steps_per_epoch=3)
    stream.set_epoch(1)
    pictures, faces = stream[1]
    assert pictures.shape == (2, 64, 64, 3) and pictures.dtype == np.uint8
    assert faces.shape == (2, 10, 17) and faces.dtype == np.float32
    np.testing.assert_array_equal(pictures[1], first.scene(2 * (3 + 1) + 1)[0])


@pytest.mark.parametrize("most", [1, 3])
def test_scenes_of_few_faces(heads, most):
    crowd = Crowd(HeadPool(heads), CrowdConfig(size=64, max_faces=most), seed=0)
    found = [crowd.scene(index)[1] for index in range(12)]
    assert all(faces.shape == (most, 17) for faces in found)
    assert 1 <= max(np.isfinite(faces[:, 0]).sum() for faces in found) <= most


def test_an_epoch_is_followed_by_new_scenes(marked, clear):
    """What Keras calls in `fit`, which looks at a batch before it begins."""
    stream = CrowdStream(Crowd(marked, replace(clear, size=64), seed=1), batch_size=1, steps_per_epoch=2)
    looked_at = stream[0][0]
    stream.on_epoch_end()
    assert stream.epoch == 0
    seen = []
    for _ in range(2):
        stream.on_epoch_begin()
        seen += [stream[index][0] for index in range(len(stream))]
        stream.on_epoch_end()
    assert stream.epoch == 2
    np.testing.assert_array_equal(seen[0], looked_at)
    assert all((a != b).any() for a, b in combinations(seen, 2))


def test_labels_are_where_the_picture_shows_them(marked, clear):
    crowd = Crowd(marked, replace(clear, counts=(0.0, 1.0, 0.0, 0.0), turned=(0.5, 0.5)), seed=2)
    turns, hits, points = [], 0, 0
    for index in range(30):
        picture, faces = crowd.scene(index)
        (row,) = faces[np.isfinite(faces[:, 0])]
        a = np.array([row[4], row[5]])
        eyes = row[8:10] - row[6:8]
        # Marks are symmetric: the eyes' line is level in the upright frame, the right eye first, mirrored or not.
        np.testing.assert_allclose(eyes / np.linalg.norm(eyes), a, atol=1e-4)
        turns.append(np.degrees(np.arctan2(a[1], a[0])))
        for x, y in row[6:16].reshape(5, 2).round().astype(int):
            if 1 <= x < 127 and 1 <= y < 127 and picture[y, x].any():
                red, green, _ = picture[y, x].astype(int)
                points += 1
                hits += red > green
    assert points > 100 and hits >= 0.98 * points
    assert max(turns) > 60 and min(turns) < -60


def test_backdrops_come_from_the_folders(marked, clear, tmp_path):
    for name, color in (("photos", (10, 20, 230)), ("hard", (230, 220, 10))):
        (tmp_path / name).mkdir()
        cv2.imwrite(str(tmp_path / name / "one.png"), np.full((70, 90, 3), color[::-1], "uint8"))
    config = replace(clear, size=96, counts=(1.0, 0, 0, 0), backgrounds=str(tmp_path / "photos"), photographs=1.0)
    blue = [Crowd(marked, config).scene(index)[0] for index in range(20)]
    assert np.mean([picture[48, 48, 2] > picture[48, 48, 0] for picture in blue]) > 0.8
    mined = Crowd(marked, replace(config, negatives=str(tmp_path / "hard"), hard=1.0))
    assert np.mean([p[48, 48, 2] < p[48, 48, 0] for p in (mined.scene(index)[0] for index in range(20))]) > 0.8
    assert config.get_config()["backgrounds"] is True, "paths mean nothing elsewhere"


def test_counts_and_sizes_are_those_asked_for(marked, clear):
    nobody = Crowd(marked, replace(clear, counts=(1.0, 0.0, 0.0, 0.0)))
    assert not any(np.isfinite(nobody.scene(index)[1]).any() for index in range(5))
    many = Crowd(marked, replace(clear, counts=(0.0, 0.0, 0.0, 1.0), face=(0.05, 0.2), smallest=10))
    rows = np.concatenate([many.scene(index)[1] for index in range(10)])
    rows = rows[np.isfinite(rows[:, 0])]
    longer = rows[:, 2:4].max(1)
    assert len(rows) > 25 and longer.max() <= 0.2 * 128 + 1e-3
    assert (rows[longer < 10, 16] == 0).all() and (rows[longer >= 10, 16] == 1).mean() > 0.5


def test_hidden_faces_do_not_count(marked, clear):
    crowd = Crowd(marked, clear)
    owner = np.full((128, 128), 255, "uint8")
    picture = np.zeros((128, 128, 3), "uint8")
    person = Person(0, False, 10.0, 50.0, np.array([60.0, 60.0]))
    who = crowd.place_person(np.random.default_rng(0), picture, owner, 0, person)
    frame = (0, 0, 128, 128)
    assert crowd.label_face(*who, owner == 0, frame)[16] == 1
    owner[:, 55:] = 254
    assert crowd.label_face(*who, owner == 0, frame)[16] == 0
    owner[:, 30:] = 254
    assert crowd.label_face(*who, owner == 0, frame) is None
    assert crowd.label_face(*who, np.ones_like(owner, bool), (70, 0, 128, 128))[16] == 0


def test_wrong_settings_are_named():
    for wrong in ({"size": 100}, {"counts": (1, 1, 0, 0)}, {"face": (0.5, 0.1)}, {"occluders": 2}, {"max_faces": 0}):
        with pytest.raises(ValueError, match=f"`{next(iter(wrong))}`"):
            CrowdConfig(**wrong)
    with pytest.raises(ValueError, match="`batch_size`"):
        CrowdStream(None, batch_size=0)
