"""SDU's losses against closed forms."""

import numpy as np
import pytest

from kerasalign.losses import coherent_loss, heatmap_loss
from kerasalign.losses.landmark_heatmaps import landmark_heatmaps
from tests.support.arrays import noise

POINTS = np.array([[[5.0, 9.0], [20.25, 3.5], [11.0, 30.0]]], "float32")


def test_a_gaussian_lies_at_its_landmark_by_pixel_centers():
    maps, known = (np.asarray(x) for x in landmark_heatmaps(POINTS, 16))
    y, x = np.mgrid[:16, :16]
    for index, (u, v) in enumerate((POINTS[0] + 0.5) / 2 - 0.5):
        np.testing.assert_allclose(maps[0, :, :, index], np.exp(-((x - u) ** 2 + (y - v) ** 2) / 2), atol=1e-6)
    assert known.all()


def test_one_pixel_is_marked_without_a_width():
    maps = np.asarray(landmark_heatmaps(POINTS, 16, sigma=0)[0])
    assert [tuple(np.argwhere(maps[0, :, :, i])[0]) for i in range(3)] == [(4, 2), (2, 10), (15, 5)]
    assert maps.sum() == 3


def test_even_logits_cost_the_logarithm_of_the_pixels():
    for size, points in ((16, POINTS), (64, POINTS * 4)):
        maps = np.full((1, 1, size, size, 3), 2.5, "float32")
        loss = heatmap_loss(maps, points, kind="softmax_ce", reduction="sum")
        assert float(loss[0]) == pytest.approx(np.log(size * size), rel=1e-5)


@pytest.mark.parametrize("kind", ["sigmoid_ce", "softmax_ce", "mse"])
def test_closed_forms_reductions_stacks_and_missing_points(kind):
    maps = 3 * noise(2, 2, 16, 16, 3)
    points = np.concatenate([POINTS, POINTS + 1])
    points[1, 0], points[1, 2] = np.nan, (40, 5)  # one not annotated, one out of the crop
    total = np.asarray(heatmap_loss(maps, points, kind=kind, reduction="sum"))
    wanted = np.zeros(2)
    for face, kept in ((0, (0, 1, 2)), (1, (1,))):
        truth = np.asarray(landmark_heatmaps(points, 16, sigma=0 if kind == "softmax_ce" else 1)[0])[face]
        for stack in (0, 1):
            for i in kept:
                z, t = maps[face, stack, :, :, i].astype("float64"), truth[:, :, i]
                p = 1 / (1 + np.exp(-z))
                wanted[face] += {
                    "sigmoid_ce": -(t * np.log(p) + (1 - t) * np.log(1 - p)).sum(),
                    "softmax_ce": -(t * (z - np.log(np.exp(z).sum()))).sum(),
                    "mse": ((z - t) ** 2).sum(),
                }[kind] / len(kept)
    np.testing.assert_allclose(total, wanted, rtol=1e-5)
    np.testing.assert_allclose(heatmap_loss(maps, points, kind=kind), wanted / 256, rtol=1e-5)


@pytest.mark.parametrize(("distance", "apart"), [("mse", 0.25), ("smooth_l1", 0.125)])
def test_coherence_counts_pixels_inside(distance, apart):
    maps = noise(2, 2, 4, 4, 3)
    moved, inside = maps + 0.5, np.zeros((2, 4, 4, 1))
    inside[0, :2] = 1
    moved[0, :, 2:] = 100
    found = [np.asarray(coherent_loss(maps, moved, inside, distance, how)) for how in ("mean", "sum")]
    np.testing.assert_allclose(found, [[apart, 0], [8 * apart, 0]], rtol=1e-5)


def test_unknown_losses():
    maps = noise(1, 1, 16, 16, 3)
    with pytest.raises(ValueError, match="Received: kind='l1'"):
        heatmap_loss(maps, POINTS, kind="l1")
    with pytest.raises(ValueError, match="Received: distance='l1'"):
        coherent_loss(maps, maps, np.ones((1, 16, 16, 1)), "l1")
