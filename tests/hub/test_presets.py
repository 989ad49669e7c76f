"""Names become models; what is not there explains itself."""

import json

import pytest

from kerasalign.hub import UnknownPreset, WeightsCorrupted, WeightsNotPublished


def test_load_takes_the_checked_bundled_file(hub, tmp_path):
    model = hub.load("tiny-drawn")
    assert model.loaded == str(tmp_path / "package" / "weights" / "tiny.weights.h5")
    assert model.config["name"] == "tiny-drawn"


def test_load_without_weights_is_untrained(hub):
    assert hub.load("large-drawn", weights=None).loaded is None


def test_load_takes_a_path(hub, tmp_path):
    mine = tmp_path / "mine.weights.h5"
    mine.write_bytes(b"mine")
    assert hub.load("large-drawn", weights=mine).loaded == str(mine)
    assert hub.load("large-drawn", weights=str(mine)).loaded == str(mine)


def test_load_of_a_training_run_takes_its_network(hub, tmp_path):
    (tmp_path / "best.weights.h5").write_bytes(b"mine")
    card = {"model": {"markup": "68", "num_landmarks": 68, "name": "as trained"}}
    (tmp_path / "run.json").write_text(json.dumps(card))
    assert hub.load("tiny-drawn", weights=tmp_path / "best.weights.h5").config["name"] == "as trained"


def test_load_of_an_absent_path(hub, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent\.weights\.h5"):
        hub.load("tiny-drawn", weights=tmp_path / "absent.weights.h5")


def test_unpublished_weights_tell_what_to_do(hub):
    with pytest.raises(WeightsNotPublished) as caught:
        hub.load("large-drawn")
    message = str(caught.value)
    assert "kerasalign train large-drawn --data DIR" in message
    assert "weights=None" in message
    assert "'tiny-drawn' is bundled" in message  # the one of the same markup, not `tiny-five`


def test_an_untrainable_preset_says_why(hub):
    with pytest.raises(WeightsNotPublished, match="Size only"):
        hub.load("large-mobile")


def test_unknown_name(hub):
    for call in (hub.load, hub.info):
        with pytest.raises(UnknownPreset, match="large-drawn"):
            call("large-drown")


def test_a_changed_bundled_file_is_refused(hub, tmp_path):
    (tmp_path / "package" / "weights" / "tiny.weights.h5").write_bytes(b"other bytes")
    with pytest.raises(WeightsCorrupted, match="sha256"):
        hub.load("tiny-drawn")


def test_a_manifest_whose_crop_contradicts_the_network_is_refused(hub, manifest_json, tmp_path):
    text = (tmp_path / "weights_manifest.json").read_text()
    (tmp_path / "weights_manifest.json").write_text(text.replace('"scale": 1.5', '"scale": 1.6'))
    with pytest.raises(ValueError, match="`crop` is not that of its architecture"):
        hub.load("tiny-drawn")


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({}, ["tiny-five", "tiny-drawn", "large-drawn", "large-mobile"]),
        ({"paper": "tiny"}, ["tiny-five", "tiny-drawn"]),
        ({"markup": "5"}, ["tiny-five"]),
        ({"markup": 5}, ["tiny-five"]),
        ({"dataset": "wflw"}, []),
        ({"available": True}, ["tiny-five", "tiny-drawn"]),
        ({"available": False, "paper": "large"}, ["large-drawn", "large-mobile"]),
        ({"commercial_use": True}, []),
        ({"commercial_use": False}, ["tiny-five", "tiny-drawn"]),
    ],
)
def test_list_models_filters(hub, filters, names):
    assert hub.list_models(**filters) == names


def test_info_counts_on_the_network(hub):
    told = hub.info("tiny-drawn")
    assert told["parameters"] == 17
    assert (told["macs"], told["macs_paper"]) == (200, 100)
    assert told["available"] and told["points"] == 68
    assert told["weights"]["training_data"][0]["name"] == "drawn faces"


def test_align_loads_the_default_once(hub, monkeypatch):
    loads = []
    real = hub.presets.load
    monkeypatch.setattr(hub.presets, "load", lambda name: loads.append(name) or real(name))
    assert hub.align("a.jpg", detector="mtcnn") == ("tiny-drawn", "a.jpg", {"detector": "mtcnn"})
    hub.align("b.jpg")
    assert loads == ["tiny-drawn"]
    assert hub.align("a.jpg", model="tiny-five")[0] == "tiny-five"


def test_align_takes_a_model(hub):
    model = hub.load("tiny-five", weights=None)
    assert hub.align("a.jpg", model, boxes=[])[0] == "tiny-five"
