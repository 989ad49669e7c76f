"""Boundary maps and their loss."""

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from kerasalign.losses import boundary_maps, staged_map_loss
from kerasalign.markups import get_markup, list_markups
from kerasalign.models.lw_bafa.exact_maps import exact_boundary_maps

ORDER = {
    "68": [
        range(17),
        range(17, 22),
        range(22, 27),
        range(27, 31),
        range(31, 36),
        range(36, 40),
        (39, 40, 41, 36),
        range(42, 46),
        (45, 46, 47, 42),
        range(48, 55),
        range(60, 65),
        (60, 67, 66, 65, 64),
        (48, 59, 58, 57, 56, 55, 54),
    ],
    "98": [
        range(33),
        range(33, 38),
        range(42, 47),
        range(51, 55),
        range(55, 60),
        range(60, 65),
        (60, 67, 66, 65, 64),
        range(68, 73),
        (68, 75, 74, 73, 72),
        range(76, 83),
        range(88, 93),
        (88, 95, 94, 93, 92),
        (76, 87, 86, 85, 84, 83, 82),
        (33, 41, 40, 39, 38),
        (50, 49, 48, 47, 46),
    ],
}


def faces(markup, count=6, seed=0):
    """Faces that fill a 256 px crop: one lacks points, one lies half outside, one outside, one has equal points."""
    shape = 200 * markup.mean_shape + 128
    points = shape + np.random.default_rng(seed).normal(0, 4, (count, *shape.shape))
    points[0, 1] = points[0, :1] = np.nan
    points[1] += 90
    points[2] -= 1000
    points[3, 1] = points[3, 0]
    return points.astype("float32")


def quick(points, curves, **options):
    maps, known = boundary_maps(points, curves, 64, **options)
    return np.asarray(maps), np.asarray(known)


@pytest.mark.parametrize("name", ORDER)
def test_boundaries_are_the_published_ones_in_their_order(name):
    assert [tuple(curve) for curve in get_markup(name).boundaries.values()] == [tuple(curve) for curve in ORDER[name]]


@pytest.mark.parametrize("name", list_markups())
def test_quick_maps_are_the_exact_ones(name):
    markup = get_markup(name)
    points = faces(markup)
    maps, _ = quick(points, markup.boundaries)
    exact = np.stack([exact_boundary_maps(face, markup.boundaries, 64) for face in points])
    different = np.abs(maps - exact) > 1e-5
    # A sample between two pixels may be rounded either way.
    assert different.mean() < 1e-5 and maps.shape == (6, 64, 64, len(markup.boundaries))
    assert not maps[2].any() and np.isfinite(maps).all()


@pytest.mark.parametrize("sigma", [0.6, 1.7])
def test_other_widths(sigma):
    markup = get_markup("19")
    points = faces(markup)
    maps, _ = quick(points, markup.boundaries, sigma=sigma)
    exact = np.stack([exact_boundary_maps(face, markup.boundaries, 64, sigma=sigma) for face in points])
    assert (np.abs(maps - exact) > 1e-5).mean() < 1e-5


def test_values_fall_with_the_distance_to_the_spline():
    curve = np.array([[40, 60], [90, 50], [140, 90], [200, 80]], "float64")
    maps = exact_boundary_maps(curve, {"curve": range(4)}, 64)[..., 0]
    steps = np.linalg.norm(np.diff(curve / 4, axis=0), axis=1)
    knots = np.r_[0, np.cumsum(steps)]
    spots = np.rint(CubicSpline(knots, curve / 4)(np.arange(40) / 40 * knots[-1]))
    grid = np.stack(np.meshgrid(np.arange(64), np.arange(64)), -1)
    distance = np.linalg.norm(grid[:, :, None] - spots, axis=-1).min(-1)
    np.testing.assert_allclose(maps, np.where(distance < 3, np.exp(-(distance**2) / 2), 0))
    assert maps.max() == 1 and set(np.round(np.unique(maps), 5)) <= {1, 0.60653, 0.36788, 0.13534, 0.08208, 0.01832, 0}


def test_points_on_a_line_give_a_straight_ridge():
    points = np.stack([np.linspace(20, 220, 5), np.full(5, 100)], 1)[None]
    maps, known = quick(points, {"line": range(5)})
    assert (maps[0, 25, 5:54, 0] == 1).all() and known.tolist() == [[1]]
    np.testing.assert_allclose(maps[0, 22:29, 30, 0], np.exp(-np.array([np.inf, 4, 1, 0, 1, 4, np.inf]) / 2), atol=1e-6)


def test_a_mirrored_face_has_mirrored_maps_with_left_and_right_swapped():
    markup = get_markup("98")
    points = faces(markup)[4:5].astype("float64")
    mirrored = markup.mirror(points, 256)
    # No half-pixel shift: 255 - x lies at 63.75 - x / 4, and 0.75 pixel of the map is 3 of the crop.
    mirrored[..., 0] -= 3
    names = list(markup.boundaries)
    swapped = [names.index(n.replace("right", "?").replace("left", "right").replace("?", "left")) for n in names]
    assert swapped != sorted(swapped)
    maps, _ = quick(points, markup.boundaries)
    again, _ = quick(mirrored, markup.boundaries)
    ridge, other = maps[0, :, ::-1] > 0.99, again[0][..., swapped]
    # Up to a pixel each way: samples run the other way along some curves.
    assert (other[ridge] > 0.36).all() and (other[ridge] == 1).mean() > 0.8


def test_boundaries_with_less_than_two_known_points_do_not_count():
    markup = get_markup("68")
    points = faces(markup, 4)[3:]
    points[0, 36:42] = np.nan
    points[0, 27:30] = np.nan
    maps, known = quick(points, markup.boundaries)
    names = list(markup.boundaries)
    lost = {names[k] for k in np.flatnonzero(known[0] == 0)}
    assert lost == {"right_eye_upper", "right_eye_lower", "nose_bridge"}
    assert not maps[..., known[0] == 0].any()


def test_staged_loss_by_hand():
    maps = np.zeros((1, 4, 2, 2, 1), "float32")
    truth = np.full((1, 2, 2, 1), 0.5, "float32")
    weights = (0.25, 0.5, 0.75, 1.0)
    assert float(staged_map_loss(maps, truth, weights)[0]) == pytest.approx(2.5 / 4)
    assert float(staged_map_loss(maps, truth, weights, reduction="mean")[0]) == pytest.approx(2.5 / 16)
    maps[0, 3] = 0.5
    assert float(staged_map_loss(maps, truth, weights)[0]) == pytest.approx(1.5 / 4)
    assert float(staged_map_loss(maps, truth, weights, known=np.zeros((1, 1)))[0]) == 0
    with pytest.raises(ValueError, match="Received: reduction='max'"):
        staged_map_loss(maps, truth, weights, reduction="max")


def test_bad_arguments():
    with pytest.raises(ValueError, match="Received: shape"):
        exact_boundary_maps(np.zeros((3, 3)), {"a": (0, 1)}, 8)
    with pytest.raises(ValueError, match="Received: sigma=0"):
        exact_boundary_maps(np.zeros((3, 2)), {"a": (0, 1)}, 8, sigma=0)
