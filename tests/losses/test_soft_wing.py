"""Soft Wing and Wing against values worked out from their formulas."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from keras import ops

from kerasalign.losses import soft_wing, wing


def value(loss, x, **options):
    return float(ops.convert_to_numpy(loss(np.array([x], "float32"), **options))[0])


@pytest.mark.parametrize(
    "x, expected",
    [
        (0, 0),
        (1, 1),
        (1.999999, 1.999999),
        (2.5, 5.646431),
        (5, 17.769147),
        (10, 30.701691),
        (20, 44.082683),
        (50, 62.113652),
        (128, 80.792763),
        (256, 94.616759),
    ],
)
def test_values(x, expected):
    assert value(soft_wing, x) == pytest.approx(expected, rel=1e-5)
    assert value(soft_wing, -x) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("x, slope", [(1.0, 1.0), (2.01, 20 / 2.51), (19.5, 1.0), (20, 0.97561), (256, 0.077973)])
def test_slopes(x, slope):
    step = 1e-3 * max(x, 1) / 2
    assert (value(soft_wing, x + step) - value(soft_wing, x - step)) / (2 * step) == pytest.approx(slope, rel=2e-2)


def test_wing_offset_and_slope_at_zero():
    assert value(wing, 100) - 100 == pytest.approx(54.271441, rel=1e-5)
    assert value(wing, 1e-3) / 1e-3 == pytest.approx(40, rel=1e-2)


@settings(deadline=None, derandomize=True)
@given(st.floats(0, 300), st.floats(0, 300))
def test_larger_errors_cost_more(a, b):
    low, high = sorted((a, b))
    for loss in (soft_wing, wing):
        assert value(loss, low) <= value(loss, high) * (1 + 1e-5) + 1e-5


def test_half_precision_stays_finite():
    x = ops.convert_to_tensor(np.array([0, 2, 20, 256], "float16"))
    assert np.isfinite(ops.convert_to_numpy(soft_wing(x))).all()


@pytest.mark.parametrize("options", [{"linear": -1}, {"width": -1}, {"curvature": 0}])
def test_wrong_settings(options):
    with pytest.raises(ValueError, match="Received"):
        soft_wing(np.zeros(1), **options)
    options.pop("linear", None)
    if options:
        with pytest.raises(ValueError, match="Received"):
            wing(np.zeros(1), **options)
