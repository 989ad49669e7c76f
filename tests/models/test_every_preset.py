"""Promises that every entry of the manifest keeps."""

import json
import math

import numpy as np
import pytest

import kerasalign
from kerasalign.hub import read_manifest
from kerasalign.models import paper_of
from tests.support.arrays import crops

PRESETS = read_manifest().presets
SIZES = {
    "aan-300w": (8_930_256, 68),
    "aan-aflw": (8_905_070, 19),
    "aan-celeba": (8_897_874, 5),
    "aanwild-celeba": (8_897_874, 5),
    "aan-300vw": (8_930_256, 68),
    "musica-300w": (27_965_307, 68),
    "musica34-300w": (14_595_963, 68),
    "musica19-300w": (8_697_723, 68),
    "musica-wflw": (39_854_127, 98),
    "musica49-wflw": (20_586_543, 98),
    "musica44-wflw": (18_620_463, 98),
    "musica-mobile": (6_914_518, 165),
    "lwbafa-300w": (9_418_190, 68),
    "lwbafa-wflw": (9_432_786, 98),
    "bafa-300w": (20_033_150, 68),
    "bafa-wflw": (20_049_090, 98),
    "lwbafa128-300w": (8_633_630, 68),
    "bafa128-300w": (18_306_686, 68),
    "musica-synth": (27_965_307, 68),
    "musica34-synth": (14_595_963, 68),
    "musica19-synth": (8_697_723, 68),
    "aan-synth": (8_930_256, 68),
    "scc-synth": (24_316_176, 68),
    "sccsmall-synth": (6_302_960, 68),
    "sdu-synth": (12_219_874, 68),
    "sdusmall-synth": (136_424, 68),
    "lwbafa-synth": (9_418_190, 68),
    "lwbafasmall-synth": (2_323_134, 68),
    "scc-300w": (24_316_176, 68),
    "scc-wflw": (24_675_928, 98),
    "scc-cofw": (23_888_819, 29),
    "sdu-300w": (12_219_874, 68),
    "sdu-300wlp": (12_219_874, 68),
    "sdusmall-300w": (136_424, 68),
}


def test_every_preset_has_its_size_here():
    assert set(SIZES) == set(PRESETS)


def same_networks():
    """Names of presets by what their network is built of: the first of each stands for the others."""
    found = {}
    for name, preset in PRESETS.items():
        found.setdefault(json.dumps(dict(preset.architecture), sort_keys=True), []).append(name)
    return {names[0]: names for names in found.values()}


@pytest.fixture(scope="module", params=same_networks().values(), ids=same_networks())
def model(request):
    """The names of presets and their network; pytest groups the tests of one, so that it is built once."""
    return request.param, kerasalign.load(request.param[0], weights=None)


def test_size(model):
    names, network = model
    size = sum(math.prod(weight.shape) for weight in network.inference_network().trainable_weights)
    assert {name: SIZES[name][0] for name in names} == dict.fromkeys(names, size)


def test_crop(model):
    names, network = model
    for name in names:
        assert network.crop_spec == kerasalign.CropSpec.from_config(dict(PRESETS[name].crop)), name


def test_landmarks_of_a_crop(model):
    names, network = model
    # Not `predict_crops`: the compilation of a large network takes many times longer than one crop.
    landmarks = np.asarray(network(crops(1, network.crop_spec.size))["landmarks"])
    assert {(1, SIZES[name][1], 2) for name in names} == {landmarks.shape}
    assert np.isfinite(landmarks).all()


@pytest.mark.parametrize("name", [name for name, preset in PRESETS.items() if preset.weights])
def test_published_weights_come_with_what_their_faces_decided(name):
    model = kerasalign.load(name)
    assert set(paper_of(model).learned) <= set(PRESETS[name].architecture)
    landmarks = np.asarray(model(crops(1, model.crop_spec.size))["landmarks"])
    middle = (model.crop_spec.size - 1) / 2
    assert np.abs(landmarks[0] - middle).max() < model.crop_spec.size
