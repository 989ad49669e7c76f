"""The networks of MuSiCa's ablation study (section 5, table 4)."""

import h5py
import numpy as np
import pytest

from kerasalign.layers import GlobalPatchAttention, InvertedBottleneck, PatchGraphAttention
from kerasalign.models import MuSiCa
from kerasalign.models.musica import MuSiCaIteration
from tests.support.arrays import crops, noise
from tests.support.cases import PATCHES_19, set_known_weights

BASE = 27_965_307, 96_619_008, 95_832_576
ABLATIONS = [  # options; what they add to the parameters and to the multiply-adds of the 68-patch network
    ({"local_attention": False}, -3 * 65_792, -3 * 68 * (256 * 256 + 256)),
    (
        {"extractor": "inverted_bottleneck"},
        3 * (72 + 180 + 608 + 6_336 + 1_920 + 6_176 - 896 - 9_248),
        3 * 68 * (116_856 + 347_136 - 124_416 - 147_456),
    ),
    ({"global_attention": "fc"}, 3 * (68 * 68 + 68), 3 * (68 * 68 + 68 * 256)),
    ({"global_attention": "gcn"}, 3 * (256 * 32 + 32), 3 * 68 * (256 * 32 + 68 * 32 + 32 + 68 + 256)),
]


def small(**options):
    settings = {"markup": "68", "patches": PATCHES_19[::3], "hidden": 16, "size": 52, "box_side": 32}
    return MuSiCa(**settings | options)


@pytest.mark.parametrize(("options", "parameters", "macs"), ABLATIONS)
def test_parameters_and_macs(options, parameters, macs):
    model = MuSiCa(**options)
    assert model.count_params() - BASE[0] == parameters
    assert model.count_macs("full") - BASE[1] == macs
    assert model.count_macs("paper") - BASE[2] == macs


def test_macs_are_the_products_of_the_built_layers():
    model = small(extractor="inverted_bottleneck", global_attention="gcn", levels=(1,))
    iteration, patches = model.cascade[0], len(model.config.patches)
    size = {
        weight.path.split("iteration_0/")[1]: int(np.prod(weight.shape))
        for weight in iteration.weights
        if len(weight.shape) > 1
    }
    per_patch = size["conv1/expand/kernel"] * 14**2 + size["conv2/expand/kernel"] * 6**2
    per_patch += (size["conv1/filter/kernel"] + size["conv1/project/kernel"]) * 12**2
    per_patch += (size["conv2/filter/kernel"] + size["conv2/project/kernel"]) * 4**2
    per_patch += size["attention/kernel"] + 256 + 256  # two products with weights
    per_patch += size["global_attention/first"] + size["global_attention/second"]
    along_the_graph = iteration.attend_globally.adjacency.size * (32 + 1)
    once = size["recurrence/kernel"] + size["regression/kernel"]
    assert model.count_macs("full") == patches * per_patch + along_the_graph + once


def test_weights_of_the_papers_network_keep_their_names(tmp_path):
    """Published files depend on them."""
    small(levels=(0,)).save_weights(tmp_path / "w.weights.h5")
    with h5py.File(tmp_path / "w.weights.h5") as file:
        parts = file["layers/mu_si_ca_iteration"]
        found = {part: [value.shape for value in parts[part]["vars"].values()] for part in parts if part != "vars"}
    assert {part: shapes for part, shapes in found.items() if shapes} == {
        "conv1": [(3, 3, 3, 32), (32,)],
        "conv2": [(3, 3, 32, 32), (32,)],
        "attend": [(256, 256), (256,)],
        "recur": [(7 * 256 + 16, 16), (16,)],
        "regress": [(16, 137), (137,)],
    }


@pytest.mark.parametrize("channels", [2, 3])
def test_inverted_bottleneck_against_numpy(channels):
    layer = InvertedBottleneck(3, expansion=2)
    x = noise(2, 5, 4, channels)
    layer.build(x.shape)
    set_known_weights(layer)
    expand, b1, depthwise, b2, project, b3 = layer.get_weights()
    wide = np.clip(x @ expand[0, 0] + b1, 0, 6)
    filtered = sum(wide[:, i : i + 3, j : j + 2] * depthwise[i, j, :, 0] for i in range(3) for j in range(3))
    wanted = np.clip(filtered + b2, 0, 6) @ project[0, 0] + b3
    if channels == 3:
        wanted = wanted + x[:, 1:-1, 1:-1]
    np.testing.assert_allclose(np.asarray(layer(x)), wanted, atol=1e-5)


def test_untrained_inverted_bottlenecks_pass_the_signal_on():
    """The paper's initializer, 0.01, would leave nothing after six layers."""
    iteration = MuSiCaIteration(np.zeros((1, 2)), [0], extractor="inverted_bottleneck")
    iteration.build()
    features = np.asarray(iteration.features(noise(64, 14, 14, 3)))
    assert features.shape == (64, 256)
    assert features.std() > 0.1


def test_graph_joins_neighbors_both_ways_and_is_normalized():
    line = PatchGraphAttention([[0, 0], [1, 0], [2.1, 0], [3.3, 0]], neighbors=1)
    # 1 is nearest to 0 and to 2, 0 to 1, 2 to 3: the chain 0-1-2-3 with degrees 2, 3, 3, 2.
    across = 1 / np.sqrt(6)
    wanted = [[1 / 2, across, 0, 0], [across, 1 / 3, 1 / 3, 0], [0, 1 / 3, 1 / 3, across], [0, 0, across, 1 / 2]]
    np.testing.assert_allclose(line.adjacency, wanted, rtol=1e-6)


def test_graph_is_that_of_the_mean_shape_on_every_level():
    model = small(global_attention="gcn", levels=(2, 0))
    coarse, fine = (iteration.attend_globally.adjacency for iteration in model.cascade)
    np.testing.assert_array_equal(coarse, fine)
    twin = MuSiCa.from_config(model.get_config())
    np.testing.assert_array_equal(twin.cascade[0].attend_globally.adjacency, coarse)


def test_a_single_patch_has_a_graph():
    assert PatchGraphAttention([[3.0, 4.0]]).adjacency == [[1.0]]


def test_graph_attention_against_numpy():
    layer = PatchGraphAttention(np.random.default_rng(0).uniform(size=(6, 2)), neighbors=2, hidden=5)
    x = noise(3, 6, 8)
    layer.build(x.shape)
    set_known_weights(layer)
    first, second = layer.get_weights()
    a = layer.adjacency
    wanted = 1 / (1 + np.exp(-(a @ np.maximum(a @ x @ first, 0) @ second)[..., 0]))
    weighted, weight = (np.asarray(value) for value in layer(x))
    np.testing.assert_allclose(weight, wanted, atol=1e-6)
    np.testing.assert_allclose(weighted, x * wanted[..., None], atol=1e-6)


def test_who_a_patch_listens_to():
    points = np.stack([np.arange(6.0), np.zeros(6)], 1) ** 1.1
    x, changed = noise(1, 6, 8, low=0), noise(1, 6, 8, low=0)
    changed[:, 5] += 1

    def moved(layer):
        layer.build(x.shape)
        set_known_weights(layer)
        return np.abs(np.asarray(layer(x)[1]) - np.asarray(layer(changed)[1]))[0] > 1e-7

    assert moved(GlobalPatchAttention()).all()
    graph = PatchGraphAttention(points, neighbors=1)
    reach = np.linalg.matrix_power(graph.adjacency, 2)[5] > 0
    assert 0 < reach.sum() < 6
    np.testing.assert_array_equal(moved(graph), reach)


def test_global_attention_that_is_always_one_changes_nothing():
    model, plain = small(global_attention="fc"), small()
    for with_attention, without in zip(model.cascade, plain.cascade):
        for part in ("conv1", "conv2", "attend", "recur", "regress"):
            getattr(with_attention, part).set_weights(getattr(without, part).get_weights())
        kernel, bias = with_attention.attend_globally.get_weights()
        with_attention.attend_globally.set_weights([0 * kernel, bias + 100])
    images = crops(2, 52)
    found, wanted = model(images), plain(images)
    for key in ("landmarks", "attention"):
        np.testing.assert_allclose(np.asarray(found[key]), np.asarray(wanted[key]), atol=1e-4)


def test_reported_attention_is_the_product_of_both():
    model, plain = small(global_attention="gcn", levels=(0,)), small(levels=(0,))
    for part in ("conv1", "conv2", "attend"):
        getattr(model.cascade[0], part).set_weights(getattr(plain.cascade[0], part).get_weights())
    layer = model.cascade[0].attend_globally
    layer.set_weights([0 * value for value in layer.get_weights()])  # every weight is sigmoid(0)
    images = crops(2, 52)
    np.testing.assert_allclose(
        np.asarray(model(images)["attention"]), np.asarray(plain(images)["attention"]) / 2, atol=1e-6
    )


def test_finished_faces_leave_the_batch_of_any_variant():
    model = small(extractor="inverted_bottleneck", global_attention="fc", levels=(2, 2, 1, 0))
    set_known_weights(model)
    for iteration in model.cascade:
        kernel, bias = iteration.regress.get_weights()
        iteration.regress.set_weights([kernel, np.append(bias[:-1], 1.0)])  # estimates around 100 %
    images = crops(4, 52)
    quick = model.with_thresholds(float(np.median(model.predict_crops(images)["cascade_error"][:, :3])))
    found, wanted = quick.predict_crops(images), quick.predict_crops(images, early_exit=False)
    assert found["iterations"].min() < 4
    for key, value in found.items():
        np.testing.assert_allclose(value, wanted[key], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("options", [{"extractor": "resnet"}, {"global_attention": None}])
def test_unknown_names(options):
    with pytest.raises(ValueError, match=r"must be (one of|str).* Received"):
        small(**options)


@pytest.mark.parametrize(
    "make",
    [
        lambda: InvertedBottleneck(0),
        lambda: InvertedBottleneck(4, expansion=0),
        lambda: PatchGraphAttention([1.0, 2.0]),
        lambda: PatchGraphAttention([[0.0, np.nan]]),
        lambda: PatchGraphAttention([[0.0, 0.0]], neighbors=0),
        lambda: PatchGraphAttention([[0.0, 0.0]], hidden=0),
    ],
)
def test_bad_arguments_of_the_layers(make):
    with pytest.raises(ValueError, match="Received"):
        make()
