"""A model card says what its manifest entry says, and the Hub can read it."""

from dataclasses import replace

import pytest
from huggingface_hub import ModelCard

from kerasalign.hub import model_card, read_manifest
from kerasalign.metrics import get_protocol

SHIPPED = read_manifest().presets


@pytest.mark.parametrize("name", [name for name, preset in SHIPPED.items() if preset.weights])
def test_it_holds_every_number_with_its_protocol_crop_and_terms(name):
    preset = SHIPPED[name]
    card = model_card(preset)
    for result in preset.measured:
        rows = [line for line in card.splitlines() if f"`{result.command}`" in line]
        # A command may name several protocols; a row begins with its own.
        (row,) = [line for line in rows if result.protocol in line.split("|")[1]]
        for part in (f"{result.nme:.3f}", result.box_source, f"{result.fr:g}", f"{result.auc:g}"):
            assert f"| {part} |" in row
        official = get_protocol(result.protocol).num_faces
        assert f"| {result.faces:,} {'|' if result.faces == official else f'of {official:,} |'}" in row
    for key, value in preset.crop.items():
        assert f"| {key} | {value} |" in card
    weights = preset.weights
    allowed = f"Commercial use: {'yes' if weights.commercial_use else 'no'}"
    for part in (weights.sha256, f"{weights.bytes:,}", weights.license, allowed, preset.notes):
        assert part in card
    assert f'kerasalign.load("{name}")' in card
    for data in weights.training_data:
        assert f"{data.name}, {data.faces:,} faces; its terms: {data.terms}" in card


def test_the_hub_reads_its_metadata():
    preset = next(preset for preset in SHIPPED.values() if preset.weights)
    data = ModelCard(model_card(preset)).data.to_dict()
    assert data["license"] == "other" and " " not in data["license_name"]
    assert "kerasalign" in data["tags"] and data["pipeline_tag"] == "keypoint-detection"
    free = replace(preset, weights=replace(preset.weights, license="CC-BY-4.0"))
    assert ModelCard(model_card(free)).data.to_dict()["license"] == "cc-by-4.0"


def test_a_table_survives_a_pipe():
    preset = next(preset for preset in SHIPPED.values() if preset.weights)
    odd = replace(preset, measured=(replace(preset.measured[0], command="a | b", protocol="of my own"),))
    (row,) = [line for line in model_card(odd).splitlines() if "of my own" in line]
    assert r"`a \| b`" in row


def test_a_preset_without_weights_has_no_card():
    preset = next(preset for preset in SHIPPED.values() if not preset.weights)
    with pytest.raises(ValueError, match=f"Received: preset='{preset.name}'"):
        model_card(preset)
