"""Names become models; what is not there explains itself."""

import logging
from dataclasses import replace

import numpy as np
import pytest

import kerasalign
from kerasalign.core.origin import Weights
from kerasalign.hub import (
    Manifest,
    UnknownPreset,
    WeightsCorrupted,
    WeightsNotPublished,
    as_model,
    model_card,
    use_catalog,
)
from kerasalign.models import build
from kerasalign.training import RunCard
from tests.support.cases import set_known_weights
from tests.support.entries import architecture, weights_entry

MARKUPS = {"tiny-five": "5", "tiny-drawn": "68"}


@pytest.fixture
def bundled(weights_files):
    return {f"{name}.weights.h5": weights_files[markup] for name, markup in MARKUPS.items()}


@pytest.fixture
def manifest_json(manifest_json, bundled):
    for name in MARKUPS:
        file = f"{name}.weights.h5"
        manifest_json["presets"][name]["weights"] = weights_entry(bundled[file], file=file)
    return manifest_json


def same_weights(model, other):
    """Whether two networks compute the same."""
    pairs = list(zip(model.get_weights(), other.get_weights(), strict=True))
    return all(np.array_equal(a, b) for a, b in pairs)


@pytest.fixture(scope="module")
def trained():
    """The network of `tiny-drawn` and of `large-drawn`, with the weights of the bundled file."""
    model = build(architecture())
    set_known_weights(model)
    return model


def test_load_takes_the_checked_bundled_file(catalog, trained):
    model = kerasalign.load("tiny-drawn")
    assert same_weights(model, trained)
    assert (model.origin.name, model.origin.dataset) == ("tiny-drawn", "drawn")
    assert model.origin.weights == catalog.manifest["tiny-drawn"].weights


def test_what_must_be_known_of_weights_is_said_when_they_are_loaded(catalog, caplog):
    caution = "These weights saw renders, and no photo."
    entry = catalog.manifest["tiny-drawn"]
    wary = replace(entry, weights=replace(entry.weights, caution=caution))
    presets = dict(catalog.manifest.presets) | {wary.name: wary}
    with use_catalog(replace(catalog, manifest=replace(catalog.manifest, presets=presets))):
        kerasalign.load("tiny-drawn", weights=None)
        assert not caplog.records
        model = kerasalign.load("tiny-drawn")
        assert caution in str(kerasalign.info("tiny-drawn"))
    (record,) = caplog.records
    assert record.levelno == logging.WARNING and record.getMessage() == f"tiny-drawn: {caution}"
    assert model.origin.weights.caution == caution and f"**{caution}**" in model_card(wary)


def test_load_without_weights_is_untrained(catalog, trained):
    model = kerasalign.load("tiny-drawn", weights=None)
    assert not same_weights(model, trained) and model.origin.weights is None


@pytest.mark.parametrize("kind", [str, lambda path: path])
def test_load_takes_a_path(catalog, tmp_path, trained, kind, caplog):
    trained.save_weights(tmp_path / "mine.weights.h5")
    with caplog.at_level(logging.INFO, "kerasalign.hub"):
        model = kerasalign.load("large-drawn", weights=kind(tmp_path / "mine.weights.h5"))
    assert same_weights(model, trained) and model.origin.weights is None
    assert not caplog.records


def test_load_of_a_training_run_takes_its_network_and_says_so(catalog, tmp_path, caplog):
    of_the_run = build(architecture(hidden=4))
    of_the_run.save_weights(tmp_path / "best.weights.h5")
    RunCard("musica", {"steps": 7}, of_the_run.get_config()).write(tmp_path / "run.json")
    with caplog.at_level(logging.INFO, "kerasalign.hub"):
        model = kerasalign.load("tiny-drawn", weights=tmp_path / "best.weights.h5")
    assert same_weights(model, of_the_run) and model.origin.training == {"recipe": "musica", "settings": {"steps": 7}}
    (record,) = caplog.records
    message = record.getMessage()
    assert record.levelno == logging.INFO and str(tmp_path / "run.json") in message
    assert message.endswith("not as preset 'tiny-drawn': they differ in hidden, mean_shape")


def test_a_training_run_of_the_preset_s_own_network_says_nothing(catalog, manifest_json, tmp_path, caplog, trained):
    manifest_json["presets"]["tiny-drawn"]["architecture"] = trained.config.architecture()
    trained.save_weights(tmp_path / "best.weights.h5")
    RunCard("musica", {}, trained.get_config()).write(tmp_path / "run.json")
    same_network = replace(catalog, manifest=Manifest.from_json(manifest_json))
    with use_catalog(same_network), caplog.at_level(logging.INFO, "kerasalign.hub"):
        model = kerasalign.load("tiny-drawn", weights=tmp_path / "best.weights.h5")
    assert same_weights(model, trained) and not caplog.records


def test_a_presets_own_file_keeps_its_terms(catalog, bundled, tmp_path, trained):
    (tmp_path / "renamed.weights.h5").write_bytes(bundled["tiny-drawn.weights.h5"])
    published = kerasalign.load("tiny-drawn", weights=tmp_path / "renamed.weights.h5")
    assert published.origin.weights.license == "CC-BY-NC-4.0"
    kerasalign.load("tiny-drawn", weights=None).save_weights(tmp_path / "mine.weights.h5")
    assert kerasalign.load("tiny-drawn", weights=tmp_path / "mine.weights.h5").origin.weights is None


def test_load_of_an_absent_path(catalog, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent\.weights\.h5"):
        kerasalign.load("tiny-drawn", weights=tmp_path / "absent.weights.h5")


def test_unpublished_weights_tell_what_to_do(catalog):
    with pytest.raises(WeightsNotPublished) as caught:
        kerasalign.load("large-drawn")
    message = str(caught.value)
    assert "kerasalign train large-drawn --data DIR" in message
    assert "weights=None" in message
    assert "'tiny-drawn' is bundled" in message  # the one of the same markup, not `tiny-five`


def test_an_untrainable_preset_says_why(catalog):
    with pytest.raises(WeightsNotPublished, match="Size only"):
        kerasalign.load("large-mobile")
    with pytest.raises(ValueError, match=r"'large-mobile' has no recipe: Size only. Received: name='large-mobile'"):
        kerasalign.get_recipe("large-mobile")


def test_unknown_name(catalog):
    for call in (kerasalign.load, kerasalign.info):
        with pytest.raises(UnknownPreset, match="large-drawn"):
            call("large-drown")


def test_a_changed_bundled_file_is_refused(catalog):
    path = catalog.bundled / "tiny-drawn.weights.h5"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(WeightsCorrupted, match="sha256"):
        kerasalign.load("tiny-drawn")


def test_a_manifest_whose_crop_contradicts_the_network_is_refused(manifest_json):
    manifest_json["presets"]["tiny-drawn"]["crop"]["scale"] = 1.6
    with pytest.raises(ValueError, match="'tiny-drawn' of the manifest: `crop` is not that of its architecture"):
        Manifest.from_json(manifest_json)


def test_a_manifest_whose_network_does_not_exist_is_refused(manifest_json):
    manifest_json["presets"]["tiny-drawn"]["architecture"]["hiden"] = 8
    with pytest.raises(ValueError, match=r"'tiny-drawn' of the manifest: .*'hidden'.*Received: \['hiden'\]"):
        Manifest.from_json(manifest_json)


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({}, ["tiny-five", "tiny-drawn", "large-drawn", "large-mobile"]),
        ({"paper": "tiny"}, ["tiny-five", "tiny-drawn"]),
        ({"markup": "5"}, ["tiny-five"]),
        ({"markup": 5}, ["tiny-five"]),
        ({"dataset": "drawn", "markup": "5"}, ["tiny-five"]),
        ({"available": True}, ["tiny-five", "tiny-drawn"]),
        ({"available": False, "paper": "large"}, ["large-drawn", "large-mobile"]),
        ({"commercial_use": True}, []),
        ({"commercial_use": False}, ["tiny-five", "tiny-drawn"]),
    ],
)
def test_list_models_filters(catalog, filters, names):
    assert kerasalign.list_models(**filters) == names


def test_info_counts_on_the_network(catalog, trained):
    facts = kerasalign.info("tiny-drawn")
    assert facts["parameters"] == sum(weight.size for weight in map(np.asarray, trained.trainable_weights))
    assert (facts["macs"], facts["macs_paper"]) == (trained.count_macs("full"), trained.count_macs("paper"))
    assert facts["available"] and facts["points"] == 68 and facts["trainable"]
    assert facts["weights"]["training_data"][0]["name"] == "drawn faces"


def test_models_by_name_stay_loaded(catalog, trained):
    default = as_model()
    assert default is as_model("tiny-drawn") and same_weights(default, trained)
    assert as_model("tiny-five").markup.name == "5" and as_model(trained) is trained
    with use_catalog(replace(catalog)):
        assert as_model() is not default


class Recorder:
    """A model that returns how it was asked to align."""

    def align(self, photo, **options):
        return photo, options


def test_align_asks_the_model():
    assert kerasalign.align("a.jpg", Recorder(), detector="mtcnn") == ("a.jpg", {"detector": "mtcnn"})


def test_align_by_name_finds_the_given_faces(catalog):
    photo = np.full((90, 80, 3), 128, "uint8")
    (face,) = kerasalign.align(photo, "tiny-five", boxes=[[20, 20, 60, 60]])
    assert face.landmarks.shape == (5, 2)
    assert kerasalign.align(photo, boxes=[[20, 20, 60, 60]])[0].landmarks.shape == (68, 2)


def test_weights_in_a_folder_need_the_folder():
    from kerasalign.hub import weights_path

    with pytest.raises(ValueError, match=r"need their `folder`. Received: folder=None"):
        weights_path(Weights.from_json(weights_entry(source="folder")))
