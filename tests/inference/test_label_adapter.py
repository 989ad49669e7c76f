"""Label adapters: differences of convention are learned in the face's own frame, and undone."""

import numpy as np
import pytest

from kerasalign.geometry import about, apply_affine, rotation
from kerasalign.inference import Face, Faces, LabelAdapter
from kerasalign.markups import get_markup

MARKUP = get_markup("68")
FLIP = np.array(MARKUP.flip)
LIFT = np.zeros((68, 2))
LIFT[17:27, 1] = -0.03  # brows a little higher
LIFT[48], LIFT[54] = (0.02, 0.0), (-0.02, 0.0)  # mouth corners further in


def faces(count, habit, spread=0.02, seed=0):
    """Faces of many shapes, turned, scaled and moved, with a model's and an annotator's points."""
    rng = np.random.default_rng(seed)
    found, truth = [], []
    for _ in range(count):
        shape = MARKUP.mean_shape + rng.normal(0, spread, (68, 2))
        turn = rng.uniform(50, 300) * rotation(rng.uniform(-40, 40))
        matrix = about(np.zeros(2), turn, rng.uniform(-100, 900, 2))
        found.append(apply_affine(matrix, shape))
        truth.append(apply_affine(matrix, shape + habit(shape)))
    return np.array(found), np.array(truth)


def error(points, truth):
    size = np.ptp(truth, axis=1).max(1)
    return (np.linalg.norm(points - truth, axis=-1) / size[:, None]).mean()


def test_offsets_are_learned_from_few_faces_however_they_lie():
    found, truth = faces(8, lambda shape: LIFT)
    adapter = LabelAdapter.fit(found, truth)
    assert adapter.slope is None
    np.testing.assert_allclose(adapter.offsets, LIFT, atol=2e-3)
    others, theirs = faces(20, lambda shape: LIFT, seed=1)
    assert error(adapter.apply(others), theirs) < 0.1 * error(others, theirs)


def test_a_linear_habit_needs_the_linear_map():
    def habit(shape):
        # Chins of long faces are set lower.
        shift = np.zeros((68, 2))
        shift[5:12, 1] = 0.4 * (shape[8, 1] - MARKUP.mean_shape[8, 1])
        return LIFT + shift

    found, truth = faces(150, habit)
    others, theirs = faces(40, habit, seed=1)
    errors = {
        kind: error(LabelAdapter.fit(found, truth, kind=kind).apply(others), theirs)
        for kind in ("offset", "linear", "auto")
    }
    assert errors["linear"] < 0.7 * errors["offset"] < 0.7 * error(others, theirs)
    assert errors["auto"] == pytest.approx(errors["linear"])


def test_auto_takes_offsets_where_a_slope_only_fits_noise():
    rng = np.random.default_rng(3)
    found, truth = faces(24, lambda shape: LIFT + rng.normal(0, 0.01, (68, 2)))
    assert LabelAdapter.fit(found, truth).slope is None


def test_points_without_annotation_stay_and_mirror_images_fill_in():
    found, truth = faces(12, lambda shape: LIFT)
    truth[:, 30] = np.nan  # on the midline: no mirror image
    truth[:, 17:22] = np.nan  # one brow: the other tells
    adapter = LabelAdapter.fit(found, truth)
    np.testing.assert_array_equal(adapter.offsets[30], 0)
    np.testing.assert_allclose(adapter.offsets[17:22], LIFT[17:22], atol=2e-3)
    linear = LabelAdapter.fit(found, truth, kind="linear")
    assert np.isfinite(linear.apply(found)).all()


def test_it_is_as_symmetric_as_faces_are():
    found, truth = faces(40, lambda shape: LIFT + 0.2 * (shape - MARKUP.mean_shape))
    adapter = LabelAdapter.fit(found, truth, kind="linear")
    face = found[0]
    mirrored = MARKUP.mirror(face, 1000)
    np.testing.assert_allclose(adapter.apply(mirrored), MARKUP.mirror(adapter.apply(face), 1000), atol=1e-6)


def test_results_of_a_photo_are_moved_and_the_file_is_read_back(tmp_path):
    found, truth = faces(8, lambda shape: LIFT)
    adapter = LabelAdapter.fit(found, truth)
    photo = Faces([Face(found[0], [0, 0, 9, 9], MARKUP, score=0.5)], "68", source="a.jpg", size=(9, 9))
    adapter.save(tmp_path / "mine.json")
    again = LabelAdapter.load(tmp_path / "mine.json").adapted(photo)
    assert again.source == "a.jpg" and again[0].score == 0.5
    assert error(again.landmarks, truth[:1]) < 0.1 * error(found[:1], truth[:1])
    assert len(adapter.adapted(photo[:0])) == 0


def test_wrong_arguments_are_named(tmp_path):
    found, truth = faces(4, lambda shape: LIFT)
    for arguments, message in (
        ((found[:, :5], truth), r"`predicted` must be \(F, 68, 2\)"),
        ((found[:3], truth), "`predicted` must be known for every face"),
        ((found, truth, "68", "cubic"), "`kind` must be"),
        ((found, truth, "68", "linear"), "at least ten faces"),
    ):
        with pytest.raises(ValueError, match=message):
            LabelAdapter.fit(*arguments)
    adapter = LabelAdapter.fit(found, truth)
    with pytest.raises(ValueError, match=r"`landmarks` must be"):
        adapter.apply(found[..., :1])
    with pytest.raises(ValueError, match="markup '68'"):
        adapter.adapted(Faces([], "98"))
    (tmp_path / "other.json").write_text("[]")
    with pytest.raises(ValueError, match="label adapter's file"):
        LabelAdapter.load(tmp_path / "other.json")
