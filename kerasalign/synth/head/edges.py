"""Edges of the lids and of the inner lips: paths along the mesh from one landmark to the next."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from kerasalign.synth.head.model import HeadModel

#: Points of markup 68 along the upper and lower edge of each opening, from the left of the picture to its right.
OPENINGS = {
    "eye_right": ((36, 37, 38, 39), (36, 41, 40, 39)),
    "eye_left": ((42, 43, 44, 45), (42, 47, 46, 45)),
    "mouth": ((60, 61, 62, 63, 64), (60, 67, 66, 65, 64)),
}


@dataclass(frozen=True, eq=False)
class Edges:
    """The two edges of an opening of the face.

    Args:
        upper: `(N,)` vertices of the upper edge, from the left of the picture to its right.
        lower: `(M,)` the same of the lower edge; it starts and ends at the same vertices.
    """

    upper: np.ndarray
    lower: np.ndarray

    def at(self, vertices: np.ndarray, x: np.ndarray, axis: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """Heights (axis 1) or depths (axis 2) of the upper and lower edge of `(V, 3)` vertices at `(K,)` places `x`."""
        heights = []
        for chain in (self.upper, self.lower):
            line = vertices[chain]
            order = np.argsort(line[:, 0], kind="stable")
            heights.append(np.interp(x, line[order, 0], line[order, axis]))
        return heights[0], heights[1]


def face_edges(head: HeadModel) -> dict[str, Edges]:
    """Edges of the eyes and the mouth of a head, by the names of `OPENINGS`; computed once for each head."""
    return head.derived(_find_edges)


def _find_edges(head: HeadModel) -> dict[str, Edges]:
    triangles = head.triangles[head.parts["face"]]
    pairs = np.unique(
        np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])), axis=0
    )
    length = np.linalg.norm(head.mean[pairs[:, 0]] - head.mean[pairs[:, 1]], axis=1)
    count = len(head.mean)
    graph = coo_matrix((length, (pairs[:, 0], pairs[:, 1])), (count, count)).tocsr()
    marks = {i: int(head.landmarks68[i]) for rows in OPENINGS.values() for row in rows for i in row}
    sources = sorted(set(marks.values()))
    _, before = dijkstra(graph, directed=False, indices=sources, return_predecessors=True)
    rows = {vertex: before[k] for k, vertex in enumerate(sources)}

    def path(points) -> np.ndarray:
        chain = [marks[points[0]]]
        for a, b in pairwise(points):
            step, at = [], marks[b]
            while at != marks[a] and at >= 0:
                step.append(at)
                at = rows[marks[a]][at]
            chain += step[::-1]
        return np.array(chain)

    return {name: Edges(path(upper), path(lower)) for name, (upper, lower) in OPENINGS.items()}
