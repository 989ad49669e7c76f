import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.integrate import trapezoid

from kerasalign.metrics import auc, bootstrap_interval, ced, failure_rate, get_protocol, weighted_mean

nme_lists = st.lists(st.floats(0, 40), min_size=1, max_size=60).map(np.array)

# Failure rates as printed, with the number of failing faces each of them is.
PRINTED_FR = [
    ("SCC", "full", 2.88, 72),
    ("SCC", "pose", 13.80, 45),
    ("SCC", "expression", 2.55, 8),
    ("SCC", "illumination", 2.29, 16),
    ("SCC", "makeup", 2.43, 5),
    ("SCC", "occlusion", 5.98, 44),
    ("SCC", "blur", 4.14, 32),
    ("LW-BAFA", "full", 2.68, 67),
    ("BAFA", "full", 2.32, 58),
]

# 300W as printed: common, challenging, full.
PRINTED_300W = {
    "SCC": (2.88, 4.93, 3.28),
    "LW-BAFA": (2.78, 4.98, 3.21),
    "BAFA": (2.71, 4.70, 3.10),
    "MuSiCa19": (5.22, 9.50, 6.05),
    "MuSiCa34": (4.95, 8.76, 5.69),
    "MuSiCa68": (4.63, 8.16, 5.32),
}


def test_a_face_on_the_threshold_is_no_failure():
    assert failure_rate([10.0, 10.0, np.nextafter(10.0, 11), 3.0]) == 25.0
    assert failure_rate([8.0, 9.0], threshold=8.0) == 50.0


@pytest.mark.parametrize(("paper", "subset", "printed", "failures"), PRINTED_FR)
def test_published_failure_rates_are_integer_counts_over_the_subset_sizes(paper, subset, printed, failures):
    size = get_protocol(f"wflw-{subset}-inter_ocular").num_faces
    nmes = np.where(np.arange(size) < failures, 10.1, 10.0)
    assert round(failure_rate(nmes), 2) == printed


@pytest.mark.parametrize("paper", PRINTED_300W)
def test_published_300w_full_is_the_mean_of_its_subsets_weighted_by_faces(paper):
    common, challenging, full = PRINTED_300W[paper]
    sizes = [get_protocol(f"300w-{subset}-inter_pupil").num_faces for subset in ("common", "challenging")]
    assert sum(sizes) == get_protocol("300w-full-inter_pupil").num_faces == 689
    # The two subset means and the printed full one are each rounded to 0.005.
    assert abs(weighted_mean([common, challenging], sizes) - full) <= 0.01


def test_weighted_means_of_the_specification():
    means = [weighted_mean(PRINTED_300W[paper][:2], [554, 135]) for paper in ("SCC", "LW-BAFA", "BAFA")]
    np.testing.assert_allclose(means, [3.2817, 3.211, 3.100], atol=5e-4)
    # AAN prints 5.39, which rounding cannot explain.
    assert weighted_mean([4.38, 9.44], [554, 135]) == pytest.approx(5.371, abs=5e-4)


@pytest.mark.parametrize(("values", "counts"), [([1.0], [1, 2]), ([], []), ([1.0, 2.0], [3, 0])])
def test_weighted_mean_refuses_what_it_cannot_weigh(values, counts):
    with pytest.raises(ValueError, match="`values` and `counts`"):
        weighted_mean(values, counts)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(nme_lists, st.floats(1, 20))
def test_exact_auc_is_the_integral_of_the_ced(nmes, threshold):
    edges = np.concatenate([[0.0], np.sort(nmes[nmes < threshold]), [threshold]])
    # The CED is constant between consecutive NMEs.
    integral = (ced(nmes, edges[:-1]) * np.diff(edges)).sum() / threshold
    assert auc(nmes, threshold) == pytest.approx(integral, abs=1e-9)
    assert auc(nmes, threshold, "trapezoid") == pytest.approx(integral, abs=2e-3)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(nme_lists, st.floats(0.1, 30))
def test_ced_is_one_minus_the_failure_rate_and_monotone(nmes, threshold):
    assert ced(nmes, [threshold])[0] == pytest.approx(1 - failure_rate(nmes, threshold) / 100)
    curve = ced(nmes, np.linspace(0, 50, 30))
    assert (np.diff(curve) >= 0).all()
    assert curve[-1] == 1


def test_auc_of_no_error_and_of_failures():
    assert auc(np.zeros(3)) == 1.0
    assert auc(np.zeros(3), method="trapezoid") == pytest.approx(1.0)
    assert auc(np.zeros(3), method="scc") == pytest.approx(0.95)
    assert auc(np.full(3, 10.0)) == auc(np.full(3, 99.0)) == 0.0


def test_scc_auc_is_the_rule_of_its_released_code():
    nmes = np.random.default_rng(0).gamma(4, 1.2, 500)
    fractions, grid = nmes / 100, np.linspace(0.005, 0.1, 20)
    histogram = np.zeros(20)
    for value in fractions[fractions <= 0.1]:
        histogram[np.flatnonzero(value <= grid)[0]] += 1
    curve = np.cumsum(histogram / 500)
    assert auc(nmes, method="scc") == pytest.approx(trapezoid(curve, grid) * 10)
    assert auc(nmes, method="scc") < auc(nmes)


@pytest.mark.parametrize(
    ("printed_auc", "printed_nme"), [(0.5666, 4.40), (0.5817, 4.31), (0.5927, 4.16), (0.5095, 5.04)]
)
def test_published_auc_fits_the_published_nme(printed_auc, printed_nme):
    # mean(min(e, 10)) = 10 (1 - AUC) can at most be the mean of e.
    capped = 10 * (1 - printed_auc)
    assert capped <= printed_nme
    nmes = np.full(2500, capped)
    assert auc(nmes) == pytest.approx(printed_auc)


@pytest.mark.parametrize("nmes", [[], [[1.0]], [1.0, np.nan], [np.inf]])
@pytest.mark.parametrize("score", [failure_rate, auc, bootstrap_interval, lambda nmes: ced(nmes, [1.0])])
def test_scores_refuse_no_faces_and_numbers_that_are_not_finite(score, nmes):
    with pytest.raises(ValueError, match="non-empty"):
        score(nmes)


def test_scores_refuse_a_threshold_of_zero_and_an_unknown_method():
    with pytest.raises(ValueError, match="`threshold` must be positive"):
        failure_rate([1.0], 0.0)
    with pytest.raises(ValueError, match="`method` must be one of"):
        auc([1.0], method="simpson")


def test_bootstrap_interval_is_seeded_and_close_to_the_normal_one():
    values = np.random.default_rng(1).normal(5.0, 2.0, 400)
    low, high = bootstrap_interval(values, 2000, seed=3)
    half = 1.96 * values.std() / 20
    assert low == pytest.approx(values.mean() - half, abs=0.05)
    assert high == pytest.approx(values.mean() + half, abs=0.05)
    assert (low, high) == bootstrap_interval(values, 2000, seed=3) != bootstrap_interval(values, 2000, seed=4)
    narrow = bootstrap_interval(values, 2000, seed=3, level=0.5)
    assert low < narrow[0] < narrow[1] < high


def test_bootstrap_interval_of_equal_faces_has_no_width_and_large_sets_are_drawn_in_chunks():
    assert bootstrap_interval([3.0] * 7, 50) == (3.0, 3.0)
    low, high = bootstrap_interval(np.tile([1.0, 3.0], 1_500_000), 3)
    assert 1.99 < low < high < 2.01


@pytest.mark.parametrize("options", [{"n_bootstrap": 0}, {"level": 1.0}])
def test_bootstrap_interval_refuses_wrong_options(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        bootstrap_interval([1.0, 2.0], **options)
