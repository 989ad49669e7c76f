"""Scores of probabilities against formulas by hand."""

import numpy as np
import pytest

from kerasalign.metrics import probability_scores


def test_scores_by_hand():
    p, y = np.array([0.9, 0.8, 0.3, 0.1]), np.array([True, False, True, False])
    scores = probability_scores(p, y)
    assert (scores.count, scores.rate) == (4, 0.5)
    assert scores.brier == pytest.approx((0.01 + 0.64 + 0.49 + 0.01) / 4)
    # Of four pairs of a true and a false one, three are in order.
    assert scores.auc == pytest.approx(3 / 4)
    assert scores.ece == pytest.approx((0.1 + 0.8 + 0.7 + 0.1) / 4)


def test_calibrated_probabilities_have_no_calibration_error():
    rng = np.random.default_rng(0)
    p = rng.random(200_000)
    scores = probability_scores(p, rng.random(200_000) < p)
    assert scores.ece < 0.006 and scores.brier == pytest.approx(1 / 6, abs=0.002)
    assert probability_scores(p**3, rng.random(200_000) < p).ece > 0.1


def test_one_kind_alone_has_no_auc():
    assert np.isnan(probability_scores(np.array([0.5]), np.array([True])).auc)


@pytest.mark.parametrize(("p", "y"), [([0.5], [True, False]), ([], []), ([1.5], [True]), ([np.nan], [True])])
def test_what_is_no_probability_is_refused(p, y):
    with pytest.raises(ValueError, match="Received"):
        probability_scores(np.array(p), np.array(y, bool))
