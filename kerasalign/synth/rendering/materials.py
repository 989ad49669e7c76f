"""The materials of a scene: what each makes of a sample's attributes, as the shader reads it.

A material reads the seven attributes `a` of a sample, fills `albedo` `(3,)`, may turn `normal` `(3,)`, and returns
gloss, sharpness of the mirror light, how far light bleeds into shade, openness to the light around, and the share of
light that it mirrors where it is seen straight on.
"""

from __future__ import annotations

import math

import numpy as np

from kerasalign.synth.appearance.canvas import CANVAS
from kerasalign.synth.appearance.mesh import HAND
from kerasalign.synth.jit import kernel
from kerasalign.synth.rendering.textures import step, tap, tiled

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
def unit(vector, least):
    """Scales a vector to length 1, in place; `least` is added to its squared length."""
    length = 1 / math.sqrt(vector[0] * vector[0] + vector[1] * vector[1] + vector[2] * vector[2] + least)
    for c in range(3):
        vector[c] *= length


@kernel
def skin(kind, a, normal, look, paint, noise, albedo):
    """Skin of face, scalp, eye sockets and hands: painted, with fine grain and roots of hair."""
    gloss, slope_s, slope_t, open_ = 1.0, 0.0, 0.0, 1.0
    if kind == HAND:
        for c in range(3):
            albedo[c] = a[c]
    else:
        r = (CANVAS[3] - a[4]) * ((paint.shape[0] - 1) / (CANVAS[3] - CANVAS[2]))
        q = (a[3] - CANVAS[0]) * ((paint.shape[1] - 1) / (CANVAS[1] - CANVAS[0]))
        for c in range(3):
            albedo[c] = tap(paint, r, q, c)
        slope_s, slope_t, gloss = tap(paint, r, q, 3), tap(paint, r, q, 4), tap(paint, r, q, 5)
        open_ = a[5]
        if kind == SOCKET:
            for c in range(3):
                albedo[c] *= (0.75, 0.5, 0.45)[c]
    # Beyond the canvas the paint is one color, so the skin's fine grain is the shader's.
    nu, nv = look.noise_u, look.noise_v
    grain = tiled(noise, a[3] * 0.09 + nu, a[4] * 0.09 + nv, 0) - 0.5
    n1 = tiled(noise, a[3] * 0.31 + nv, a[4] * 0.31 + nu, 1) - 0.5
    n2 = tiled(noise, a[3] * 0.31 + nu + 0.37, a[4] * 0.31 + nv, 1) - 0.5
    for c in range(3):
        albedo[c] *= 1 + look.pores * (0.25 * grain + 0.3 * n1)
    slope_s += look.pores * 0.28 * n1
    slope_t += look.pores * 0.28 * n2
    gloss *= look.gloss
    if kind != HAND and a[6] > -1.0:
        # Roots of hair color the scalp; the edge is ragged.
        grow = tiled(noise, a[3] * 0.9 + nu, a[4] * 0.06 + nv, 2) - 0.5
        rough = look.hair_softness
        cover = step(0.0, 0.25 + rough, a[6] + (grow + 0.6 * grain) * 2.5 * rough)
        if cover > 0:
            dark = 0.55 + 0.9 * (grow + 0.3)
            for c in range(3):
                albedo[c] += cover * (look.hair_color[c] * dark - albedo[c])
            gloss *= 1 - cover
            slope_s += cover * 1.2 * grow
    _tilt(normal, look.up, slope_s, slope_t)
    return gloss, look.shininess, look.scatter, open_, 0.04


@kernel
def _tilt(normal, up, slope_s, slope_t):
    """Turns a normal by slopes across and along the head, in place."""
    nx, ny, nz = normal[0], normal[1], normal[2]
    tx, ty, tz = up[1] * nz - up[2] * ny, up[2] * nx - up[0] * nz, up[0] * ny - up[1] * nx
    length = 1 / math.sqrt(tx * tx + ty * ty + tz * tz + 1e-9)
    tx, ty, tz = tx * length, ty * length, tz * length
    wx, wy, wz = ny * tz - nz * ty, nz * tx - nx * tz, nx * ty - ny * tx
    normal[0] = nx - slope_s * tx - slope_t * wx
    normal[1] = ny - slope_s * ty - slope_t * wy
    normal[2] = nz - slope_s * tz - slope_t * wz
    unit(normal, 0.0)


@kernel
def eyeball(a, place, ball, look, noise, albedo):
    """White with veins, and iris and pupil; `a` is relative to the middle of the ball: see `render`."""
    nu, nv = look.noise_u, look.noise_v
    r = math.sqrt(a[0] * a[0] + a[1] * a[1])
    turn = math.atan2(a[1], a[0])
    veins = tiled(noise, a[0] * 0.35 + nu, a[1] * 0.35 + nv, 2)
    corner = step(0.75, 1.45, abs(a[0]))
    rim = look.iris_radius
    fiber = tiled(noise, turn * 0.32 + nu, r * 0.25 + nv, 0) + 0.5 * tiled(noise, turn * 1.27, r * 0.6, 1)
    inside = 1 - step(rim - 0.035, rim + 0.045, r)
    pupil = 1 - step(look.pupil - 0.02, look.pupil + 0.03, r)
    limbus = 1 - 0.75 * step(rim - 0.16, rim, r)
    for c in range(3):
        white = look.sclera[c] * (1 - 0.22 * (veins - 0.5)) * (1 - corner * (0.10, 0.3, 0.32)[c])
        color = look.iris[c] * (0.45 + 0.75 * fiber) * limbus * (1 - 0.98 * pupil)
        albedo[c] = white + inside * (color - white)
    # Lids shade the ball from above and at the corners.
    up = look.up
    high = (place[0] - ball[0]) * up[0] + (place[1] - ball[1]) * up[1] + (place[2] - ball[2]) * up[2]
    open_ = 0.3 + 0.7 * step(0.75, -0.2, high)
    open_ = 1 - look.eye_shade * (1 - open_ * (0.6 + 0.4 * step(1.6, 0.9, abs(a[0]))))
    return 0.5, 700.0, 0.0, open_, 0.02


@kernel
def mouth(kind, a, look, noise, albedo):
    """Teeth, gums and what is behind them, darker the deeper they are."""
    nu, nv = look.noise_u, look.noise_v
    if kind == TEETH:
        deep = step(look.lip_depth - 3.2, look.lip_depth - 0.7, a[2])
        n1 = tiled(noise, a[0] * 0.4 + nu, a[1] * 0.2 + nv, 0)
        for c in range(3):
            albedo[c] = look.teeth[c] * (0.85 + 0.3 * n1)
        return 0.25, 60.0, 0.2, 0.1 + 0.75 * deep, 0.02
    deep = step(look.lip_depth - 5.0, look.lip_depth - 0.6, a[2])
    n1 = tiled(noise, a[0] * 0.3 + nu, a[2] * 0.3 + nv, 0)
    for c in range(3):
        albedo[c] = look.gums[c] * (0.7 + 0.6 * n1)
    open_ = 0.04 + 0.6 * deep if kind == GUMS else 0.02 + 0.3 * deep
    return 0.12, 40.0, 0.0, open_, 0.02


@kernel
def cloth(a, normal, look, noise, albedo):
    """Woven cloth, plain or with stripes across or along."""
    n1 = tiled(noise, a[3] * 0.06 + look.noise_u, a[4] * 0.06, 0)
    n2 = tiled(noise, a[3] * 1.3, a[4] * 1.3 + look.noise_v, 1)
    stripe = 1.0
    if look.cloth_pattern > 0.01:
        stripe = 1 - 0.5 * step(0.4, 0.6, 0.5 + 0.5 * math.sin(a[4] * look.cloth_pattern))
    elif look.cloth_pattern < -0.01:
        stripe = 1 - 0.5 * step(0.4, 0.6, 0.5 + 0.5 * math.sin(a[3] * look.cloth_pattern))
    for c in range(3):
        albedo[c] = a[c] * (0.75 + 0.5 * n1) * (0.8 + 0.4 * n2) * stripe
    normal[0] += 0.7 * (n1 - 0.5)
    normal[1] += 0.5 * (n2 - 0.5)
    unit(normal, 0.0)
    return 0.0, 12.0, 0.0, 1.0, 0.02


@kernel
def hair(a, normal, place, view, look, albedo):
    """Strands; seen from outside, a strand's normal is what its direction leaves of the way out of the head."""
    center = look.head_center
    ox, oy, oz = place[0] - center[0], place[1] - center[1], place[2] - center[2]
    along = ox * normal[0] + oy * normal[1] + oz * normal[2]
    normal[0] = ox - along * normal[0] + 2 * view[0]
    normal[1] = oy - along * normal[1] + 2 * view[1]
    normal[2] = oz - along * normal[2] + 2 * view[2]
    unit(normal, 1e-9)
    for c in range(3):
        albedo[c] = a[c]
    return 0.02, 12.0, 0.15, a[4], 0.02


@kernel
def plain(a, albedo):
    """One color, with the gloss of the mesh."""
    for c in range(3):
        albedo[c] = a[c]
    return a[3], 60.0, 0.0, 1.0, 0.04 + 0.2 * a[3]
