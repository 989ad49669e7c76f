"""Faces to maps and back."""

import numpy as np
from hypothesis import given, settings, strategies as st

from kerasalign.detection.own.coding import CHANNELS, decode_faces, find_faces, non_max_suppression
from tests.support.detector_maps import cell_centers, encode_faces


def face(x, y, width, height, degrees, seed=0):
    a = np.deg2rad(degrees)
    points = np.random.default_rng(seed).uniform(-0.4, 0.4, (5, 2)) * (width, height) + (x, y)
    return np.array([x, y, width, height, np.cos(a), np.sin(a), *points.ravel()])


def maps_of(faces, scores, size=128):
    """Maps that say exactly these faces in every cell about their middles, and nothing elsewhere."""
    centers = cell_centers(size // 8, size // 8)
    maps = np.zeros((*centers.shape[:2], CHANNELS), "float32")
    maps[..., 0] = -9
    for row, score in zip(faces, scores):
        near = np.abs(centers - row[:2]).max(-1) <= 9
        coded = encode_faces(np.broadcast_to(row, (*near.shape, 16)), centers)
        logit = np.log(score / (1 - score)) - 0.05 * np.hypot(*np.moveaxis(centers - row[:2], -1, 0))
        maps[near] = np.concatenate([logit[..., None], coded], -1)[near]
    return maps


numbers = st.floats(-200, 500, allow_nan=False)
sizes = st.floats(1, 400, allow_nan=False)


@settings(deadline=None, max_examples=60, derandomize=True)
@given(numbers, numbers, sizes, sizes, st.floats(-180, 180), numbers, numbers)
def test_decoding_undoes_encoding(x, y, width, height, degrees, cell_x, cell_y):
    row, center = face(x, y, width, height, degrees), np.array([cell_x, cell_y])
    np.testing.assert_allclose(decode_faces(encode_faces(row, center), center), row, atol=1e-6, rtol=1e-9)


def test_a_cell_has_its_center_between_pixels():
    maps = np.zeros((3, 4, CHANNELS), "float32")
    maps[..., 0] = -9
    maps[2, 1, 0], maps[2, 1, 5] = 5, 1  # an upright face in the center of a cell
    (found,), _ = find_faces(maps)
    np.testing.assert_allclose(found[:2], (8 + 3.5, 16 + 3.5))


def test_suppression_keeps_the_best_of_overlapping_boxes():
    boxes = np.array([(0, 0, 10, 10), (1, 0, 11, 10), (30, 0, 40, 10), (60, 0, 70, 10)], "float64")
    kept = non_max_suppression(boxes, np.array([0.6, 0.8, 0.7, 0.2]), min_score=0.4, max_overlap=0.4)
    np.testing.assert_array_equal(kept, [1, 2])
    assert non_max_suppression(boxes[:0], np.zeros(0), 0.4, 0.4).shape == (0,)


def test_faces_are_found_once_and_best_first():
    rows = [face(40.3, 50.1, 30, 36, 20), face(90.0, 88.0, 22, 20, -60, seed=1)]
    found, scores = find_faces(maps_of(rows, (0.7, 0.9)))
    assert len(found) == 2 and scores[0] > scores[1] > 0.6
    np.testing.assert_allclose(found, rows[::-1], atol=1e-3)


def test_overlapping_faces_give_way_to_the_better_one():
    rows = [face(40, 40, 60, 60, 0), face(64, 40, 60, 60, 0)]
    maps = maps_of(rows, (0.95, 0.8))
    assert len(find_faces(maps, max_overlap=0.5)[0]) == 2
    found, scores = find_faces(maps, max_overlap=0.3)
    assert len(found) == 1 and abs(found[0][0] - 40) < 1e-3 and scores[0] > 0.9


def test_no_faces_are_an_empty_array():
    found, scores = find_faces(maps_of([], []))
    assert found.shape == (0, 16) and scores.shape == (0,)
    assert len(find_faces(maps_of([face(40, 40, 20, 20, 0)], (0.4,)))[0]) == 0
