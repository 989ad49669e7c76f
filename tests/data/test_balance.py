import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from kerasalign.data import balance_report, gdb_copies, gdb_weights, mahalanobis, pdb_copies, shape_space
from kerasalign.data.balance import align_shapes, pose_bins, principal_components
from kerasalign.markups import get_markup


def faces(n=60, seed=0, turn=0.0):
    """Faces whose first component is a squeeze in x, in frames of their own."""
    rng = np.random.default_rng(seed)
    shape = get_markup("68").mean_shape
    squeeze = np.linspace(-0.25, 0.25, n)[rng.permutation(n)]
    points = shape[None] * np.stack([1 + squeeze, np.ones(n)], 1)[:, None] + rng.normal(0, 0.004, (n, 68, 2))
    angle = rng.uniform(-turn, turn, n)
    z = points @ np.array([1, 1j]) * (rng.uniform(50, 200, n) * np.exp(1j * angle))[:, None]
    z += (rng.uniform(0, 500, n) + 1j * rng.uniform(0, 500, n))[:, None]
    return np.stack([z.real, z.imag], -1), squeeze


def test_golden_distances():
    """Six rows of four numbers; values computed apart from this code, with plain numpy."""
    grid = np.arange(24.0).reshape(6, 4)
    components, variances, scores = principal_components(np.sin(grid * grid + 1))
    np.testing.assert_allclose(variances, [1.07886447, 0.75299797, 0.08415252, 0.0228152], rtol=1e-6)
    expected = [1.4322025, 1.17802442, 1.23048498, 0.95600737, 1.19889679, 1.64184579]
    np.testing.assert_allclose(mahalanobis(scores, variances, 2), expected, rtol=1e-7)
    assert (mahalanobis(scores, variances) ** 2).sum() == pytest.approx(4 * 5)
    np.testing.assert_allclose(components @ components.T, np.eye(4), atol=1e-12)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(n=st.integers(3, 30), seed=st.integers(0, 1000))
def test_squared_distances_sum_to_rank_times_n_minus_one(n, seed):
    landmarks = np.random.default_rng(seed).normal(size=(n, 10, 2))
    space = shape_space(landmarks)
    total = (mahalanobis(space.scores, space.variances) ** 2).sum()
    assert total == pytest.approx(len(space.variances) * (n - 1))
    assert len(space.variances) <= min(n - 1, 20)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(seed=st.integers(0, 1000), scale=st.floats(0.1, 10), angle=st.floats(-1, 1))
def test_alignment_forgets_frames(seed, scale, angle):
    landmarks, _ = faces(12, seed)
    z = scale * np.exp(1j * angle) * (landmarks[3] @ np.array([1, 1j])) + (30 - 4j)
    moved = landmarks.copy()
    moved[3] = np.stack([z.real, z.imag], -1)
    aligned, mean = align_shapes(landmarks, passes=6)
    again, mean_again = align_shapes(moved, passes=6)
    # Another frame turns the common result as a whole at most; distances inside do not change.
    np.testing.assert_allclose(_distances(again), _distances(aligned), atol=1e-4)
    assert np.linalg.norm(mean) == pytest.approx(1) and np.linalg.norm(mean_again) == pytest.approx(1)


def _distances(shapes):
    flat = shapes.reshape(len(shapes), -1)
    return np.linalg.norm(flat[:, None] - flat[None], axis=-1)


def test_weights_favor_unusual_faces():
    landmarks, squeeze = faces()
    weights = gdb_weights(landmarks, components=1)
    assert weights.shape == (60,) and weights.mean() == pytest.approx(1)
    assert np.corrcoef(weights, np.abs(squeeze - squeeze.mean()))[0, 1] > 0.95
    assert np.abs(np.corrcoef(shape_space(landmarks).scores[:, 0], squeeze)[0, 1]) > 0.99


def test_variance_decides_the_components():
    space = shape_space(faces()[0])
    share = np.cumsum(space.variances) / space.variances.sum()
    assert space.keep(0.5) == 1
    kept = space.keep(0.95)
    assert share[kept - 1] >= 0.95 and (kept == 1 or share[kept - 2] < 0.95)
    assert space.keep(1.0) == len(space.variances)
    assert space.keep(components=3) == 3 and space.keep(components=10**6) == len(space.variances)
    for bad in ({"variance": 0.0}, {"variance": 1.2}, {"components": 0}):
        with pytest.raises(ValueError, match=f"`{next(iter(bad))}`"):
            space.keep(**bad)


def test_copies_round_the_distance_over_its_median():
    landmarks, _ = faces()
    space = shape_space(landmarks)
    distance = mahalanobis(space.scores, space.variances, space.keep())
    copies = gdb_copies(landmarks)
    assert copies.min() == 1 and copies.max() > 1
    np.testing.assert_array_equal(copies, np.maximum(1, np.rint(distance / np.median(distance))))


@settings(max_examples=15, deadline=None, derandomize=True)
@given(seed=st.integers(0, 1000), bins=st.integers(1, 12))
def test_pose_balancing_fills_every_bin_to_the_fullest(seed, bins):
    landmarks = np.random.default_rng(seed).normal(size=(50, 5, 2)) + get_markup("5").mean_shape * 9
    index = pose_bins(landmarks, bins)
    copies = pdb_copies(landmarks, bins)
    before = np.bincount(index, minlength=bins)
    after = np.bincount(index, copies, minlength=bins)
    np.testing.assert_array_equal(after[before > 0], before.max())
    assert copies.min() >= 1 and before.sum() == 50
    np.testing.assert_array_equal(copies, pdb_copies(landmarks, bins))


def test_missing_points_do_not_make_a_face_unusual():
    landmarks, _ = faces(turn=0.3)
    full = gdb_weights(landmarks)
    holes = landmarks.copy()
    holes[5, :4] = np.nan
    weights = gdb_weights(holes)
    assert np.isfinite(weights).all() and weights[5] < 1.3 * full[5]
    np.testing.assert_allclose(np.delete(weights, 5), np.delete(full, 5), atol=0.25)


@pytest.mark.parametrize(
    "bad", [np.zeros((1, 68, 2)), np.zeros((4, 68)), np.full((3, 5, 2), np.nan), np.ones((3, 5, 2))]
)
def test_shapes_that_cannot_be_balanced(bad):
    with pytest.raises(ValueError, match="Received"):
        shape_space(bad)


@pytest.mark.filterwarnings("error")
def test_identical_shapes_are_told():
    with pytest.raises(ValueError, match="identical"):
        shape_space(np.repeat(get_markup("5").mean_shape[None], 4, 0))


@pytest.mark.parametrize("method", ["gdb", "pdb"])
def test_report(method):
    landmarks, _ = faces()
    report = balance_report(landmarks, method, ends=5)
    assert report.before.sum() == 60 and report.after.sum() == pytest.approx(60)
    assert report.score[report.top[0]] == report.score.max()
    assert report.score[report.bottom[0]] == report.score.min()
    assert len(report.top) == len(report.bottom) == 5 and not set(report.top) & set(report.bottom)
    assert report.summary()["list_length"] == report.copies.sum()
    if method == "pdb":
        seen = report.after[report.before > 0]
        np.testing.assert_allclose(seen, seen[0])
    else:
        np.testing.assert_allclose(report.weights, gdb_weights(landmarks))
    with pytest.raises(ValueError, match="method"):
        balance_report(landmarks, "random")


def test_faces_turned_to_either_side_can_share_a_bin():
    rng = np.random.default_rng(0)
    base, turn = rng.normal(0, 1, (10, 2)), rng.normal(0, 1, (10, 2))
    amount = np.r_[np.linspace(-1, 1, 21), -1.0, 1.0]
    faces = base + 0.2 * amount[:, None, None] * turn
    bins = pose_bins(faces, 9, absolute=True)
    assert bins[0] == bins[20] == bins[-1] == bins[-2] and bins[10] < 2
    assert pose_bins(faces, 9)[0] != pose_bins(faces, 9)[20]
    copies = pdb_copies(faces, 9, absolute=True)
    filled = np.bincount(bins, copies)
    assert copies.min() >= 1 and set(filled[filled > 0]) == {filled.max()}
