import dataclasses

import numpy as np
import pytest

from kerasalign.markups import get_markup
from kerasalign.metrics import (
    Protocol,
    evaluate_landmarks,
    get_protocol,
    list_protocols,
    register_protocol,
    unregister_protocol,
)


def test_the_line_for_people_says_how_the_number_was_made():
    protocol = get_protocol("300w-common-inter_pupil")
    assert str(protocol) == "300W common (554), inter-pupil, FR/AUC at 10 %, box: tight ground-truth"
    assert str(protocol.with_box_source("detector:mtcnn")).endswith("box: detector mtcnn")
    assert str(protocol.with_box_source("scaled:1.2")).endswith("box: tight ground-truth x 1.2")
    assert str(protocol.with_box_source("dataset:detector")).endswith("box: data set's detector")
    other = dataclasses.replace(protocol, auc_threshold=8.0, auc_method="scc")
    assert "FR at 10 %, AUC (scc) at 8 %" in str(other)
    assert "visible points" in str(get_protocol("aflw-full-box_size-visible"))
    assert "box-size of the data set's box" in str(get_protocol("aflw-full-box_size"))


@pytest.mark.parametrize("name", list_protocols())
def test_every_registered_protocol_is_found_by_its_name(name):
    protocol = get_protocol(name)
    assert protocol.name == name
    assert name.startswith(f"{protocol.dataset.lower()}-{protocol.subset}-{protocol.normalizer}")
    assert protocol.fr_threshold == protocol.auc_threshold == 10.0
    assert protocol.reference
    assert Protocol(**protocol.to_dict()) == protocol


@pytest.mark.parametrize("name", list_protocols())
def test_every_registered_protocol_scores_faces_of_its_markup(name):
    protocol = get_protocol(name)
    face = get_markup(protocol.markup).mean_shape[None] * 100
    options = {}
    if protocol.normalizer_box == "dataset":
        options["boxes"] = np.array([[0.0, 0.0, 100.0, 100.0]])
    if protocol.points == "visible":
        options["visibility"] = np.ones(face.shape[:2], bool)
    if protocol.strata:
        options["strata"] = ["a"]
    assert evaluate_landmarks(face, face, protocol, **options).nme == 0
    assert evaluate_landmarks(face + 1, face, protocol, **options).nme > 0.5


def test_the_papers_protocols_are_there():
    for subset in ("common", "challenging", "full"):
        for normalizer in ("inter_pupil", "inter_ocular"):
            assert get_protocol(f"300w-{subset}-{normalizer}").markup == "68"
    assert len(list_protocols("WFLW")) == 7
    assert {get_protocol(name).markup for name in list_protocols("COFW")} == {"29"}
    assert len(list_protocols("COFW68")) == 3
    assert {get_protocol(name).normalizer for name in list_protocols("AFLW")} == {
        "box_size",
        "box_diagonal",
        "box_width",
    }


def test_aflw2000_has_the_plain_mean_the_bins_and_their_mean():
    for length in ("box_size", "box_diagonal"):
        plain, balanced = (get_protocol(f"aflw2000-3d-{subset}-{length}") for subset in ("full", "yaw_balanced"))
        assert plain.strata == ""
        assert plain.differences(balanced) == ["strata"]
        for part in ("yaw0_30", "yaw30_60", "yaw60_90"):
            assert get_protocol(f"aflw2000-3d-{part}-{length}").differences(plain) == []
    assert "mean over yaw bins" in str(get_protocol("aflw2000-3d-yaw_balanced-box_size"))


def test_an_unknown_name_is_an_error_that_suggests_close_ones():
    with pytest.raises(ValueError, match="300w-common-inter_pupil"):
        get_protocol("300w-common-interpupil")
    with pytest.raises(ValueError, match="`protocol` must be a Protocol"):
        get_protocol(None)


def test_box_source_changes_the_protocol_and_nothing_else():
    protocol = get_protocol("wflw-pose-inter_ocular")
    other = protocol.with_box_source("dataset")
    assert other != protocol
    assert other.with_box_source("landmarks") == protocol
    assert protocol.differences(other) == []
    assert protocol.differences(get_protocol("wflw-full-inter_ocular")) == []
    assert protocol.differences(get_protocol("300w-full-inter_pupil")) == ["dataset", "normalizer", "markup"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("normalizer", "iod"),
        ("normalizer_box", "detector"),
        ("points", "some"),
        ("auc_method", "best"),
        ("fr_threshold", 0.0),
        ("auc_threshold", -1.0),
        ("box_source", "mtcnn"),
        ("box_source", "scaled:"),
        ("box_source", "detector:"),
    ],
)
def test_a_field_with_an_unknown_value_is_an_error(field, value):
    with pytest.raises(ValueError, match=f"`{field}` must be"):
        dataclasses.replace(get_protocol("300w-common-inter_pupil"), **{field: value})


@pytest.fixture
def forgotten():
    """Removes the protocol that a test registers."""
    yield
    unregister_protocol("mine-test-inter_ocular")


def test_registering(forgotten):
    mine = Protocol("mine-test-inter_ocular", "mine", "test", 12, "68", "inter_ocular")
    assert register_protocol(mine) is mine
    assert register_protocol(dataclasses.replace(mine)) == mine
    assert list_protocols("mine") == ["mine-test-inter_ocular"]
    with pytest.raises(ValueError, match="registered already"):
        register_protocol(dataclasses.replace(mine, num_faces=13))
