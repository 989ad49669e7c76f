"""The software rasterizer: triangles to the nearest triangle of every sample, and depth from a light."""

from __future__ import annotations

import numpy as np

from kerasalign.synth.jit import kernel


@kernel
def _bounds(points, i, j, k, height, width):
    """First and last column, first and last row of a triangle's samples, clipped to the picture; and twice its area.

    y points down, so a triangle that faces the camera has a negative area.
    """
    ax, ay = points[i, 0], points[i, 1]
    bx, by = points[j, 0], points[j, 1]
    cx, cy = points[k, 0], points[k, 1]
    x0 = max(int(np.ceil(min(ax, bx, cx))), 0)
    x1 = min(int(np.floor(max(ax, bx, cx))), width - 1)
    y0 = max(int(np.ceil(min(ay, by, cy))), 0)
    y1 = min(int(np.floor(max(ay, by, cy))), height - 1)
    return x0, x1, y0, y1, (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)


@kernel
def _inside(points, i, j, k, x, y, scale):
    """Weights of a triangle's corners at a sample; the sample is inside where none is negative."""
    ax, ay = points[i, 0], points[i, 1]
    bx, by = points[j, 0], points[j, 1]
    cx, cy = points[k, 0], points[k, 1]
    u = ((bx - x) * (cy - y) - (by - y) * (cx - x)) * scale
    v = ((cx - x) * (ay - y) - (cy - y) * (ax - x)) * scale
    w = ((ax - x) * (by - y) - (ay - y) * (bx - x)) * scale
    return u, v, w


@kernel
def rasterize(points, inverse_depth, triangles, first, last, two_sided, depth, ids):
    """Draws triangles `first:last` into `depth` and `ids`, in place; the nearer wins, ties go to the earlier.

    Args:
        points: `(V, 2)` float32 sample coordinates, centers at integers.
        inverse_depth: `(V,)` float32, 1 over the distance along the view axis; not positive is behind the camera.
        triangles: `(T, 3)` int32.
        first: First triangle to draw.
        last: One past the last.
        two_sided: `(T,)` bool; other triangles are drawn where they face the camera.
        depth: `(H, W)` float32 inverse distance, 0 where nothing is.
        ids: `(H, W)` int32 triangle, -1 where nothing is.
    """
    height, width = depth.shape
    for t in range(first, last):
        i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        wi, wj, wk = inverse_depth[i], inverse_depth[j], inverse_depth[k]
        if wi <= 0 or wj <= 0 or wk <= 0:
            continue
        x0, x1, y0, y1, area = _bounds(points, i, j, k, height, width)
        if area == 0 or (area > 0 and not two_sided[t]):
            continue
        scale = np.float32(1.0) / area
        for y in range(y0, y1 + 1):
            for x in range(x0, x1 + 1):
                u, v, w = _inside(points, i, j, k, x, y, scale)
                if u >= 0 and v >= 0 and w >= 0:
                    d = u * wi + v * wj + w * wk
                    if d > depth[y, x]:
                        depth[y, x] = d
                        ids[y, x] = t


@kernel
def rasterize_depth(points, towards, triangles, first, last, depth):
    """Draws triangles `first:last`, from both sides, into an orthographic depth map; the largest `towards` wins.

    Args:
        points: `(V, 2)` float32 texel coordinates.
        towards: `(V,)` float32 position along the direction to the light.
        triangles: `(T, 3)` int32.
        first: First triangle to draw.
        last: One past the last.
        depth: `(H, W)` float32, very negative where nothing is.
    """
    height, width = depth.shape
    for t in range(first, last):
        i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        x0, x1, y0, y1, area = _bounds(points, i, j, k, height, width)
        if area == 0:
            continue
        scale = np.float32(1.0) / area
        for y in range(y0, y1 + 1):
            for x in range(x0, x1 + 1):
                u, v, w = _inside(points, i, j, k, x, y, scale)
                if u >= 0 and v >= 0 and w >= 0:
                    d = u * towards[i] + v * towards[j] + w * towards[k]
                    depth[y, x] = max(depth[y, x], d)


def blank(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Empty `depth` and `ids` for `rasterize`."""
    return np.zeros(shape, "float32"), np.full(shape, -1, "int32")
