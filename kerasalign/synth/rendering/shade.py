"""The shader: what color each sample has, from its triangle, material and light."""

from __future__ import annotations

import math

import numpy as np

from kerasalign.synth.appearance.canvas import CANVAS
from kerasalign.synth.appearance.mesh import CLOTH, HAIR, HAND, PLAIN
from kerasalign.synth.jit import kernel

FACE, EYE_RIGHT, EYE_LEFT, SCALP, MOUTH, SOCKET, GUMS, TEETH = range(8)
#: Numbers of a scene that the shader reads: lengths in centimeters, colors as linear albedo, places in camera
#: coordinates.
LOOK = np.dtype(
    [
        (name, "f8", 3)
        for name in ("up", "head_center", "eye_right", "eye_left", "hair_color", "iris", "sclera", "teeth", "gums")
    ]
    + [
        (name, "f8")
        for name in (
            "scatter",
            "gloss",
            "shininess",
            "pores",
            "hair_softness",
            "pupil",
            "iris_radius",
            "shadow_softness",
            "shadow_strength",
            "lip_depth",
            "noise_u",
            "noise_v",
            "cloth_pattern",
            "hair_shine",
            "eye_shade",
        )
    ]
)


@kernel
def _tap(texture, row, column, channel):
    """Bilinear value of one channel, clamped at the edges."""
    height, width = texture.shape[0], texture.shape[1]
    row = min(max(row, 0.0), height - 1.001)
    column = min(max(column, 0.0), width - 1.001)
    i, j = int(row), int(column)
    a, b = row - i, column - j
    top = texture[i, j, channel] * (1 - b) + texture[i, j + 1, channel] * b
    return top * (1 - a) + (texture[i + 1, j, channel] * (1 - b) + texture[i + 1, j + 1, channel] * b) * a


@kernel
def _noise(texture, u, v, channel):
    """Bilinear value of the tiling noise; u and v in tiles."""
    n = texture.shape[0]
    x, y = (u - math.floor(u)) * n, (v - math.floor(v)) * n
    i, j = int(y), int(x)
    a, b = y - i, x - j
    i, j = i % n, j % n
    i1, j1 = (i + 1) % n, (j + 1) % n
    top = texture[i, j, channel] * (1 - b) + texture[i, j1, channel] * b
    return top * (1 - a) + (texture[i1, j, channel] * (1 - b) + texture[i1, j1, channel] * b) * a


@kernel
def _step(low, high, x):
    t = min(max((x - low) / (high - low), 0.0), 1.0)
    return t * t * (3 - 2 * t)


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
    height, width = ids.shape
    lights = directions.shape[0]
    ph, pw = paint.shape[0], paint.shape[1]
    across, down = (pw - 1) / (CANVAS[1] - CANVAS[0]), (ph - 1) / (CANVAS[3] - CANVAS[2])
    ux, uy, uz = look.up[0], look.up[1], look.up[2]
    nu, nv = look.noise_u, look.noise_v
    albedo = np.zeros(3)
    glow, mirror = np.zeros(3), np.zeros(3)
    p = np.zeros(3)
    for row in range(height):
        for column in range(width):
            t = ids[row, column]
            if t < 0:
                continue
            i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            ax, ay = points[i, 0], points[i, 1]
            bx, by = points[j, 0], points[j, 1]
            cx, cy = points[k, 0], points[k, 1]
            area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
            u = ((bx - column) * (cy - row) - (by - row) * (cx - column)) / area * inverse[i]
            v = ((cx - column) * (ay - row) - (cy - row) * (ax - column)) / area * inverse[j]
            w = (1 - u / inverse[i] - v / inverse[j]) * inverse[k]
            total = u + v + w
            u, v, w = u / total, v / total, w / total
            x = u * vertices[i, 0] + v * vertices[j, 0] + w * vertices[k, 0]
            y = u * vertices[i, 1] + v * vertices[j, 1] + w * vertices[k, 1]
            z = u * vertices[i, 2] + v * vertices[j, 2] + w * vertices[k, 2]
            nx = u * normals[i, 0] + v * normals[j, 0] + w * normals[k, 0]
            ny = u * normals[i, 1] + v * normals[j, 1] + w * normals[k, 1]
            nz = u * normals[i, 2] + v * normals[j, 2] + w * normals[k, 2]
            length = 1 / math.sqrt(nx * nx + ny * ny + nz * nz + 1e-12)
            nx, ny, nz = nx * length, ny * length, nz * length
            for c in range(3):
                p[c] = u * attributes[i, c] + v * attributes[j, c] + w * attributes[k, c]
            a3 = u * attributes[i, 3] + v * attributes[j, 3] + w * attributes[k, 3]
            a4 = u * attributes[i, 4] + v * attributes[j, 4] + w * attributes[k, 4]
            a5 = u * attributes[i, 5] + v * attributes[j, 5] + w * attributes[k, 5]
            a6 = u * attributes[i, 6] + v * attributes[j, 6] + w * attributes[k, 6]
            far = 1 / math.sqrt(x * x + y * y + z * z)
            vx, vy, vz = -x * far, -y * far, -z * far
            kind = material[t]
            gloss, shine, wrap, open_, fresnel = 0.02, 12.0, 0.0, 1.0, 0.02
            eye = kind in (EYE_RIGHT, EYE_LEFT)
            strand_x, strand_y, strand_z = nx, ny, nz
            if kind in (FACE, SCALP, SOCKET, HAND):
                if kind == HAND:
                    for c in range(3):
                        albedo[c] = p[c]
                    g1, slope_s, slope_t, open_ = 1.0, 0.0, 0.0, 1.0
                    su, sv = a3, a4
                else:
                    r, q = (CANVAS[3] - a4) * down, (a3 - CANVAS[0]) * across
                    for c in range(3):
                        albedo[c] = _tap(paint, r, q, c)
                    slope_s, slope_t, g1 = _tap(paint, r, q, 3), _tap(paint, r, q, 4), _tap(paint, r, q, 5)
                    open_ = a5
                    su, sv = a3, a4
                    if kind == SOCKET:
                        for c in range(3):
                            albedo[c] *= (0.75, 0.5, 0.45)[c]
                # Beyond the canvas the paint is one color, so the skin's fine grain is the shader's.
                grain = _noise(noise, su * 0.09 + nu, sv * 0.09 + nv, 0) - 0.5
                n1 = _noise(noise, su * 0.31 + nv, sv * 0.31 + nu, 1) - 0.5
                n2 = _noise(noise, su * 0.31 + nu + 0.37, sv * 0.31 + nv, 1) - 0.5
                for c in range(3):
                    albedo[c] *= 1 + look.pores * (0.25 * grain + 0.3 * n1)
                tx, ty, tz = uy * nz - uz * ny, uz * nx - ux * nz, ux * ny - uy * nx
                length = 1 / math.sqrt(tx * tx + ty * ty + tz * tz + 1e-9)
                tx, ty, tz = tx * length, ty * length, tz * length
                wx, wy, wz = ny * tz - nz * ty, nz * tx - nx * tz, nx * ty - ny * tx
                slope_s += look.pores * 0.28 * n1
                slope_t += look.pores * 0.28 * n2
                gloss, shine, wrap, fresnel = look.gloss * g1, look.shininess, look.scatter, 0.04
                if kind != HAND and a6 > -1.0:
                    # Roots of hair color the scalp; the edge is ragged.
                    grow = _noise(noise, su * 0.9 + nu, sv * 0.06 + nv, 2) - 0.5
                    rough = look.hair_softness
                    cover = _step(0.0, 0.25 + rough, a6 + (grow + 0.6 * grain) * 2.5 * rough)
                    if cover > 0:
                        dark = 0.55 + 0.9 * (grow + 0.3)
                        for c in range(3):
                            albedo[c] += cover * (look.hair_color[c] * dark - albedo[c])
                        gloss *= 1 - cover
                        slope_s += cover * 1.2 * grow
                nx, ny, nz = (
                    nx - slope_s * tx - slope_t * wx,
                    ny - slope_s * ty - slope_t * wy,
                    nz - slope_s * tz - slope_t * wz,
                )
                length = 1 / math.sqrt(nx * nx + ny * ny + nz * nz)
                nx, ny, nz = nx * length, ny * length, nz * length
            elif eye:
                ball = look.eye_right if kind == EYE_RIGHT else look.eye_left
                # `p` is relative to the eye's center: see `render`.
                r = math.sqrt(p[0] * p[0] + p[1] * p[1])
                turn = math.atan2(p[1], p[0])
                veins = _noise(noise, p[0] * 0.35 + nu, p[1] * 0.35 + nv, 2)
                corner = _step(0.75, 1.45, abs(p[0]))
                rim = look.iris_radius
                fibre = _noise(noise, turn * 0.32 + nu, r * 0.25 + nv, 0) + 0.5 * _noise(noise, turn * 1.27, r * 0.6, 1)
                inside = 1 - _step(rim - 0.035, rim + 0.045, r)
                pupil = 1 - _step(look.pupil - 0.02, look.pupil + 0.03, r)
                limbus = 1 - 0.75 * _step(rim - 0.16, rim, r)
                for c in range(3):
                    white = look.sclera[c] * (1 - 0.22 * (veins - 0.5)) * (1 - corner * (0.10, 0.3, 0.32)[c])
                    color = look.iris[c] * (0.45 + 0.75 * fibre) * limbus * (1 - 0.98 * pupil)
                    albedo[c] = white + inside * (color - white)
                # Lids shade the ball from above and at the corners.
                dx, dy, dz = x - ball[0], y - ball[1], z - ball[2]
                high = dx * ux + dy * uy + dz * uz
                open_ = 0.3 + 0.7 * _step(0.75, -0.2, high)
                open_ = 1 - look.eye_shade * (1 - open_ * (0.6 + 0.4 * _step(1.6, 0.9, abs(p[0]))))
                gloss, shine, fresnel = 0.5, 700.0, 0.02
            elif kind == TEETH:
                deep = _step(look.lip_depth - 3.2, look.lip_depth - 0.7, p[2])
                n1 = _noise(noise, p[0] * 0.4 + nu, p[1] * 0.2 + nv, 0)
                for c in range(3):
                    albedo[c] = look.teeth[c] * (0.85 + 0.3 * n1)
                open_, gloss, shine, wrap = 0.1 + 0.75 * deep, 0.25, 60.0, 0.2
            elif kind in (GUMS, MOUTH):
                deep = _step(look.lip_depth - 5.0, look.lip_depth - 0.6, p[2])
                n1 = _noise(noise, p[0] * 0.3 + nu, p[2] * 0.3 + nv, 0)
                for c in range(3):
                    albedo[c] = look.gums[c] * (0.7 + 0.6 * n1)
                open_, gloss, shine = (0.04 + 0.6 * deep) if kind == GUMS else 0.02 + 0.3 * deep, 0.12, 40.0
            elif kind == CLOTH:
                n1 = _noise(noise, a3 * 0.06 + nu, a4 * 0.06, 0)
                n2 = _noise(noise, a3 * 1.3, a4 * 1.3 + nv, 1)
                stripe = 1.0
                if look.cloth_pattern > 0.01:
                    stripe = 1 - 0.5 * _step(0.4, 0.6, 0.5 + 0.5 * math.sin(a4 * look.cloth_pattern))
                elif look.cloth_pattern < -0.01:
                    stripe = 1 - 0.5 * _step(0.4, 0.6, 0.5 + 0.5 * math.sin(a3 * look.cloth_pattern))
                for c in range(3):
                    albedo[c] = p[c] * (0.75 + 0.5 * n1) * (0.8 + 0.4 * n2) * stripe
                gloss = 0.0
                nx, ny = nx + 0.7 * (n1 - 0.5), ny + 0.5 * (n2 - 0.5)
                length = 1 / math.sqrt(nx * nx + ny * ny + nz * nz)
                nx, ny, nz = nx * length, ny * length, nz * length
            elif kind == PLAIN:
                for c in range(3):
                    albedo[c] = p[c]
                gloss, shine, fresnel = a3, 60.0, 0.04 + 0.2 * a3
            else:
                for c in range(3):
                    albedo[c] = p[c]
                # Seen from outside, a strand's normal is what its direction leaves of the way out of the head.
                ox, oy, oz = x - look.head_center[0], y - look.head_center[1], z - look.head_center[2]
                along = ox * nx + oy * ny + oz * nz
                nx, ny, nz = ox - along * nx + 2 * vx, oy - along * ny + 2 * vy, oz - along * nz + 2 * vz
                length = 1 / math.sqrt(nx * nx + ny * ny + nz * nz + 1e-9)
                nx, ny, nz = nx * length, ny * length, nz * length
                open_, wrap = a4, 0.15
            if nx * vx + ny * vy + nz * vz < 0 and kind in (PLAIN, CLOTH, HAND):
                nx, ny, nz = -nx, -ny, -nz
            lit = 1.0
            if look.shadow_strength > 0:
                lit = 1 - look.shadow_strength * (
                    1
                    - _shadow(
                        shadow, shadow_matrix, x + 0.12 * nx, y + 0.12 * ny, z + 0.12 * nz, 0.18, look.shadow_softness
                    )
                )
            facing = max(nx * vx + ny * vy + nz * vz, 0.0)
            edge = (1 - facing) ** 2
            # Skin is rough: at a grazing angle it never is a mirror.
            edge = fresnel + (0.3 - fresnel) * edge * edge * (1 - facing)
            rx, ry, rz = 2 * facing * nx - vx, 2 * facing * ny - vy, 2 * facing * nz - vz
            for c in range(3):
                # Corners are darker, and warmer since light bounces in them.
                bounce = (0.15, 0.0, -0.05)[c] * (1 - open_) if wrap > 0 else 0.0
                glow[c] = _harmonics(sh, nx, ny, nz, c) * open_ * (1 + bounce)
                mirror[c] = _harmonics(sh, rx, ry, rz, c) * edge * open_ * gloss * 1.5
            for lamp in range(lights):
                lx, ly, lz = directions[lamp, 0], directions[lamp, 1], directions[lamp, 2]
                seen = lit if lamp == 0 else 1.0
                hx, hy, hz = lx + vx, ly + vy, lz + vz
                length = 1 / math.sqrt(hx * hx + hy * hy + hz * hz + 1e-9)
                if kind == HAIR:
                    cosine = lx * strand_x + ly * strand_y + lz * strand_z
                    diffuse = math.sqrt(max(1 - cosine * cosine, 0.0))
                    diffuse *= (0.3 + 0.7 * max(nx * lx + ny * ly + nz * lz + 0.3, 0.0) / 1.3) * seen * open_
                    cosine = (hx * strand_x + hy * strand_y + hz * strand_z) * length
                    sine = max(1 - cosine * cosine, 0.0) ** 12 * look.hair_shine * diffuse
                    for c in range(3):
                        glow[c] += colors[lamp, c] * diffuse * 0.8
                        mirror[c] += colors[lamp, c] * (0.02 + 0.6 * albedo[c]) * sine
                    continue
                cosine = nx * lx + ny * ly + nz * lz
                flash = 0.0
                if cosine > 0 and gloss > 0 and seen > 0:
                    half = max((hx * nx + hy * ny + hz * nz) * length, 0.0)
                    flash = gloss * seen * open_ * half**shine * (0.04 + 0.009 * shine)
                inner = open_ if eye or kind == TEETH else 0.5 + 0.5 * open_
                for c in range(3):
                    # Light bleeds through skin, red the farthest: the edge of a shadow is soft and warm.
                    soft = wrap * (1.0, 0.45, 0.3)[c]
                    bled = seen + (1 - seen) * 0.15 * soft
                    glow[c] += colors[lamp, c] * max((cosine + soft) / (1 + soft), 0.0) * bled * inner
                    mirror[c] += colors[lamp, c] * flash
            for c in range(3):
                out[row, column, c] = albedo[c] * glow[c] + mirror[c]
