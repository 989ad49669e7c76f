"""Estimates beside the truth."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays

from kerasalign.evaluation.early_exit import Calibration, CascadeErrors, calibrate
from kerasalign.evaluation.early_exit.calibration import TO_OCULAR
from kerasalign.metrics import get_protocol


def made(estimates, truth, failures):
    estimates, truth = np.asarray(estimates, "float64"), np.asarray(truth, "float64")
    return Calibration(3, estimates, truth * 1.2, truth, np.asarray(failures, bool))


def test_numbers_by_hand():
    found = made([4, 8, 12, 16], [2, 4, 6, 20], [False, False, False, True])
    assert found.raw_mae == pytest.approx((1.6 + 3.2 + 4.8 + 8) / 4)
    assert found.raw_bias == pytest.approx((1.6 + 3.2 + 4.8 - 8) / 4)
    scaled = np.array([4, 8, 12, 16]) * math.pi / 4
    assert found.mae == pytest.approx(np.abs(scaled - [2, 4, 6, 20]).mean())
    assert found.bias == pytest.approx((scaled - [2, 4, 6, 20]).mean())
    assert found.fitted_scale == pytest.approx(0.5)
    assert found.spearman == pytest.approx(1)
    assert found.auroc == 1
    assert found.failure_threshold(0) == 12 and found.caught(12) == 1
    assert found.failure_threshold(0.34) == 8
    told = found.to_dict(0.0)
    assert (told["fpr"], told["tpr"]) == ([0, 0, 1], [0, 1, 1])
    assert told["failures"] == 1 and told["failure_threshold"] == 12


def test_l1_of_random_directions_is_four_over_pi_of_euclid():
    directions = np.linspace(0, 2 * math.pi, 10_000, endpoint=False)
    l1 = np.abs(np.cos(directions)) + np.abs(np.sin(directions))
    assert 1 / l1.mean() == pytest.approx(TO_OCULAR, rel=1e-6)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    st.integers(2, 30).flatmap(
        lambda n: st.tuples(arrays("int64", n, elements=st.integers(0, 9)), arrays("bool", n), st.floats(0, 0.99))
    )
)
def test_roc_and_threshold_by_their_definitions(case):
    estimates, failures, rate = case
    found = made(estimates, estimates, failures)
    good, bad = estimates[~failures], estimates[failures]
    if good.size and bad.size:
        above, equal = (bad[:, None] > good).mean(), (bad[:, None] == good).mean()
        assert found.auroc == pytest.approx(above + equal / 2)
    else:
        assert math.isnan(found.auroc)
    if good.size:
        threshold = found.failure_threshold(rate)
        assert (good > threshold).mean() <= rate + 1e-9
        smaller = [value for value in np.unique(good) if value < threshold]
        assert all((good > value).mean() > rate for value in smaller)
    json.dumps(found.to_dict(rate), allow_nan=False)


def test_what_the_faces_cannot_tell_is_nan():
    found = made([3, 3], [1, 2], [False, False])
    assert math.isnan(found.spearman) and math.isnan(found.auroc) and math.isnan(found.caught(1))
    told = found.to_dict()
    assert told["auroc"] is None and told["caught"] is None and told["failure_threshold"] == 3
    assert math.isnan(made([-1, -2], [1, 2], [False, False]).fitted_scale)
    with pytest.raises(ValueError, match="all failed"):
        made([1, 2], [20, 30], [True, True]).failure_threshold()
    with pytest.raises(ValueError, match="Received"):
        found.failure_threshold(1.0)


def test_iteration_and_unit_are_chosen():
    protocol = get_protocol("300w-common-inter_pupil")
    nmes = np.array([[12.0, 9], [30, 11]])
    errors = CascadeErrors("toy", protocol, ("a", "b"), nmes, nmes / 2, nmes / 1.1, {}, ocular=nmes / 1.4)
    last, first = calibrate(errors), calibrate(errors, 1, scale=2.0)
    assert (last.iteration, first.iteration) == (2, 1)
    # Failure is by the protocol, the truth in percent of the inter-ocular distance.
    assert last.failures.tolist() == [False, True] and first.failures.tolist() == [True, True]
    np.testing.assert_allclose(first.truth, nmes[:, 0] / 1.4)
    np.testing.assert_allclose(first.own, nmes[:, 0] / 1.1)
    assert first.mae == pytest.approx((nmes[:, 0] - nmes[:, 0] / 1.4).mean())
    for wrong in ({"iteration": 0}, {"iteration": 3}, {"scale": 0}):
        with pytest.raises(ValueError, match="Received"):
            calibrate(errors, **wrong)
