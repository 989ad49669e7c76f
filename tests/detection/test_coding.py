"""Faces to maps and back."""

import numpy as np
from hypothesis import given, settings, strategies as st

from kerasalign.detection.own.coding import CHANNELS, cell_centres, decode_faces, encode_faces, find_faces


def face(x, y, width, height, degrees, seed=0):
    a = np.deg2rad(degrees)
    points = np.random.default_rng(seed).uniform(-0.4, 0.4, (5, 2)) * (width, height) + (x, y)
    return np.array([x, y, width, height, np.cos(a), np.sin(a), *points.ravel()])


def maps_of(faces, scores, size=128):
    """Maps that say exactly these faces in every cell about their middles, and nothing elsewhere."""
    centres = cell_centres(size // 8, size // 8)
    maps = np.zeros((*centres.shape[:2], CHANNELS), "float32")
    maps[..., 0] = -9
    for row, score in zip(faces, scores):
        near = np.abs(centres - row[:2]).max(-1) <= 9
        coded = encode_faces(np.broadcast_to(row, (*near.shape, 16)), centres)
        logit = np.log(score / (1 - score)) - 0.05 * np.hypot(*np.moveaxis(centres - row[:2], -1, 0))
        maps[near] = np.concatenate([logit[..., None], coded], -1)[near]
    return maps


numbers = st.floats(-200, 500, allow_nan=False)
sizes = st.floats(1, 400, allow_nan=False)


@settings(deadline=None, max_examples=60)
@given(numbers, numbers, sizes, sizes, st.floats(-180, 180), numbers, numbers)
def test_decoding_undoes_encoding(x, y, width, height, degrees, cell_x, cell_y):
    row, centre = face(x, y, width, height, degrees), np.array([cell_x, cell_y])
    np.testing.assert_allclose(decode_faces(encode_faces(row, centre), centre), row, atol=1e-6, rtol=1e-9)


def test_cells_have_their_middles_between_pixels():
    centres = cell_centres(3, 4)
    assert centres.shape == (3, 4, 2)
    np.testing.assert_array_equal(centres[2, 1], (8 + 3.5, 16 + 3.5))


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
