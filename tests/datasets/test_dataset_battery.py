"""What every data set's miniature passes; a new data set is tested by being registered."""

import cv2
import numpy as np
import pytest

from kerasalign.datasets import FaceSample, get_dataset, list_datasets, make_miniature, read_dataset
from kerasalign.geometry import as_box, box_iou
from kerasalign.markups import get_markup

CASES = [(name, split) for name in list_datasets() for split in get_dataset(name).splits]
pytestmark = pytest.mark.parametrize(("name", "split"), CASES)


def test_faces_are_whole(miniature, name, split):
    samples = read_dataset(name, miniature(name), split)
    assert len(samples) >= 2
    markup = get_markup(get_dataset(name).markup)
    for sample in samples:
        assert isinstance(sample, FaceSample)
        assert sample.markup == markup.name
        assert sample.landmarks.shape == (markup.num_points, 2)
        assert sample.landmarks.dtype == np.float64
        assert np.isfinite(sample.landmarks).all()
        assert sample.visibility is None or (
            sample.visibility.shape == (markup.num_points,) and sample.visibility.dtype == bool
        )


def test_names_are_unique_and_order_is_stable(miniature, name, split):
    first, again = (read_dataset(name, miniature(name), split) for _ in range(2))
    names = [sample.name for sample in first]
    assert len(set(names)) == len(names)
    assert [sample.name for sample in again] == names
    for a, b in zip(first, again, strict=True):
        assert str(a.image) == str(b.image)
        np.testing.assert_array_equal(a.landmarks, b.landmarks)


def test_boxes_lie_on_the_faces(miniature, name, split):
    for sample in read_dataset(name, miniature(name), split):
        for kind in sample.boxes:
            box, tight = as_box(sample.box(kind)), sample.box()
            # A whole photo is no face's box, but it holds the face.
            inside = (box[:2] <= tight[:2]).all() and (box[2:] >= tight[2:]).all()
            assert inside if kind == "image" else box_iou(box, tight) > 0.5


def test_landmarks_lie_in_the_photo_and_on_the_drawing(miniature, name, split):
    for sample in read_dataset(name, miniature(name), split):
        photo = sample.read_image()
        assert photo.ndim == 3
        assert photo.shape[2] == 3
        assert photo.dtype == np.uint8
        far = np.array(photo.shape[1::-1]) - 1
        inside = sample.landmarks[((sample.landmarks >= 0) & (sample.landmarks <= far)).all(-1)]
        assert len(inside) > 0.9 * len(sample.landmarks)
        # Drawn features have edges: a 1-based or swapped point would find them less often.
        smooth = cv2.GaussianBlur(photo.astype("float32").mean(-1), (0, 0), 1.5)
        edges = np.hypot(cv2.Sobel(smooth, -1, 1, 0), cv2.Sobel(smooth, -1, 0, 1))
        columns, rows = np.rint(inside).astype(int).T
        assert edges[rows, columns].mean() > 1.5 * edges.mean()


def test_unknown_split_is_refused(miniature, name, split):
    with pytest.raises(ValueError, match=r"`split` must be one of .* for "):
        read_dataset(name, miniature(name), f"{split}-and-more")


def test_empty_folder_is_an_error(tmp_path, name, split):
    with pytest.raises(ValueError, match="no face"):
        read_dataset(name, tmp_path, split, on_error="skip")


def test_folder_that_is_not_there_is_an_error(tmp_path, name, split):
    with pytest.raises(FileNotFoundError, match="`root`"):
        read_dataset(name, tmp_path / "absent", split)


def test_a_name_can_be_excluded(miniature, name, split):
    samples = read_dataset(name, miniature(name), split)
    rest = read_dataset(name, miniature(name), split, exclude=[samples[0].name])
    assert [sample.name for sample in rest] == [sample.name for sample in samples[1:]]


def test_same_seed_same_faces(miniature, tmp_path, name, split):
    again = read_dataset(name, make_miniature(name, tmp_path / "again"), split)
    other = read_dataset(name, make_miniature(name, tmp_path / "other", seed=1), split)
    first = read_dataset(name, miniature(name), split)
    for a, b, c in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(a.landmarks, b.landmarks)
        assert not np.allclose(a.landmarks, c.landmarks)
    np.testing.assert_array_equal(first[0].read_image(), again[0].read_image())
