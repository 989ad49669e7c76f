"""Clothes, hair and mixed-up faces in scenes: parts of people, never a face as it is."""

from dataclasses import replace

import numpy as np

from kerasalign.detection.training import Crowd
from kerasalign.detection.training.pieces import cut_beside_face, scatter, shuffle_tiles


def test_parts_are_put_into_pictures_that_hold_nobody(marked, clear):
    nobody = replace(clear, counts=(1.0, 0.0, 0.0, 0.0), letterbox=0.0)
    plain = Crowd(marked, replace(nobody, pieces=0.0))
    busy = Crowd(marked, replace(nobody, pieces=1.0))
    green = 0
    for index in range(12):
        assert not np.isfinite(busy.scene(index)[1]).any(), "what is no face has no label"
        assert not np.isfinite(plain.scene(index)[1]).any()
        empty = np.full((128, 128, 3), 255, "uint8")
        scatter(np.random.default_rng(index), marked, empty)
        green += (empty[..., 1].astype(int) - empty[..., 2] > 100).any()
    assert green >= 10


def test_no_part_of_a_mixed_up_face_stays_where_it_was():
    rng = np.random.default_rng(0)
    cut = np.zeros((60, 60, 4), "uint8")
    cut[..., 0], cut[..., 1] = np.mgrid[:60, :60]
    for _ in range(20):
        x, y, side = *rng.integers(0, 10, 2), int(rng.integers(20, 48))
        mixed = shuffle_tiles(rng, cut, np.array([x, y, x + side, y + side]))
        kept = cut[y : y + len(mixed), x : x + len(mixed)]
        assert (mixed[..., :2] != kept[..., :2]).any(-1).all()
        assert sorted(map(tuple, mixed.reshape(-1, 4))) == sorted(map(tuple, kept.reshape(-1, 4)))
    assert shuffle_tiles(rng, cut, np.array([0, 0, 9, 9])) is None, "too few pixels"


def test_what_lies_beside_a_face_holds_little_of_it():
    rng = np.random.default_rng(0)
    cut = np.zeros((96, 96, 4), "uint8")
    cut[..., 3] = 255
    cut[30:60, 30:60, 0] = 255
    box = np.array([30, 30, 60, 60])
    parts = [part for _ in range(40) if (part := cut_beside_face(rng, cut, box)) is not None]
    assert len(parts) > 20 and max((part[..., 0] > 0).mean() for part in parts) < 0.3
    assert cut_beside_face(rng, np.zeros_like(cut), box) is None, "there is nothing but air"
