"""Promises that the config of every model keeps."""

import dataclasses
import json
import subprocess
import sys

import keras
import numpy as np
import pytest

import kerasalign.models
from kerasalign.layers.decode_heatmaps import DECODERS
from kerasalign.layers.deform_conv2d import BOUNDARIES
from kerasalign.layers.hourglass import SHUFFLE
from kerasalign.layers.spatial_transformer import MODES
from kerasalign.losses.coherent_loss import DISTANCES
from kerasalign.markups import get_markup
from kerasalign.models import AAN, SCC, MuSiCa, get_paper, list_papers, paper_of, read_config
from kerasalign.models.lw_bafa import LWBAFAConfig
from kerasalign.models.musica import MuSiCaConfig
from kerasalign.models.musica.iteration import EXTRACTORS, GLOBAL_ATTENTION
from kerasalign.models.scc import SCCConfig
from kerasalign.models.sdu import SDUConfig

CONFIGS = {name: config for paper in list_papers() for name, config in get_paper(paper).models.items()}


@pytest.fixture(params=CONFIGS)
def config_class(request):
    return CONFIGS[request.param]


def test_unknown_arguments_are_refused_everywhere(config_class):
    ways = (
        config_class.model_class(),
        lambda **fields: config_class.from_json(fields),
        lambda **fields: config_class().replace(**fields),
        lambda **fields: kerasalign.models.build({"class": config_class.class_name(), **fields}),
    )
    for way in ways:
        with pytest.raises(ValueError, match=r"takes the arguments \[.*'markup'.*'size'.*Received: \['sise'\]"):
            way(sise=3)


def test_misspelt_arguments():
    with pytest.raises(ValueError, match=r"'success_threshold'.*Received: \['sucess_threshold'\]"):
        MuSiCa(sucess_threshold=3)
    with pytest.raises(ValueError, match=r"'embedding'.*Received: \['embeding'\]"):
        AAN(embeding=None)
    with pytest.raises(ValueError, match=r"`class` must be one of .*'SCC'.*Received: class='Nope'"):
        read_config({"class": "Nope"})


def test_a_config_comes_back_from_json(config_class):
    for config in (config_class(), config_class(dtype="mixed_float16").resolved()):
        content = json.loads(json.dumps(config.architecture()))
        twin = read_config(content)
        assert type(twin) is config_class and twin == config and hash(twin) == hash(config)
        assert twin.crop == config.crop and content == twin.architecture()
    assert set(content) == {"class", *(field.name for field in dataclasses.fields(config_class))}


def test_every_field_is_described(config_class):
    # BAFA's are those of LW-BAFA, and all have those of every model.
    text = "".join(base.__doc__ or "" for base in config_class.__mro__)
    for field in dataclasses.fields(config_class):
        assert f"\n        {field.name}: " in text, field.name


def test_a_resolved_config_stays_as_it_is(config_class):
    config = config_class().resolved()
    assert config == config.resolved() and config.dtype == keras.config.dtype_policy().name
    assert config.crop == config_class().crop


def test_the_global_policy_is_resolved_once():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        assert SCCConfig().resolved().dtype == "mixed_bfloat16"
        assert SCCConfig(dtype=keras.DTypePolicy("float16")).dtype == "float16"
    finally:
        keras.config.set_dtype_policy("float32")


def test_a_model_holds_its_config():
    config = SCCConfig(markup="5", width=16, blocks=[1, 1, 1, 1], size=64)
    assert config.blocks == (1, 1, 1, 1)
    model = config.build(name="mine")
    assert type(model) is SCC and model.name == "mine" and model.config == config.resolved()
    assert (model.markup, model.num_landmarks, model.crop_spec) == (get_markup("5"), 5, config.crop)
    assert model.get_config() == {"name": "mine"} | model.config.to_json()
    assert paper_of(model) is paper_of(config) is get_paper("scc")
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(model))
    assert type(twin) is SCC and twin.config == model.config and twin.name == "mine"
    assert set(keras.models.clone_model(model).output) == {"landmarks", "adjacency"}


def test_a_config_or_its_fields():
    with pytest.raises(ValueError, match=r"not both. Received: config and \['width'\]"):
        SCC(SCCConfig(), width=3)
    with pytest.raises(ValueError, match=r"must be of class SCCConfig; .* Received: config='68'"):
        SCC("68")
    with pytest.raises(ValueError, match="must be of class SCCConfig"):
        SCC(MuSiCaConfig())


def test_a_markup_and_a_number():
    assert MuSiCaConfig(markup=None, num_landmarks=165).num_points == 165
    with pytest.raises(ValueError, match="Received: neither"):
        MuSiCaConfig(markup=None)
    with pytest.raises(ValueError, match=r"has 68 points\. Received: num_landmarks=5"):
        MuSiCaConfig(num_landmarks=5)
    own = dataclasses.replace(get_markup("5"), name="config-own-5")
    content = SCCConfig(markup=own).to_json()
    assert content["markup"] == "config-own-5" and SCCConfig.from_json(content).scheme.same_as(own)


def test_arrays_become_tuples():
    config = MuSiCaConfig(markup="5", patches=range(3), mean_shape=np.ones((5, 2)), levels=np.array([1, 0]))
    assert (config.patches, config.levels, config.mean_shape[0]) == ((0, 1, 2), (1, 0), (1.0, 1.0))
    assert SCCConfig(markup="5", graph=np.eye(5, dtype=bool)).graph[1] == (0, 1, 0, 0, 0)


def choices(config_class, field):
    """What a field may be, from the error about a value that it may not be."""
    with pytest.raises(ValueError, match=f"`{field}` must be one of") as caught:
        config_class(**{field: "?"})
    return str(caught.value)


def test_what_a_config_takes_its_layers_take():
    for config_class, field, known in (
        (SDUConfig, "decode", DECODERS),
        (SDUConfig, "boundary", BOUNDARIES),
        (SDUConfig, "stn_mode", list(MODES)),
        (SDUConfig, "coherence", [None, *DISTANCES]),
        (LWBAFAConfig, "shuffle", SHUFFLE),
        (MuSiCaConfig, "extractor", list(EXTRACTORS)),
        (MuSiCaConfig, "global_attention", list(GLOBAL_ATTENTION)),
    ):
        assert f"one of {list(known)}. Received" in choices(config_class, field)


LIGHT = """
import sys
from kerasalign.models import get_paper, list_papers, read_config
assert [read_config({"class": name}).crop for paper in list_papers() for name in get_paper(paper).models]
heavy = {"keras", "tensorflow", "jax", "torch", "scipy"} & set(sys.modules)
sys.exit(str(heavy) if heavy else 0)
"""


def test_papers_and_configs_load_no_keras():
    run = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
