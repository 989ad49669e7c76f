"""Graphs of landmarks on disk: what is written is what was there."""

import csv
from xml.etree import ElementTree

import numpy as np
import pytest

from kerasalign.models.scc.graph_files import save_graph, top_neighbors

WEIGHTS = np.array([[0.5, 0.5, 0.0], [0.2, 0.1, 0.7], [0.0, 0.25, 0.75]])


def test_a_table_has_a_row_per_edge_and_says_who_takes_from_whom(tmp_path):
    save_graph(tmp_path / "a.csv", WEIGHTS)
    with (tmp_path / "a.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    found = np.zeros((3, 3))
    for row in rows:
        found[int(row["landmark"]), int(row["takes_from"])] = float(row["weight"])
    np.testing.assert_allclose(found, WEIGHTS)
    assert len(rows) == 7


def test_the_matrix_comes_back(tmp_path):
    save_graph(tmp_path / "a.npz", WEIGHTS)
    np.testing.assert_array_equal(np.load(tmp_path / "a.npz")["adjacency"], WEIGHTS)


def test_graphml_points_from_the_giver_to_the_taker(tmp_path):
    save_graph(tmp_path / "a.graphml", WEIGHTS)
    root = ElementTree.parse(tmp_path / "a.graphml").getroot()
    space = {"g": "http://graphml.graphdrawing.org/xmlns"}
    edges = {
        (e.get("source"), e.get("target")): float(e.find("g:data", space).text)
        for e in root.iterfind(".//g:edge", space)
    }
    assert len(root.findall(".//g:node", space)) == 3
    assert edges[("2", "1")] == 0.7 and ("0", "2") not in edges


def test_the_best_neighbors_are_others_and_ties_go_to_the_lower_index():
    assert top_neighbors(WEIGHTS, 2) == [[(1, 0.5)], [(2, 0.7), (0, 0.2)], [(1, 0.25)]]
    assert top_neighbors(np.ones((4, 4)), 2)[3] == [(0, 1.0), (1, 1.0)]


def test_bad_arguments(tmp_path):
    with pytest.raises(ValueError, match=r"Received: path=.*a\.txt"):
        save_graph(tmp_path / "a.txt", WEIGHTS)
    with pytest.raises(ValueError, match=r"Received: shape \(2, 3\)"):
        save_graph(tmp_path / "a.csv", WEIGHTS[:2])
