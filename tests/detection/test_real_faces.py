"""Real faces for training scenes: labelled where several views agree, cut out softly."""

import json

import numpy as np
import pytest
from PIL import Image

from kerasalign.detection.training import HeadPool, label_faces, write_photo_pool
from kerasalign.detection.training.real_faces import cut_softly
from kerasalign.geometry import CropSpec, rotation, tight_box
from kerasalign.inference import CallableDetector
from kerasalign.markups import get_markup

SHAPE = get_markup("68").mean_shape
EYES = SHAPE[36:42].mean(0), SHAPE[42:48].mean(0)


def portrait(center=(60, 64), side=60.0, degrees=0.0, size=120):
    """A gray photo with two green discs for eyes, and the landmarks of its face."""
    points = SHAPE * side @ rotation(degrees).T + center
    y, x = np.mgrid[:size, :size]
    photo = np.full((size, size, 3), 120, "uint8")
    for group in (slice(36, 42), slice(42, 48)):
        a, b = points[group].mean(0)
        photo[np.hypot(x - a, y - b) < 4] = (0, 250, 0)
    return photo, points


class EyeModel:
    """Finds the discs in a crop and lays the mean shape on them."""

    markup, crop_spec, runtime = get_markup("68"), CropSpec(64, 1.6), "keras"

    def predict_crops(self, crops, **options):
        return {"landmarks": np.stack([self.fit(crop.astype(int)) for crop in crops])}

    def fit(self, crop):
        rows, columns = np.nonzero((crop[..., 1] > 180) & (crop[..., 0] < 80))
        if len(rows) < 4:
            return np.zeros((68, 2))
        left = columns > columns.mean()
        right_eye, left_eye = (np.array([columns[part].mean(), rows[part].mean()]) for part in (~left, left))
        (dx, dy), (ex, ey) = left_eye - right_eye, EYES[1] - EYES[0]
        turn = np.array([[dx * ex + dy * ey, dx * ey - dy * ex], [dy * ex - dx * ey, dx * ex + dy * ey]])
        return (SHAPE - (EYES[0] + EYES[1]) / 2) @ (turn / (ex**2 + ey**2)).T + (right_eye + left_eye) / 2


def test_labels_are_where_the_views_agree():
    photos, points = zip(*(portrait(degrees=degrees) for degrees in (0.0, 12.0)))
    blank = np.full_like(photos[0], 120)
    boxes = [tight_box(points[0]) + 4] * 3
    landmarks, spread = label_faces(EyeModel(), [*photos, blank], boxes)
    for found, expected in zip(landmarks, points):
        assert np.abs(found - expected).max() < 2.0
    assert spread[:2].max() < 0.03 and np.isinf(spread[2])


@pytest.mark.parametrize("seed", range(6))
def test_a_face_is_cut_out_whole_and_fades_before_the_photo_ends(seed):
    photo, points = portrait()
    cut = cut_softly(np.random.default_rng(seed), photo, points)
    cover = cut[..., 3].astype(int)
    assert cover[[0, -1]].max() == cover[:, [0, -1]].max() == 0
    inner = points[17:].round().astype(int)
    assert cover[inner[:, 1], inner[:, 0]].min() > 100
    np.testing.assert_allclose(cut[..., :3], photo * (cover / 255)[..., None], atol=1)


def test_a_folder_of_faces_is_a_pool_of_heads(heads, tmp_path):
    for number in range(3):
        Image.fromarray(portrait(degrees=5.0 * number)[0]).save(tmp_path / f"{number}.png")
    Image.fromarray(np.full((120, 120, 3), 120, "uint8")).save(tmp_path / "blank.png")
    finder = CallableDetector(lambda photo: [tight_box(portrait()[1])])
    files = sorted(tmp_path.glob("*.png"))
    out = tmp_path / "faces"
    assert write_photo_pool(EyeModel(), finder, files, out, size=120, source="drawn", progress=False) == 3
    assert json.loads((out / "heads.json").read_text())["photos"] == "drawn"
    pool = HeadPool(out)
    assert len(pool) == 3 and pool[0].shape == (120, 120, 4)
    np.testing.assert_allclose(pool.angles, [0, 5, 10], atol=2)
    np.testing.assert_allclose(pool.points[0][:68], portrait()[1], atol=2)
    both = HeadPool(heads, out)
    assert len(both) == 8 and both[5].shape == (120, 120, 4) and len(both.card["pools"]) == 2
    with pytest.raises(ValueError, match="`directory`"):
        write_photo_pool(EyeModel(), finder, files, out)
