import logging

import numpy as np
import pytest

from kerasalign.datasets import DatasetError, read_dataset

LISTS = "WFLW_annotations/list_98pt_rect_attr_train_test"


def edit(root, number, change, split="test"):
    """Rewrites one line, counted from 1, of a list."""
    path = root / LISTS / f"list_98pt_rect_attr_{split}.txt"
    lines = path.read_text().splitlines()
    lines[number - 1] = " ".join(change(lines[number - 1].split()))
    path.write_text("\n".join(lines) + "\n\n")


def test_entries_of_a_line(miniature):
    root = miniature("wflw")
    tokens = (root / LISTS / "list_98pt_rect_attr_test.txt").read_text().splitlines()[1].split()
    assert len(tokens) == 207
    sample = read_dataset("wflw", root, "test")[1]
    assert sample.name == "test/0002"
    np.testing.assert_array_equal(sample.landmarks.ravel(), np.float64(tokens[:196]))
    np.testing.assert_array_equal(sample.box("detector"), np.float64(tokens[196:200]))
    names = ("pose", "expression", "illumination", "makeup", "occlusion", "blur")
    assert [sample.attributes[name] for name in names] == [flag == "1" for flag in tokens[200:206]]
    assert sample.image == root / "WFLW_images" / tokens[206]


def test_faces_of_one_photo_have_names_of_their_own(miniature):
    samples = read_dataset("wflw", miniature("wflw"), "test")
    assert len({sample.image for sample in samples}) < len(samples)
    assert len({sample.name for sample in samples}) == len(samples)


@pytest.mark.parametrize(
    ("subset", "flag"), [("largepose", "pose"), ("makeup", "makeup"), ("blur", "blur"), ("occlusion", "occlusion")]
)
def test_subset_is_the_flagged_part_of_the_test_set(miniature, subset, flag):
    test = read_dataset("wflw", miniature("wflw"), "test")
    part = read_dataset("wflw", miniature("wflw"), subset)
    assert [s.name for s in part] == [s.name for s in test if s.attributes[flag]]
    assert 0 < len(part) < len(test)


def test_subset_lists_alone_can_be_read(own_copy):
    root = own_copy("wflw")
    full = {split: read_dataset("wflw", root, split) for split in ("test", "blur")}
    (root / LISTS / "list_98pt_rect_attr_test.txt").unlink()
    for split, expected in full.items():
        alone = read_dataset("wflw", root, split)
        for a, b in zip(alone, expected, strict=True):
            np.testing.assert_array_equal(a.landmarks, b.landmarks)
            assert a.image == b.image
            assert not a.boxes
    assert alone[0].name == "blur/0001"


def test_a_subset_list_that_says_otherwise_is_noted(own_copy, caplog):
    root = own_copy("wflw")
    path = root / "WFLW_annotations/list_98pt_test/list_98pt_test_blur.txt"
    path.write_text(path.read_text().splitlines()[0] + "\n")
    with caplog.at_level(logging.WARNING):
        assert len(read_dataset("wflw", root, "blur")) == 2
    assert "list_98pt_test_blur.txt: 1 faces differ" in caplog.text


def test_blank_lines_keep_the_numbers_of_the_others(own_copy):
    root = own_copy("wflw")
    edit(root, 2, lambda tokens: [])
    assert [s.name for s in read_dataset("wflw", root, "test")] == ["test/0001", "test/0003", "test/0004"]


def test_points_outside_the_photo_stay(own_copy):
    root = own_copy("wflw")
    edit(root, 1, lambda tokens: ["-12.5", *tokens[1:]])
    assert read_dataset("wflw", root, "test")[0].landmarks[0, 0] == -12.5


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda tokens: tokens[1:], "206 entries, but a face has 207"),
        (lambda tokens: ["x", *tokens[1:]], "not a number"),
        (lambda tokens: ["nan", *tokens[1:]], "not finite"),
        (lambda tokens: [*tokens[:200], "2", *tokens[201:]], "flags must be 0 or 1"),
        (lambda tokens: [*tokens[:206], "37--Soccer/absent.jpg"], "37--Soccer/absent.jpg is not there"),
    ],
)
def test_broken_line_is_named(own_copy, change, reason):
    root = own_copy("wflw")
    edit(root, 3, change)
    with pytest.raises(DatasetError, match=rf"list_98pt_rect_attr_test\.txt:3: .*{reason}"):
        read_dataset("wflw", root, "test")
    assert [s.name[-1] for s in read_dataset("wflw", root, "test", on_error="skip")] == ["1", "2", "4"]


def test_broken_rectangle_costs_the_box_only(own_copy, caplog):
    root = own_copy("wflw")
    edit(root, 1, lambda tokens: [*tokens[:196], "50", "50", "50", "90", *tokens[200:]])
    with caplog.at_level(logging.WARNING):
        samples = read_dataset("wflw", root, "test")
    assert [set(s.boxes) for s in samples] == [set(), *[{"detector"}] * 3]
    assert "line 1" in caplog.text


def test_absent_photos_are_logged(own_copy, caplog):
    root = own_copy("wflw")
    (root / "WFLW_images").rename(root / "images")
    with caplog.at_level(logging.WARNING), pytest.raises(DatasetError, match="no face"):
        read_dataset("wflw", root, "test", on_error="skip")
    assert "WFLW_images" in caplog.text
