"""Weighted graphs of landmarks as tables and as files that graph programs read."""

from __future__ import annotations

import csv
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from kerasalign.support.files import written_beside

_NAMESPACE = "http://graphml.graphdrawing.org/xmlns"
_SUFFIXES = (".csv", ".npz", ".graphml")


def save_graph(path, weights: np.ndarray) -> None:
    """Writes the weights of a graph; the suffix decides how.

    Args:
        path: `.csv`, one edge per row: `landmark,takes_from,weight`; `.npz`, the matrix as `adjacency`; or
            `.graphml`, directed edges from the landmark that is taken from, for Gephi, networkx and the like.
        weights: `(N, N)`; row i weighs what landmark i takes from the others. 0 is no edge.

    Raises:
        ValueError: If `weights` is not a finite square matrix, or the suffix is another.

    Example:

        save_graph("face.graphml", model.predict_adjacency(crops).mean(0))
    """
    weights, path = _matrix(weights), Path(path)
    if path.suffix not in _SUFFIXES:
        raise ValueError(f"`path` must end in one of {_SUFFIXES}. Received: path={str(path)!r}")
    edges = [(int(i), int(j), float(weights[i, j])) for i, j in np.argwhere(weights)]
    with written_beside(path) as draft:
        if path.suffix == ".npz":
            np.savez(draft, adjacency=weights)
        elif path.suffix == ".csv":
            with draft.open("w", encoding="utf-8", newline="") as stream:
                table = csv.writer(stream)
                table.writerow(["landmark", "takes_from", "weight"])
                table.writerows((i, j, f"{weight:.8g}") for i, j, weight in edges)
        else:
            _graphml(len(weights), edges).write(draft, "utf-8", xml_declaration=True)


def top_neighbors(weights: np.ndarray, count: int = 3) -> list[list[tuple[int, float]]]:
    """The landmarks that each landmark takes most from, itself apart.

    Args:
        weights: `(N, N)`; row i weighs what landmark i takes from the others. 0 is no edge.
        count: Neighbors to name at most.

    Returns:
        For each landmark, pairs of a neighbor and its weight, the heaviest first; of equal ones the lower index.
    """
    weights = _matrix(weights)
    others = np.where(np.eye(len(weights), dtype=bool), 0, weights)
    order = np.argsort(-others, axis=1, kind="stable")[:, :count]
    return [[(int(j), float(row[j])) for j in best if row[j]] for row, best in zip(others, order)]


def _matrix(weights) -> np.ndarray:
    weights = np.asarray(weights, "float64")
    if weights.ndim != 2 or weights.shape[0] != weights.shape[1] or not np.isfinite(weights).all():
        raise ValueError(f"`weights` must be (N, N) finite numbers. Received: shape {weights.shape}")
    return weights


def _graphml(nodes: int, edges: list[tuple[int, int, float]]) -> ElementTree.ElementTree:
    root = ElementTree.Element("graphml", xmlns=_NAMESPACE)
    ElementTree.SubElement(root, "key", {"id": "weight", "for": "edge", "attr.name": "weight", "attr.type": "double"})
    graph = ElementTree.SubElement(root, "graph", edgedefault="directed")
    for index in range(nodes):
        ElementTree.SubElement(graph, "node", id=str(index))
    for i, j, weight in edges:
        edge = ElementTree.SubElement(graph, "edge", source=str(j), target=str(i))
        ElementTree.SubElement(edge, "data", key="weight").text = f"{weight:.8g}"
    return ElementTree.ElementTree(root)
