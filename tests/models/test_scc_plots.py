"""Pictures of graphs and of attention, judged by their pixels."""

import numpy as np
import pytest

from kerasalign.models.scc.plots import draw_graph
from kerasalign.plots.attention import draw_attention

POINTS = np.array([[20.0, 20], [108, 20], [108, 108], [20, 108]])
GRAY = np.full((128, 128, 3), 90, "uint8")


def changed(picture, x, y):
    return int(np.abs(np.asarray(picture, int)[y, x] - GRAY[y, x]).sum())


def test_an_edge_is_as_visible_as_it_is_heavy():
    weights = np.eye(4)
    weights[0, 1], weights[2, 1], weights[3, 2] = 1.0, 0.4, 0.0
    picture = draw_graph(weights, POINTS, GRAY)
    assert picture.size == (128, 128)
    assert changed(picture, 64, 20) > changed(picture, 108, 64) > 30
    assert changed(picture, 64, 108) == changed(picture, 20, 64) == changed(picture, 64, 64) == 0


def test_direction_does_not_matter_for_visibility_and_missing_points_have_no_edges():
    weights = np.eye(4)
    weights[1, 0] = 1.0
    assert changed(draw_graph(weights, POINTS, GRAY), 64, 20) > 100
    gone = POINTS.copy()
    gone[0] = np.nan
    assert changed(draw_graph(weights, gone, GRAY), 64, 20) == 0


def test_a_point_that_listens_to_others_is_dark():
    picture = np.asarray(draw_graph(np.diag([1.0, 0.0, 1.0, 1.0]), POINTS, GRAY), int)
    assert picture[20, 20].min() > picture[20, 108].max() + 60


def test_a_sheet_without_a_photo_holds_the_whole_face():
    picture = np.asarray(draw_graph(np.ones((4, 4)), POINTS / 100, size=200))
    assert picture.shape == (200, 200, 3)
    bright = np.argwhere(picture.max(-1) > 200)
    assert bright.min() > 2 and bright.max() < 198 and np.ptp(bright, axis=0).min() > 150


def test_attention_is_drawn_where_it_is():
    maps = np.zeros((8, 8))
    maps[6, 1] = 2.0
    sheet = np.asarray(draw_attention(GRAY, {"F4": maps, "flat": np.ones((4, 4))}, tile=128), int)
    second = sheet[8:136, 8 + 136 : 8 + 136 + 128]
    brightest = np.unravel_index(second.sum(-1).argmax(), (128, 128))
    assert abs(brightest[0] - 104) < 6 and abs(brightest[1] - 24) < 6
    assert np.abs(sheet[8:136, 8:136] - GRAY).max() == 0


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"Received: shapes \(3, 3\) and \(4, 2\)"):
        draw_graph(np.eye(3), POINTS)
    with pytest.raises(ValueError, match="Received: weights from"):
        draw_graph(2 * np.eye(4), POINTS)
    with pytest.raises(ValueError, match="Received: opacity=2"):
        draw_attention(GRAY, {}, opacity=2)
    with pytest.raises(ValueError, match="Received: map 'F3'"):
        draw_attention(GRAY, {"F3": np.ones(3)})
