import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from kerasalign.losses import rectified_l1, rectified_wing


def test_golden_values_of_rectified_wing():
    values = np.asarray(rectified_wing(np.array([0, 0.5, 1, 5, 10, 20], "float32")))
    np.testing.assert_allclose(values, [0, 0, 2.2314355, 11.7865500, 17.4919985, 27.4919985], rtol=1e-6)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.floats(-100, 100, width=32))
def test_rectified_wing_is_even_and_continuous_at_the_joint(x):
    a, b = np.asarray(rectified_wing(np.array([x, -x], "float32")))
    assert a == b >= 0
    near = np.asarray(rectified_wing(np.array([9.9999, 10.0001], "float32")))
    assert abs(near[0] - near[1]) < 1e-3


def test_rectified_l1_drops_small_errors_and_keeps_the_rest():
    np.testing.assert_array_equal(
        np.asarray(rectified_l1(np.array([0, 0.009, 0.01, 3], "float32"), 0.01)), np.array([0, 0, 0.01, 3], "float32")
    )


def test_bad_settings():
    with pytest.raises(ValueError, match="Received"):
        rectified_wing(np.zeros(1, "float32"), width=1.0, threshold=2.0)
