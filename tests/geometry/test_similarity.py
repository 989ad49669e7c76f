"""The best similarity transform between two sets of points."""

import numpy as np
import pytest
from scipy.optimize import least_squares

from kerasalign.geometry import about, apply_affine, estimate_similarity, rotation, scale_of

RNG = np.random.default_rng(0)
POINTS = RNG.uniform(0, 100, (5, 2))


@pytest.mark.parametrize(("scale", "degrees"), [(1.0, 0.0), (0.3, 40.0), (2.5, -170.0), (1.0, 90.0)])
def test_a_known_map_is_found_again(scale, degrees):
    matrix = about((10.0, 20.0), scale * rotation(degrees), (-30.0, 7.0))
    np.testing.assert_allclose(estimate_similarity(POINTS, apply_affine(matrix, POINTS)), matrix, atol=1e-10)


def test_no_other_similarity_is_closer():
    target = RNG.uniform(0, 100, (5, 2))

    def residuals(v):
        return (apply_affine(np.array([[v[0], -v[1], v[2]], [v[1], v[0], v[3]]]), POINTS) - target).ravel()

    best = least_squares(residuals, (1.0, 0.0, 0.0, 0.0)).x
    found = estimate_similarity(POINTS, target)
    np.testing.assert_allclose(found[:, 0], best[:2], atol=1e-6)
    np.testing.assert_allclose(found[:, 2], best[2:], atol=1e-4)


def test_it_never_mirrors():
    matrix = estimate_similarity(POINTS, POINTS * (-1.0, 1.0))
    assert np.linalg.det(matrix[:, :2]) > 0
    assert scale_of(matrix) < 1.0


def test_unknown_points_do_not_take_part():
    matrix = about((0.0, 0.0), 2 * rotation(30.0), (5.0, 5.0))
    source, target = POINTS.copy(), apply_affine(matrix, POINTS)
    source[1], target[3] = np.nan, np.nan
    np.testing.assert_allclose(estimate_similarity(source, target), matrix, atol=1e-10)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (POINTS, POINTS[:4]),
        (POINTS[None], POINTS[None]),
        (POINTS[:1], POINTS[:1]),
        (np.full((5, 2), np.nan), POINTS),
        (np.full((5, 2), 0.1), POINTS),
        (POINTS, np.full((5, 2), 0.1)),
    ],
    ids=["lengths", "batch", "one point", "unknown", "source coincides", "target coincides"],
)
def test_points_without_a_map_are_refused(source, target):
    with pytest.raises(ValueError, match="`source` and `target` must"):
        estimate_similarity(source, target)
