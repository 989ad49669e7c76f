import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from kerasalign.geometry import about, apply_affine, rotation
from kerasalign.markups import get_markup
from kerasalign.metrics import list_normalizers, nme, part_nme, point_errors


def golden():
    """The example of the MuSiCa loss: three points off, outer eye corners 50 px apart."""
    target = np.zeros((1, 68, 2))
    target[0, 45] = 40, 30
    prediction = target.copy()
    prediction[0, :3] += [[4, 3], [0.004, 0.004], [0.006, 0.006]]
    return prediction, target


def test_golden_value():
    assert nme(*golden(), "68", "inter_ocular")[0] == pytest.approx(0.1474747687, abs=1e-10)


def test_point_errors_are_distances_and_nan_where_not_annotated():
    target = np.array([[[0.0, 0.0], [1.0, np.nan]]])
    errors = point_errors(np.array([[[3.0, 4.0], [1.0, 1.0]]]), target)
    np.testing.assert_array_equal(errors, [[5.0, np.nan]])


def test_points_not_annotated_are_skipped_whatever_is_predicted_there(faces):
    prediction, target = faces("68", 4)
    target[:, :17] = np.nan
    prediction[:, :17] = np.nan
    expected = 100 * np.linalg.norm(prediction - target, axis=-1)[:, 17:].mean(1)
    expected /= np.linalg.norm(target[:, 36] - target[:, 45], axis=-1)
    np.testing.assert_allclose(nme(prediction, target, "68", "inter_ocular"), expected)


def test_no_error_is_zero_and_no_faces_give_no_numbers(faces):
    _, target = faces("98", 3)
    np.testing.assert_array_equal(nme(target, target, "98", "inter_pupil"), np.zeros(3))
    assert nme(np.zeros((0, 68, 2)), np.zeros((0, 68, 2)), "68", "inter_ocular").shape == (0,)


def test_parts_are_the_nme_over_their_points(faces):
    prediction, target = faces("68", 3)
    prediction[:, 48:] = target[:, 48:]
    target[1, :17] = np.nan
    parts = part_nme(prediction, target, "68", "inter_ocular")
    assert list(parts) == list(get_markup("68").parts)
    np.testing.assert_array_equal(parts["mouth"], 0)
    assert np.isnan(parts["jaw"]).tolist() == [False, True, False]
    sizes = {part: len(points) for part, points in get_markup("68").parts.items()}
    whole = sum(parts[part] * sizes[part] for part in sizes) / 68
    np.testing.assert_allclose(whole[[0, 2]], nme(prediction, target, "68", "inter_ocular")[[0, 2]])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p, t: (p[:, :67], t), "same shape"),
        (lambda p, t: (p[0], t[0]), r"`prediction` must be \(B, N, 2\)"),
        (lambda p, t: (p[:, :5], t[:, :5]), "68 points"),
        (lambda p, t: (np.where(np.arange(68)[:, None] == 3, np.nan, p), t), "`prediction` must be finite"),
        (lambda p, t: (np.where(np.arange(68)[:, None] == 3, np.inf, p), t), "`prediction` must be finite"),
        (lambda p, t: (p, np.full_like(t, np.nan)), "annotated point for every face"),
    ],
)
def test_what_does_not_fit_is_an_error(faces, change, message):
    with pytest.raises(ValueError, match=message):
        nme(*change(*faces("68", 2)), "68", "inter_ocular")


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    st.floats(-180, 180),
    st.floats(0.05, 30),
    st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)),
    st.sampled_from(["68", "98", "5"]),
    st.sampled_from(["inter_ocular", "inter_pupil"]),
    st.integers(0, 99),
)
def test_nme_is_invariant_to_similarity_transforms(angle, scale, shift, markup, normalizer, seed):
    generator = np.random.default_rng(seed)
    shape = get_markup(markup).mean_shape * 100
    target = shape + generator.normal(0, 1, (2, *shape.shape))
    prediction = target + generator.normal(0, 3, target.shape)
    matrix = about(np.zeros(2), scale * rotation(angle), np.asarray(shift))
    moved = nme(apply_affine(matrix, prediction), apply_affine(matrix, target), markup, normalizer)
    np.testing.assert_allclose(moved, nme(prediction, target, markup, normalizer), rtol=1e-8)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.sampled_from(list_normalizers()), st.integers(0, 99), st.floats(10, 500))
def test_nme_is_invariant_to_mirroring(normalizer, seed, width):
    markup = get_markup("98")
    generator = np.random.default_rng(seed)
    target = markup.mean_shape * 100 + generator.normal(0, 1, (2, 98, 2))
    prediction = target + generator.normal(0, 3, target.shape)
    mirrored = nme(markup.mirror(prediction, width), markup.mirror(target, width), markup, normalizer)
    np.testing.assert_allclose(mirrored, nme(prediction, target, markup, normalizer))
