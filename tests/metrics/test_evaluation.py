import csv
import dataclasses
import json

import numpy as np
import pytest

from kerasalign.evaluation import part_table, score_table
from kerasalign.metrics import (
    Evaluation,
    bootstrap_interval,
    combine,
    evaluate_landmarks,
    get_protocol,
    nme,
    part_nme,
    weighted_mean,
)

COMMON, CHALLENGING, FULL = (f"300w-{subset}-inter_pupil" for subset in ("common", "challenging", "full"))


@pytest.fixture
def common(faces):
    return evaluate_landmarks(*faces("68", 12), COMMON)


@pytest.fixture
def challenging(faces):
    return evaluate_landmarks(*faces("68", 4, noise=6.0, seed=1), CHALLENGING)


@pytest.mark.parametrize("protocol", [None, "", "300W"])
def test_there_is_no_number_without_a_protocol(faces, protocol):
    with pytest.raises(ValueError, match="`protocol` must be a Protocol"):
        evaluate_landmarks(*faces(), protocol)
    with pytest.raises(ValueError, match="`protocol` must be a Protocol"):
        Evaluation(protocol, ("a",), np.ones(1), {})


def test_scores_are_those_of_the_per_face_nmes(faces):
    prediction, target = faces("68", 40, noise=5.0)
    protocol = dataclasses.replace(get_protocol(COMMON), fr_threshold=13.0, auc_threshold=20.0, num_faces=40)
    evaluation = evaluate_landmarks(prediction, target, protocol, n_bootstrap=200, seed=5)
    nmes = nme(prediction, target, "68", "inter_pupil")
    np.testing.assert_allclose(evaluation.nmes, nmes)
    assert evaluation.nme == pytest.approx(nmes.mean())
    assert evaluation.fr == pytest.approx(100 * (nmes > 13).mean())
    assert 0 < evaluation.fr < 100
    assert evaluation.auc == pytest.approx(1 - np.minimum(nmes, 20).mean() / 20)
    assert evaluation.nme_ci == bootstrap_interval(nmes, 200, seed=5)
    assert evaluation.nme_ci[0] < evaluation.nme < evaluation.nme_ci[1]
    mouth = part_nme(prediction, target, "68", "inter_pupil")["mouth"].mean()
    assert evaluation.parts["mouth"] == pytest.approx(mouth)
    thresholds, fractions = evaluation.ced()
    assert thresholds[[0, -1]].tolist() == [0.0, 20.0]
    assert fractions[-1] == pytest.approx((nmes <= 20).mean())
    assert evaluation.notes == []


def test_parts_leave_out_faces_and_parts_that_are_not_annotated(faces):
    prediction, target = faces("68", 3)
    target[:, :17] = np.nan
    target[0, 48:] = np.nan
    evaluation = evaluate_landmarks(prediction, target, COMMON)
    assert "jaw" not in evaluation.parts
    assert evaluation.parts["mouth"] == pytest.approx(evaluation.part_nmes["mouth"][1:].mean())


def test_it_says_when_the_set_is_not_complete_and_when_the_boxes_are_not_the_models_own(faces):
    protocol = get_protocol(COMMON).with_box_source("detector:mtcnn")
    evaluation = evaluate_landmarks(*faces("68", 3), protocol, own_box_source="landmarks")
    incomplete, boxes = evaluation.notes
    assert "3 faces instead of the 554" in incomplete
    assert "tight ground-truth; evaluated with boxes: detector mtcnn" in boxes
    assert incomplete in str(score_table([evaluation]))
    assert "3 of 554" in str(score_table([evaluation]))
    assert len(evaluate_landmarks(*faces("68", 3), COMMON, own_box_source="landmarks").notes) == 1


def test_worst_faces_come_first(faces):
    prediction, target = faces("68", 3)
    prediction[1] += 5
    prediction[2] += 9
    evaluation = evaluate_landmarks(prediction, target, COMMON, names=["a", "b", "c"])
    assert evaluation.worst(2) == ["c", "b"]
    assert evaluation.worst(9) == ["c", "b", "a"]
    assert evaluation.worst(0) == []
    with pytest.raises(ValueError, match="`k`"):
        evaluation.worst(-1)


def test_json_and_csv_say_how_they_were_made(tmp_path, faces):
    prediction, target = faces("68", 3)
    target[1, :17] = np.nan
    evaluation = evaluate_landmarks(prediction, target, COMMON, names=["x/1", "y, 2", "z"])
    saved = json.loads(evaluation.to_json(tmp_path / "new" / "scores.json").read_text("utf-8"))
    assert saved == json.loads(json.dumps(evaluation.to_dict()))
    assert saved["nme"] == evaluation.nme
    assert saved["protocol"]["normalizer"] == "inter_pupil"
    assert saved["protocol_text"] == str(evaluation.protocol)
    assert len(saved["ced"]["nme"]) == len(saved["ced"]["fraction"]) == 101
    with evaluation.to_csv(tmp_path / "faces.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == ["x/1", "y, 2", "z"]
    np.testing.assert_allclose([float(row["nme"]) for row in rows], evaluation.nmes, atol=1e-6)
    assert rows[1]["jaw"] == ""
    assert float(rows[0]["jaw"]) == pytest.approx(evaluation.part_nmes["jaw"][0], abs=1e-6)
    assert {(row["protocol"], row["box_source"]) for row in rows} == {(COMMON, "landmarks")}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["faces.csv", "new"]


def test_a_write_that_fails_leaves_the_good_file(tmp_path, common, monkeypatch):
    path = common.to_json(tmp_path / "scores.json")
    good = path.read_text("utf-8")

    def full_disk(*arguments):
        raise OSError("no space left")

    monkeypatch.setattr("os.fsync", full_disk)
    for write in (common.to_json, common.to_csv):
        with pytest.raises(OSError, match="no space"):
            write(path)
        assert path.read_text("utf-8") == good
        assert list(tmp_path.iterdir()) == [path]


def test_combined_nme_is_the_mean_weighted_by_faces(common, challenging):
    full = combine([common, challenging], FULL)
    assert len(full) == 16
    assert full.nme == pytest.approx(weighted_mean([common.nme, challenging.nme], [12, 4]))
    assert full.fr == pytest.approx(weighted_mean([common.fr, challenging.fr], [12, 4]))
    assert full.auc == pytest.approx(weighted_mean([common.auc, challenging.auc], [12, 4]))
    assert full.parts["nose"] == pytest.approx(
        weighted_mean([common.parts["nose"], challenging.parts["nose"]], [12, 4])
    )
    assert full.protocol == get_protocol(FULL)


def test_published_300w_numbers_combine_to_the_full_set():
    parts = [
        Evaluation(get_protocol(name), tuple(f"{name}/{i}" for i in range(size)), np.full(size, value), {})
        for name, size, value in ((COMMON, 554, 4.63), (CHALLENGING, 135, 8.16))
    ]
    full = combine(parts, FULL)
    assert round(full.nme, 2) == 5.32
    assert full.notes == []


def test_numbers_by_different_measures_do_not_combine(common, challenging, faces):
    with pytest.raises(ValueError, match="normalizer"):
        combine([common, evaluate_landmarks(*faces(), "300w-challenging-inter_ocular")], FULL)
    other = get_protocol(CHALLENGING).with_box_source("detector:mtcnn")
    with pytest.raises(ValueError, match="box_source"):
        combine([common, evaluate_landmarks(*faces(), other)], FULL)
    with pytest.raises(ValueError, match="unique"):
        combine([common, challenging, common], FULL)
    with pytest.raises(ValueError, match="at least one"):
        combine([], FULL)


def test_a_subset_keeps_predictions_and_boxes(faces):
    protocol = get_protocol("wflw-full-inter_ocular").with_box_source("dataset")
    full = evaluate_landmarks(*faces("98", 6), protocol, names=list("abcdef"))
    pose = full.subset(["e", "b"], "wflw-pose-inter_ocular")
    np.testing.assert_array_equal(pose.nmes, full.nmes[[4, 1]])
    np.testing.assert_array_equal(pose.part_nmes["jaw"], full.part_nmes["jaw"][[4, 1]])
    assert str(pose.protocol) == ("WFLW pose (326), inter-ocular, FR/AUC at 10 %, box: data set's own")
    with pytest.raises(ValueError, match="`names` must be faces of this evaluation"):
        full.subset(["g"], "wflw-pose-inter_ocular")
    with pytest.raises(ValueError, match="differ in"):
        full.subset(["a"], COMMON)


def test_boxes_and_visibility_are_used_where_the_protocol_says(faces, monkeypatch):
    prediction, target = faces("68", 3)
    boxes = np.tile([0.0, 0.0, 50.0, 200.0], (3, 1))
    size = dataclasses.replace(get_protocol(COMMON), normalizer="box_size", normalizer_box="dataset")
    seen = dataclasses.replace(size, points="visible")
    visible = np.arange(68) >= 17
    errors = np.linalg.norm(prediction - target, axis=-1)
    np.testing.assert_allclose(evaluate_landmarks(prediction, target, size, boxes=boxes).nmes, errors.mean(1))
    evaluation = evaluate_landmarks(prediction, target, seen, boxes=boxes, visibility=[visible] * 3)
    np.testing.assert_allclose(evaluation.nmes, errors[:, 17:].mean(1))
    for options, message in (
        ({"protocol": size}, "`boxes` must be given"),
        ({"protocol": COMMON, "boxes": boxes}, "`boxes` must not be given"),
        ({"protocol": seen, "boxes": boxes}, "`visibility` must be given"),
        ({"protocol": COMMON, "visibility": [visible] * 3}, "`visibility` must not be given"),
        ({"protocol": seen, "boxes": boxes, "visibility": visible}, "`visibility` must have the shape"),
        ({"protocol": seen, "boxes": boxes, "visibility": [visible] * 2 + [visible & False]}, "face 2"),
    ):
        with pytest.raises(ValueError, match=message):
            evaluate_landmarks(prediction, target, **options)


def test_groups_of_equal_weight(faces):
    protocol = get_protocol("aflw2000-3d-yaw_balanced-box_size")
    plain = dataclasses.replace(protocol, strata="")
    prediction, target = faces("68", 6)
    prediction[4:] += 9
    strata = list("aaaabb")
    balanced = evaluate_landmarks(prediction, target, protocol, strata=strata, names=list("uvwxyz"))
    groups = [evaluate_landmarks(prediction[part], target[part], plain) for part in (slice(4), slice(4, 6))]
    for score in ("nme", "fr", "auc"):
        assert getattr(balanced, score) == pytest.approx(np.mean([getattr(group, score) for group in groups]))
    assert balanced.parts["nose"] == pytest.approx(np.mean([group.parts["nose"] for group in groups]))
    np.testing.assert_allclose(balanced.ced()[1], np.mean([group.ced()[1] for group in groups], 0))
    assert balanced.nme > evaluate_landmarks(prediction, target, plain).nme + 1
    assert balanced.nme_ci[0] < balanced.nme < balanced.nme_ci[1]
    assert balanced.subset(["z", "u"], protocol).nme == pytest.approx(balanced.nmes[[5, 0]].mean())
    assert combine([balanced], protocol).nme == balanced.nme
    for options, message in (
        ({"protocol": protocol}, "`strata` must be given"),
        ({"protocol": plain, "strata": strata}, "`strata` must not be given"),
        ({"protocol": protocol, "strata": strata[:5]}, "`strata` must be one group per face"),
    ):
        with pytest.raises(ValueError, match=message):
            evaluate_landmarks(prediction, target, **options)


@pytest.mark.parametrize("names", [["a", "b"], ["a", "b", "b"]])
def test_names_are_one_per_face_and_unique(faces, names):
    with pytest.raises(ValueError, match="`names` must"):
        evaluate_landmarks(*faces("68", 3), COMMON, names=names)


def test_no_faces_are_no_evaluation():
    with pytest.raises(ValueError, match="one or more faces"):
        evaluate_landmarks(np.zeros((0, 68, 2)), np.zeros((0, 68, 2)), COMMON)


def test_tables_show_the_papers_numbers_beside_ours(common, challenging):
    alone = str(score_table([common], {COMMON: {"nme": 4.63, "fr": None}}))
    assert str(common.protocol) in alone
    assert f"{common.nme:.2f} ({common.nme_ci[0]:.2f}..{common.nme_ci[1]:.2f})" in alone
    assert "4.63" in alone
    assert f"{common.nme - 4.63:+.2f}" in alone
    assert "paper" not in str(score_table([common]))
    both = str(score_table([common, challenging], {COMMON: {"nme": 4.63}, CHALLENGING: {"auc": 0.5}}))
    assert both.splitlines()[1].count("paper") == 2
    assert f"{challenging.auc - 0.5:+.4f}" in both
    assert "300W, inter-pupil" in both


def test_a_paper_s_number_by_other_boxes_names_them_and_has_no_difference(common):
    text = str(score_table([common], {COMMON: {"nme": 4.63, "box_source": "detector:mtcnn"}}))
    assert "4.63 (box: detector mtcnn)" in text and f"{common.nme - 4.63:+.2f}" not in text
    assert "does not say" not in text
    unknown = score_table([common], {COMMON: {"nme": 4.63, "box_source": ""}})
    assert unknown.notes[-1] == "The paper does not say which boxes its crops were cut by."
    assert f"{common.nme - 4.63:+.2f}" in str(unknown)


def test_a_table_of_different_measures_names_each_protocol_in_full(faces, common):
    other = evaluate_landmarks(*faces(), "300w-common-inter_ocular")
    text = str(score_table([common, other]))
    assert str(common.protocol) in text
    assert str(other.protocol) in text
    moved = evaluate_landmarks(*faces(), common.protocol.with_box_source("detector:mtcnn"))
    assert "common, box: detector mtcnn" in str(score_table([common, moved]))


def test_part_table_has_every_part(common, challenging):
    text = str(part_table([common, challenging]))
    assert "right brow" in text
    assert f"{challenging.parts['mouth']:.2f}" in text
    with pytest.raises(ValueError, match="at least one"):
        part_table([])
