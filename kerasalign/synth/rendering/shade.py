"""The shader: what color each sample has, from its triangle, material and light."""

from __future__ import annotations

import math

import numpy as np

from kerasalign.synth.appearance.mesh import CLOTH, HAIR, HAND, PLAIN
from kerasalign.synth.jit import kernel
from kerasalign.synth.rendering.materials import (
    EYE_LEFT,
    EYE_RIGHT,
    FACE,
    GUMS,
    MOUTH,
    SCALP,
    SOCKET,
    TEETH,
    cloth,
    eyeball,
    hair,
    mouth,
    plain,
    skin,
    unit,
)


@kernel
def _harmonics(sh, x, y, z, c):
    """Light from nine spherical harmonics."""
    value = (
        sh[0, c]
        + sh[1, c] * y
        + sh[2, c] * z
        + sh[3, c] * x
        + sh[4, c] * x * y
        + sh[5, c] * y * z
        + sh[6, c] * (3 * z * z - 1)
        + sh[7, c] * x * z
        + sh[8, c] * (x * x - y * y)
    )
    return max(value, 0.015)


@kernel
def _shadow(shadow, matrix, x, y, z, bias, soft):
    """Share of the key light that reaches a point."""
    column = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2] * z + matrix[0, 3]
    row = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2] * z + matrix[1, 3]
    towards = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2] * z + matrix[2, 3] + bias
    n = shadow.shape[0]
    lit = 0.0
    for a in range(-1, 2):
        for b in range(-1, 2):
            i, j = int(row + a * soft + 0.5), int(column + b * soft + 0.5)
            if i < 0 or j < 0 or i >= n or j >= n or shadow[i, j] <= towards:
                lit += 1.0
    return lit / 9


@kernel
def _corner_weights(a, b, c, row, column, inverse_a, inverse_b, inverse_c):
    """Weights of a triangle's corners at a sample, in perspective."""
    area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    u = ((b[0] - column) * (c[1] - row) - (b[1] - row) * (c[0] - column)) / area * inverse_a
    v = ((c[0] - column) * (a[1] - row) - (c[1] - row) * (a[0] - column)) / area * inverse_b
    w = (1 - u / inverse_a - v / inverse_b) * inverse_c
    total = u + v + w
    return u / total, v / total, w / total


@kernel
def _material(kind, a, normal, place, view, look, paint, noise, albedo):
    """The material of a kind: see `materials`."""
    if kind in (FACE, SCALP, SOCKET, HAND):
        return skin(kind, a, normal, look, paint, noise, albedo)
    if kind == EYE_RIGHT:
        return eyeball(a, place, look.eye_right, look, noise, albedo)
    if kind == EYE_LEFT:
        return eyeball(a, place, look.eye_left, look, noise, albedo)
    if kind in (TEETH, GUMS, MOUTH):
        return mouth(kind, a, look, noise, albedo)
    if kind == CLOTH:
        return cloth(a, normal, look, noise, albedo)
    if kind == PLAIN:
        return plain(a, albedo)
    return hair(a, normal, place, view, look, albedo)


@kernel
def _light_around(normal, view, surface, sh, glow, mirror):
    """Fills the diffuse and the mirror light that comes from all sides."""
    gloss, _, wrap, open_, fresnel = surface
    nx, ny, nz = normal[0], normal[1], normal[2]
    facing = max(nx * view[0] + ny * view[1] + nz * view[2], 0.0)
    edge = (1 - facing) ** 2
    # Skin is rough: at a grazing angle it never is a mirror.
    edge = fresnel + (0.3 - fresnel) * edge * edge * (1 - facing)
    rx, ry, rz = 2 * facing * nx - view[0], 2 * facing * ny - view[1], 2 * facing * nz - view[2]
    for c in range(3):
        # Corners are darker, and warmer since light bounces in them.
        bounce = (0.15, 0.0, -0.05)[c] * (1 - open_) if wrap > 0 else 0.0
        glow[c] = _harmonics(sh, nx, ny, nz, c) * open_ * (1 + bounce)
        mirror[c] = _harmonics(sh, rx, ry, rz, c) * edge * open_ * gloss * 1.5


@kernel
def _light_on_hair(lamp, color, seen, strand, normal, view, open_, shine, albedo, glow, mirror):
    """Adds a lamp's light on a strand."""
    hx, hy, hz = lamp[0] + view[0], lamp[1] + view[1], lamp[2] + view[2]
    length = 1 / math.sqrt(hx * hx + hy * hy + hz * hz + 1e-9)
    cosine = lamp[0] * strand[0] + lamp[1] * strand[1] + lamp[2] * strand[2]
    diffuse = math.sqrt(max(1 - cosine * cosine, 0.0))
    towards = normal[0] * lamp[0] + normal[1] * lamp[1] + normal[2] * lamp[2]
    diffuse *= (0.3 + 0.7 * max(towards + 0.3, 0.0) / 1.3) * seen * open_
    cosine = (hx * strand[0] + hy * strand[1] + hz * strand[2]) * length
    sine = max(1 - cosine * cosine, 0.0) ** 12 * shine * diffuse
    for c in range(3):
        glow[c] += color[c] * diffuse * 0.8
        mirror[c] += color[c] * (0.02 + 0.6 * albedo[c]) * sine


@kernel
def _light_on_surface(lamp, color, seen, normal, view, surface, inner, glow, mirror):
    """Adds a lamp's light on anything but hair; `inner` is the openness that its diffuse light sees."""
    gloss, shine, wrap, open_, _ = surface
    hx, hy, hz = lamp[0] + view[0], lamp[1] + view[1], lamp[2] + view[2]
    length = 1 / math.sqrt(hx * hx + hy * hy + hz * hz + 1e-9)
    cosine = normal[0] * lamp[0] + normal[1] * lamp[1] + normal[2] * lamp[2]
    flash = 0.0
    if cosine > 0 and gloss > 0 and seen > 0:
        half = max((hx * normal[0] + hy * normal[1] + hz * normal[2]) * length, 0.0)
        flash = gloss * seen * open_ * half**shine * (0.04 + 0.009 * shine)
    for c in range(3):
        # Light bleeds through skin, red the farthest: the edge of a shadow is soft and warm.
        soft = wrap * (1.0, 0.45, 0.3)[c]
        bled = seen + (1 - seen) * 0.15 * soft
        glow[c] += color[c] * max((cosine + soft) / (1 + soft), 0.0) * bled * inner
        mirror[c] += color[c] * flash


@kernel
def shade(
    ids,
    points,
    inverse,
    vertices,
    normals,
    attributes,
    triangles,
    material,
    paint,
    noise,
    sh,
    directions,
    colors,
    shadow,
    shadow_matrix,
    look,
    out,
):
    """Fills `out`, `(H, W, 3)` float32 linear light, where `ids` has a triangle.

    Args:
        ids: `(H, W)` int32 triangles of `rasterize`.
        points: `(V, 2)` sample coordinates.
        inverse: `(V,)` inverse distances.
        vertices: `(V, 3)` camera coordinates.
        normals: `(V, 3)` unit normals in them; of hair, directions of the strands.
        attributes: `(V, 7)`; of the head: place on the mean head, place in the chart, openness, hairiness.
        triangles: `(T, 3)`.
        material: `(T,)`.
        paint: `(h, w, 6)` albedo, slopes along the chart, gloss.
        noise: `(n, n, 4)` tiling noise about 0.5.
        sh: `(9, 3)` light around.
        directions: `(L, 3)` unit directions to lights; the first one casts shadows.
        colors: `(L, 3)` their light.
        shadow: `(n, n)` depth map of the first light.
        shadow_matrix: `(3, 4)` from camera coordinates to its columns, rows and depth.
        look: Record of type `LOOK`: numbers of the scene.
        out: The picture.
    """
    albedo, glow, mirror = np.zeros(3), np.zeros(3), np.zeros(3)
    place, normal, strand, view, a = np.zeros(3), np.zeros(3), np.zeros(3), np.zeros(3), np.zeros(7)
    for row in range(ids.shape[0]):
        for column in range(ids.shape[1]):
            t = ids[row, column]
            if t < 0:
                continue
            i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            u, v, w = _corner_weights(points[i], points[j], points[k], row, column, inverse[i], inverse[j], inverse[k])
            for c in range(3):
                place[c] = u * vertices[i, c] + v * vertices[j, c] + w * vertices[k, c]
                normal[c] = u * normals[i, c] + v * normals[j, c] + w * normals[k, c]
                view[c] = -place[c]
            for c in range(7):
                a[c] = u * attributes[i, c] + v * attributes[j, c] + w * attributes[k, c]
            unit(normal, 1e-12)
            unit(view, 0.0)
            strand[:] = normal
            kind = material[t]
            surface = _material(kind, a, normal, place, view, look, paint, noise, albedo)
            if normal[0] * view[0] + normal[1] * view[1] + normal[2] * view[2] < 0 and kind in (PLAIN, CLOTH, HAND):
                for c in range(3):
                    normal[c] = -normal[c]
            lit = 1.0
            if look.shadow_strength > 0:
                x, y, z = place[0] + 0.12 * normal[0], place[1] + 0.12 * normal[1], place[2] + 0.12 * normal[2]
                share = _shadow(shadow, shadow_matrix, x, y, z, 0.18, look.shadow_softness)
                lit = 1 - look.shadow_strength * (1 - share)
            _light_around(normal, view, surface, sh, glow, mirror)
            open_ = surface[3]
            inner = open_ if kind in (EYE_RIGHT, EYE_LEFT, TEETH) else 0.5 + 0.5 * open_
            for lamp in range(len(directions)):
                seen = lit if lamp == 0 else 1.0
                way, color = directions[lamp], colors[lamp]
                if kind == HAIR:
                    _light_on_hair(way, color, seen, strand, normal, view, open_, look.hair_shine, albedo, glow, mirror)
                else:
                    _light_on_surface(way, color, seen, normal, view, surface, inner, glow, mirror)
            for c in range(3):
                out[row, column, c] = albedo[c] * glow[c] + mirror[c]
