"""SCC (arXiv 2006.11697): sizes of every configuration, the graph's algebra, the loss."""

import numpy as np
import pytest

from kerasalign.core.own_points import in_crops
from kerasalign.core.profile import profile
from kerasalign.layers import DynamicAdjacency, GraphConvolution, GraphResBlock, MapToNode, ParallelAttention
from kerasalign.markups import get_markup
from kerasalign.models import SCC
from kerasalign.models.scc.adjacency import build_adjacency
from tests.support.arrays import crops, noise
from tests.support.cases import set_known_weights

SMALL = {"width": 16, "blocks": (1, 1, 1, 1), "size": 64}


def graph_of(points, edges):
    """A graph with that many edges, every node joined to itself."""
    graph = np.eye(points, dtype=int)
    free = np.argwhere(graph == 0)
    graph[tuple(free[: edges - points].T)] = 1
    return graph


def directed(points):
    return graph_of(points, 4 * points)


# Trainable parameters counted from the paper's structure; 470 edges are those of the published WFLW graph.
@pytest.mark.parametrize(
    "parameters, settings",
    [
        (24_679_474, {"markup": "98", "graph": graph_of(98, 470)}),
        (24_664_108, {"markup": "98", "graph": directed(98)}),
        (24_307_408, {"markup": "68", "graph": directed(68)}),
        (23_886_754, {"markup": "29", "graph": directed(29)}),
        (29_723_908, {"markup": "98", "head": "fc"}),
        (23_706_348, {"markup": "98", "graph": graph_of(98, 470), "levels": (5,)}),
        (24_509_464, {"markup": "98", "graph": graph_of(98, 470), "dynamic": False}),
    ],
)
def test_parameters(parameters, settings):
    model = SCC(**settings)
    assert sum(int(np.prod(w.shape)) for w in model.trainable_weights) == parameters


def test_blocks_and_multiply_adds():
    found = profile(SCC(markup="98", graph=graph_of(98, 470)))
    sizes = {name: found[name].parameters for name in ("backbone", "fusion", "nodes", "graph", "adjacency")}
    assert sizes == {
        "backbone": 21_284_672,
        "fusion": 2_038_086,
        "nodes": 1_019_152,
        "graph": 167_554,
        "adjacency": 170_010,
    }
    assert found["backbone"].macs == 4_784_652_288
    assert found["nodes"].macs == 65_142_784
    assert found["graph"].macs == 27_164_424
    assert found.macs / 1e9 == pytest.approx(5.169, abs=0.005)


@pytest.mark.parametrize(
    "settings",
    [
        {"attention": "self"},
        {"levels": (2, 3, 4, 5)},
        {"levels": (4, 5)},
        {"loss": "wing"},
        {"loss": "l1"},
        {"graph": np.ones((5, 5))},
        {"neighbors": 1, "symmetric": False},
        {"head": "fc"},
        {"dynamic": False},
    ],
)
def test_every_ablation_runs_and_is_rebuilt(settings):
    model = SCC(markup="5", **SMALL, **settings)
    twin = SCC.from_config(model.get_config())
    twin.set_weights(model.get_weights())
    images = crops(2, 64)
    np.testing.assert_array_equal(model(images)["landmarks"], twin(images)["landmarks"])
    loss = model.face_loss(np.full((2, 5, 2), 30, "float32"), model(images))
    assert np.isfinite(loss).all()


def test_edge_weights_are_rows_that_sum_to_one_on_the_graph_and_nowhere_else():
    graph = graph_of(6, 15)
    layer = DynamicAdjacency(graph)
    features = noise(3, 4, 4, 12)
    layer(features)
    for weight in layer.trainable_weights:
        weight.assign(noise(*weight.shape, seed=len(weight.shape)))
    rows = np.asarray(layer(features))
    np.testing.assert_allclose(rows.sum(-1), 1, rtol=1e-6)
    np.testing.assert_array_equal(rows > 0, np.broadcast_to(graph > 0, rows.shape))
    # The transpose would sum to one along the other axis.
    assert np.abs(rows.sum(1) - 1).max() > 0.05


@pytest.mark.parametrize("static", ["symmetric", "row", "ones"])
def test_fixed_weights_of_edges(static):
    graph = graph_of(6, 15)
    found = np.asarray(DynamicAdjacency(graph, False, static)(noise(2, 4, 4, 12)))
    root = np.diag(graph.sum(1) ** -0.5)
    wanted = {"symmetric": root @ graph @ root, "row": np.diag(1 / graph.sum(1)) @ graph, "ones": graph}[static]
    np.testing.assert_allclose(found, np.stack([wanted, wanted]), rtol=1e-6)


def test_equation_3_is_the_default_without_dynamic_weights():
    assert DynamicAdjacency(np.eye(3)).static == SCC(markup="5", width=8, size=32).config.static == "symmetric"
    with pytest.raises(ValueError, match="Received: static='degree'"):
        DynamicAdjacency(np.eye(3), False, "degree")


def test_a_node_gets_its_own_maps():
    maps = np.zeros((1, 3, 3, 20), "float32")
    maps[..., 8:12] = 1
    nodes = np.asarray(MapToNode(5)(maps))
    assert nodes.shape == (1, 5, 36) and nodes[0, 2].min() == 1 and np.delete(nodes[0], 2, 0).max() == 0


def relabeled(layer, nodes, adjacency, order):
    return np.asarray(layer(nodes[:, order], adjacency[:, order][:, :, order]))


def test_graph_layers_follow_a_relabeling_of_the_landmarks():
    nodes, order = noise(2, 6, 8), np.random.default_rng(0).permutation(6)
    adjacency = np.abs(noise(2, 6, 6, seed=1))
    for layer in (GraphConvolution(4), GraphResBlock()):
        plain = np.asarray(layer(nodes, adjacency))
        np.testing.assert_allclose(relabeled(layer, nodes, adjacency, order), plain[:, order], atol=1e-5)


def test_influence_stays_among_neighbors_and_inside_a_component():
    graph = np.kron(np.eye(2), np.tri(3).T * np.tri(3, k=1)) + np.eye(6)  # two chains
    adjacency = (graph / graph.sum(1, keepdims=True))[None].astype("float32")
    nodes = noise(1, 6, 8)
    touched = nodes.copy()
    touched[0, 1] += 1
    layer = GraphConvolution(8)
    change = np.abs(np.asarray(layer(touched, adjacency)) - np.asarray(layer(nodes, adjacency))).max(-1)[0]
    np.testing.assert_array_equal(change > 1e-6, graph[:, 1] > 0)
    a, b = nodes, touched
    for _ in range(5):
        block = GraphResBlock()
        a, b = np.asarray(block(a, adjacency)), np.asarray(block(b, adjacency))
    assert np.abs(a - b)[0, 3:].max() == 0


def test_attention_of_even_odds_adds_a_quarter():
    layer = ParallelAttention()
    maps, guide = noise(1, 5, 5, 4), noise(1, 5, 5, 4, seed=1)
    layer(maps, guide)
    for weight in layer.trainable_weights:
        weight.assign(np.zeros(weight.shape))
    out, attention = layer(maps, guide)
    np.testing.assert_allclose(attention, 0.25, rtol=1e-6)
    np.testing.assert_allclose(out, 1.25 * maps, rtol=1e-6)


def test_a_graph_of_another_size_is_refused():
    with pytest.raises(ValueError, match=r"Received: shape \(6, 6\)"):
        SCC(markup="5", graph=np.eye(6), **SMALL)
    with pytest.raises(ValueError, match="Received: levels"):
        SCC(markup="5", levels=(3, 4), **SMALL)
    with pytest.raises(ValueError, match=r"leave none out .* Received: levels=\(3, 5\)"):
        SCC(markup="5", levels=(3, 5), **SMALL)
    assert SCC(markup="5", levels=(3, 5), attention="self", **SMALL).config.levels == (3, 5)
    with pytest.raises(ValueError, match="Received: head='mlp'"):
        SCC(markup="5", head="mlp", **SMALL)


def test_predicted_adjacency_is_that_of_the_output():
    model = SCC(markup="5", **SMALL)
    set_known_weights(model)
    found = model.predict_adjacency(crops(2, 64))
    np.testing.assert_allclose(found, model(crops(2, 64))["adjacency"], atol=1e-5)
    with pytest.raises(ValueError, match="head='fc'"):
        SCC(markup="5", head="fc", **SMALL).predict_adjacency(crops(1, 64))


def test_other_points_get_a_graph_of_their_own_annotations():
    model = SCC(markup="68", neighbors=2, **SMALL)
    faces = np.random.default_rng(0).normal(30, 5, (20, 5, 2))
    config = model.config.for_markup(get_markup("5"), faces)
    cut = in_crops(faces, config.crop)
    np.testing.assert_array_equal(config.graph, build_adjacency(cut, 2).graph.astype(int))
    far = model.config.for_markup(get_markup("5"), faces * 9 + 400)  # pixels of photos do as well
    assert far.graph == config.graph
    assert config.build().num_landmarks == 5


def test_weights_of_another_graph_are_refused(tmp_path):
    chain, ring = np.eye(5) + np.eye(5, k=1), np.eye(5) + np.roll(np.eye(5), 1, 1)
    chain[4, 0], ring[4, 0] = 1, 1
    other = np.eye(5) + np.roll(np.eye(5), 2, 1)
    model = SCC(markup="5", graph=ring, **SMALL)
    model.save_weights(tmp_path / "ring.weights.h5")
    SCC(markup="5", graph=chain, **SMALL).load_weights(tmp_path / "ring.weights.h5")  # the same edges
    with pytest.raises(ValueError, match="another graph"):
        SCC(markup="5", graph=other, **SMALL).load_weights(tmp_path / "ring.weights.h5")
