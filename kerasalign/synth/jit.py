"""Compiled loops: numba, an extra of the renderer alone."""

from __future__ import annotations

import numpy as np

try:
    import numba
except ImportError as error:  # pragma: no cover - the extra is there wherever the tests run
    raise ImportError(
        f"The face renderer needs numba, which is not installed: pip install 'kerasalign[synth]'. Received: {error}"
    ) from error

#: Compiles a loop: no Python inside, no lock held, the same results on every run.
kernel = numba.njit(cache=True, nogil=True, fastmath=False, error_model="numpy")


# These two are matrix products. A BLAS would share them out over threads that wait for each other; pictures are
# made by several workers at once, and each is to keep to its own core.
@kernel
def transformed(points, matrix, offset):
    """`(V, 3)` float32 points times the transpose of a `(3, 3)` matrix, plus a `(3,)` offset; all float32."""
    out = np.empty_like(points)
    for v in range(len(points)):
        x, y, z = points[v, 0], points[v, 1], points[v, 2]
        for c in range(3):
            out[v, c] = matrix[c, 0] * x + matrix[c, 1] * y + matrix[c, 2] * z + offset[c]
    return out


@kernel
def combined(mean, modes, scores):
    """`mean` plus the sum of `scores[i] * modes[i]`: `(V, 3)`, `(I, V, 3)` and `(I,)` float32."""
    out = mean.copy().ravel()
    for i in range(len(scores)):
        if scores[i] != 0:
            mode, score = modes[i].ravel(), scores[i]
            for v in range(out.size):
                out[v] += score * mode[v]
    return out.reshape(mean.shape)


@kernel
def vertex_normals(vertices, triangles):
    """`(V, 3)` unit normals: the mean of the triangles around a vertex, weighted by area."""
    normals = np.zeros_like(vertices)
    for t in range(len(triangles)):
        i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, ay, az = vertices[j, 0] - vertices[i, 0], vertices[j, 1] - vertices[i, 1], vertices[j, 2] - vertices[i, 2]
        bx, by, bz = vertices[k, 0] - vertices[i, 0], vertices[k, 1] - vertices[i, 1], vertices[k, 2] - vertices[i, 2]
        nx, ny, nz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
        for c in (i, j, k):
            normals[c, 0] += nx
            normals[c, 1] += ny
            normals[c, 2] += nz
    for v in range(len(normals)):
        length = np.sqrt(normals[v, 0] ** 2 + normals[v, 1] ** 2 + normals[v, 2] ** 2) + np.float32(1e-9)
        for c in range(3):
            normals[v, c] /= length
    return normals
