"""Heads without backgrounds: whole, the same whatever the count, and where their labels say."""

import json
from dataclasses import replace

import numpy as np
import pytest

from kerasalign.detection.training import HeadPool, write_pool


def test_heads_are_cut_out_and_labeled(heads):
    pool = HeadPool(heads)
    assert len(pool) == 5 and pool.points.shape == (5, 73, 2) and pool[0].shape == (64, 64, 4)
    for index in range(5):
        cut = pool[index].astype(int)
        assert (cut[..., :3].max(-1) <= cut[..., 3] + 1).all(), "colors are times their cover"
        assert not cut[:2, :2].any() and 0.15 < (cut[..., 3] > 127).mean() < 0.9
        x, y = pool.points[index, 17:68].round().astype(int).T
        assert np.median(cut[y, x, 3]) == 255, "points are on the head"
        eyes = pool.points[index, 68:70]
        assert eyes[0, 0] < eyes[1, 0] and np.abs(pool.angles[index]) < 25


def test_a_folder_grows_and_refuses_other_heads(heads, series, tmp_path):
    other = tmp_path / "heads"
    assert write_pool(series, 2, other, progress=False) == 2
    np.testing.assert_array_equal(HeadPool(other)[1], HeadPool(heads)[1])
    assert write_pool(series, 2, other, progress=False) == 0
    assert json.loads((other / "heads.json").read_text())["seed"] == 4
    with pytest.raises(ValueError, match=r"another series: \['seed'\] differ"):
        write_pool(replace(series, seed=5), 2, other)
    with pytest.raises(ValueError, match="holds none"):
        HeadPool(tmp_path)
