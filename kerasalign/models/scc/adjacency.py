"""The graph of SCC: landmarks that move together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kerasalign.support.files import written_beside


@dataclass(frozen=True, eq=False)
class Adjacency:
    """A graph of landmarks with the correlations that it was made of.

    Args:
        correlation: `(N, N)` float64 in 0..1: how much two points move together.
        graph: `(N, N)` bool: node i takes from node j; every node takes from itself.
    """

    correlation: np.ndarray
    graph: np.ndarray

    @property
    def edges(self) -> list[tuple[int, int]]:
        """Pairs (i, j) of the graph without those from a node to itself, row by row."""
        i, j = np.nonzero(self.graph & ~np.eye(len(self.graph), dtype=bool))
        return list(zip(i.tolist(), j.tolist()))

    def components(self) -> list[list[int]]:
        """Groups of landmarks that are joined by edges in any direction, each sorted."""
        from scipy.sparse.csgraph import connected_components

        _, label = connected_components(self.graph, directed=False)
        return [np.flatnonzero(label == value).tolist() for value in range(label.max() + 1)]

    def save(self, path) -> None:
        """Writes one edge per line: `i j correlation`."""
        lines = [f"{i} {j} {self.correlation[i, j]:.6f}" for i, j in self.edges]
        with written_beside(path) as draft:
            draft.write_text("\n".join([f"nodes {len(self.graph)}", *lines]) + "\n", "utf-8")

    @classmethod
    def load(cls, path) -> Adjacency:
        """Reads what `save` wrote.

        Raises:
            ValueError: If the file is not of that form.
        """
        lines = Path(path).read_text("utf-8").split("\n")
        try:
            word, count = lines[0].split()
            if word != "nodes":
                raise ValueError("the first line must be `nodes N`")
            correlation = np.eye(int(count))
            graph = np.eye(int(count), dtype=bool)
            for line in filter(None, lines[1:]):
                i, j, value = line.split()
                correlation[int(i), int(j)], graph[int(i), int(j)] = float(value), True
        except (ValueError, IndexError) as error:
            raise ValueError(f"`path` must hold an adjacency: {error}. Received: path={str(path)!r}") from error
        return cls(correlation, graph)


def build_adjacency(landmarks: np.ndarray, k: int = 3, symmetric: bool = True) -> Adjacency:
    """Joins each landmark to the k that move most like it.

    Args:
        landmarks: `(M, N, 2)` of M faces in crop pixels. In pixels of the photo every pair would seem to move
            together, because faces do.
        k: Neighbors of each landmark beside itself.
        symmetric: Whether an edge in one direction makes one in the other, as in the released code; without it, the
            graph is equation 5's.

    Returns:
        The graph; of equally good neighbors the lower index is taken.

    Raises:
        ValueError: If a point is missing, a coordinate never changes, or k is not in 1..N-1.

    Reference: arXiv 2006.11697, equations 4 and 5: the mean of the absolute correlations of x and of y.
    """
    landmarks = np.asarray(landmarks, "float64")
    if landmarks.ndim != 3 or landmarks.shape[-1] != 2 or len(landmarks) < 2 or not np.isfinite(landmarks).all():
        raise ValueError(
            "`landmarks` must be (M, N, 2) of at least two faces, all points annotated. "
            f"Received: shape {landmarks.shape}"
        )
    count = landmarks.shape[1]
    if not 1 <= k < count:
        raise ValueError(f"`k` must be in 1..{count - 1}. Received: k={k}")
    if (np.ptp(landmarks, axis=0) == 0).any():
        point = int(np.argwhere((np.ptp(landmarks, axis=0) == 0).any(-1))[0, 0])
        raise ValueError(f"`landmarks` must vary. Received: point {point} has a coordinate that never changes")
    both = [np.abs(np.corrcoef(landmarks[..., axis].T)) for axis in (0, 1)]
    correlation = np.clip((both[0] + both[1]) / 2, 0, 1)
    np.fill_diagonal(correlation, 1)
    return Adjacency(correlation, _nearest(-correlation, k, symmetric))


def schematic_graph(points: np.ndarray, k: int = 3, symmetric: bool = True) -> np.ndarray:
    """The default graph, without annotations: `(N, N)` bool that joins each point of a shape to the k nearest."""
    points = np.asarray(points, "float64")
    return _nearest(np.linalg.norm(points[:, None] - points[None], axis=-1), min(k, len(points) - 1), symmetric)


def _nearest(cost: np.ndarray, k: int, symmetric: bool) -> np.ndarray:
    cost = cost.copy()
    np.fill_diagonal(cost, -np.inf)
    order = np.argsort(np.round(cost, 12), axis=1, kind="stable")[:, : k + 1]
    graph = np.zeros(cost.shape, bool)
    np.put_along_axis(graph, order, True, axis=1)
    return graph | graph.T if symmetric else graph
