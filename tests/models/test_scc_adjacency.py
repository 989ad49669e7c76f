import numpy as np
import pytest

from kerasalign.models.scc.adjacency import Adjacency, build_adjacency, schematic_graph


def two_bodies(faces=60, seed=0):
    """Faces of two groups of four points that move as wholes, independently, with a little noise."""
    rng = np.random.default_rng(seed)
    base = rng.normal(0, 20, (8, 2))
    moves = np.repeat(rng.normal(0, 10, (faces, 2, 2)), 4, axis=1)
    return base + moves + rng.normal(0, 0.5, (faces, 8, 2))


@pytest.mark.parametrize("symmetric", [True, False])
def test_points_that_move_together_are_joined(symmetric):
    found = build_adjacency(two_bodies(), 3, symmetric)
    assert found.components() == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert found.graph.diagonal().all() and (found.graph.sum(1) >= 4).all()
    if symmetric:
        assert (found.graph == found.graph.T).all()
    else:
        assert found.graph.sum() == 8 * 4


def test_correlation_is_that_of_numpy_and_knows_no_scale_or_sign():
    faces = two_bodies()
    found = build_adjacency(faces)
    by_hand = np.mean([abs(np.corrcoef(faces[:, 1, a], faces[:, 2, a])[0, 1]) for a in (0, 1)])
    assert found.correlation[1, 2] == pytest.approx(by_hand)
    np.testing.assert_allclose(build_adjacency(faces * [-3, 0.5] + 7).correlation, found.correlation, atol=1e-9)


def test_all_neighbors_is_a_dense_graph_and_ties_go_to_the_lower_index():
    assert build_adjacency(two_bodies(), 7).graph.all()
    square = np.array([[0, 0], [1, 0], [0, 1], [1, 1]])
    np.testing.assert_array_equal(schematic_graph(square, 1, symmetric=False)[0], [1, 1, 0, 0])
    np.testing.assert_array_equal(schematic_graph(square, 1, symmetric=False)[3], [0, 1, 0, 1])


def test_saved_and_loaded(tmp_path):
    found = build_adjacency(two_bodies(), 2, symmetric=False)
    found.save(tmp_path / "graph.txt")
    again = Adjacency.load(tmp_path / "graph.txt")
    np.testing.assert_array_equal(again.graph, found.graph)
    assert again.edges == found.edges
    np.testing.assert_allclose(again.correlation[found.graph], found.correlation[found.graph], atol=1e-6)
    (tmp_path / "graph.txt").write_text("nodes 3\n0 7 0.5\n")
    with pytest.raises(ValueError, match=r"Received: path=.*graph\.txt"):
        Adjacency.load(tmp_path / "graph.txt")


def test_bad_annotations_are_refused():
    faces = two_bodies()
    with pytest.raises(ValueError, match="Received: k=8"):
        build_adjacency(faces, 8)
    with pytest.raises(ValueError, match="point 3 has a coordinate that never changes"):
        build_adjacency(np.where(np.arange(8)[:, None] == 3, 5.0, faces))
    faces[0, 0, 0] = np.nan
    with pytest.raises(ValueError, match="all points annotated"):
        build_adjacency(faces)
