"""Gathers the meshes of a scene, and shades the rasterized picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerasalign.synth.appearance.canvas import noise
from kerasalign.synth.appearance.clothes import shoulders
from kerasalign.synth.appearance.eyes import lash_strands
from kerasalign.synth.appearance.glasses import Glasses, frame_and_lenses
from kerasalign.synth.appearance.hair import hairiness, locks
from kerasalign.synth.appearance.headwear import hat
from kerasalign.synth.appearance.masks import mask_mesh
from kerasalign.synth.appearance.mesh import ATTRIBUTES, Mesh, join_meshes
from kerasalign.synth.appearance.occluders import occluder_mesh
from kerasalign.synth.appearance.paint import paint
from kerasalign.synth.head.model import OPTIONAL_PARTS, PARTS, HeadModel
from kerasalign.synth.jit import transformed, vertex_normals
from kerasalign.synth.rendering.camera import View
from kerasalign.synth.rendering.lighting import shadow_map
from kerasalign.synth.rendering.materials import LOOK
from kerasalign.synth.rendering.openness import openness
from kerasalign.synth.rendering.raster import blank, rasterize
from kerasalign.synth.rendering.scene import Scene
from kerasalign.synth.rendering.shade import shade

# Height of a mean head under its chin, centimeters.
_CHIN = -9.2
_INSIDE = [(PARTS + OPTIONAL_PARTS).index(name) for name in OPTIONAL_PARTS[1:] + PARTS[1:]]


@dataclass(frozen=True, eq=False)
class World:
    """All triangles of a scene, the head's first, in camera coordinates.

    Args:
        vertices: `(V, 3)`.
        normals: `(V, 3)`.
        attributes: `(V, 7)`.
        triangles: `(T, 3)`.
        material: `(T,)`.
        two_sided: `(T,)` whether a triangle is drawn from behind.
        occludes: `(T,)` whether it counts as an occluder.
        lenses: The lenses of glasses, in head coordinates, or None.
        view: The view.
        shape: `(V, 3)` the head's vertices in its own coordinates.
    """

    vertices: np.ndarray
    normals: np.ndarray
    attributes: np.ndarray
    triangles: np.ndarray
    material: np.ndarray
    two_sided: np.ndarray
    occludes: np.ndarray
    lenses: Mesh | None
    view: View
    shape: np.ndarray


def warper(head: HeadModel, neutral: np.ndarray):
    """A smooth map from around the mean head to around a neutral head: quadratic, by least squares."""
    sample, inverse = head.derived(_warp_basis)
    matrix = (inverse @ (neutral[sample] - head.mean[sample])).astype("float32")

    def warp(points: np.ndarray) -> np.ndarray:
        points = np.asarray(points, "float32")
        # Below the bust the quadratic is worth nothing: there it moves as its lower edge does.
        return points + _quadratic(np.clip(points, [-12, -12, -11], [12, 15, 14]).astype("float32")) @ matrix

    return warp


def _warp_basis(head: HeadModel) -> tuple[np.ndarray, np.ndarray]:
    """Vertices of the skin that the warp is fitted to, and what turns their offsets into its coefficients."""
    outside = np.concatenate([head.parts[name] for name in ("face", "head") if name in head.parts])
    sample = np.random.default_rng(2).choice(np.unique(head.triangles[outside]), 600)
    return sample, np.linalg.pinv(_quadratic(head.mean[sample].astype("float64")))


def _quadratic(points: np.ndarray) -> np.ndarray:
    x, y, z = points.T
    return np.stack([np.ones_like(x), x, y, z, x * x, y * y, z * z, x * y, y * z, x * z], -1)


def gather_meshes(head: HeadModel, scene: Scene, neutral: np.ndarray, shape: np.ndarray, view: View) -> World:
    """Gathers a scene's triangles; `neutral` and `shape` are the head without and with its expression."""
    normals = vertex_normals(shape, head.triangles)
    warp = warper(head, neutral)
    eye = -view.rotation.T @ view.translation
    points, hair = shape[head.landmarks68], scene.hair
    meshes: list[Mesh | None] = [shoulders(scene.clothes, scene.camera)]
    worn = scene.headwear
    if worn is None or worn.kind != "scarf":
        meshes.append(locks(head, hair, scene.rng(1), warp, eye, worn.edge if worn else None))
    if worn:
        meshes.append(hat(head, worn, warp))
    meshes.append(lash_strands(scene.eyes, head, shape, scene.rng(5), eye))
    if scene.beard:
        meshes.append(scene.beard.hairs_on(head, shape, normals, scene.rng(2), eye))
    lenses = None
    if scene.glasses:
        eyes = np.stack([points[36:42].mean(0), points[42:48].mean(0)])
        ears = warp(np.array([[-7.6, 4.6, 0], [7.6, 4.6, 0]]))
        frame, lenses = frame_and_lenses(scene.glasses, eyes, points[27], ears)
        meshes.append(frame)
    rng = scene.rng(4)
    if scene.mask:
        meshes.append(mask_mesh(head, scene.mask, shape))
    meshes += [occluder_mesh(thing, points[:60], eye, rng) for thing in scene.occluders]
    rest = join_meshes([mesh for mesh in meshes if mesh is not None])

    attributes = np.zeros((len(shape), ATTRIBUTES), "float32")
    attributes[:, :3] = _eyes_apart(head)
    attributes[:, 3:5] = head.chart
    attributes[:, 5] = openness(head)
    attributes[:, 6] = hairiness(hair, head.mean) if hair.cut != "bald" or hair.locks else -5
    material = head.part_of_triangle
    left_out = (material < 0) | (head.mean[head.triangles[:, 0], 1] < scene.clothes.collar - 5)
    left_out[head.parts.get("lashes", ())] = True
    triangles = np.where(left_out[:, None], 0, head.triangles).astype("int32")
    turn = view.rotation.astype("float32")
    return World(
        vertices=np.concatenate(
            [view.posed(_collared(head, shape, scene.clothes.collar)), view.posed(rest["vertices"])]
        ),
        normals=transformed(np.concatenate([normals, rest["normals"]]), turn, np.zeros(3, "float32")),
        attributes=np.concatenate([attributes, rest["attributes"]]),
        triangles=np.concatenate([triangles, rest["triangles"] + np.int32(len(shape))]),
        material=np.concatenate([material, rest["material"]]),
        two_sided=np.concatenate([np.zeros(len(material), bool), np.ones(len(rest["material"]), bool)]),
        occludes=np.concatenate([np.zeros(len(material), bool), rest["occludes"]]),
        lenses=lenses,
        view=view,
        shape=shape,
    )


def _collared(head: HeadModel, shape: np.ndarray, collar: float) -> np.ndarray:
    """Vertices with the bust narrowed to a neck that fits into the collar."""
    # Not the chin: it is where the labels say it is.
    top = min(collar + 4.5, _CHIN)
    out, low = shape.copy(), np.flatnonzero(head.mean[:, 1] < top)
    points = shape[low]
    wide = np.hypot(points[:, 0] / 5.2, (points[:, 2] + 0.8) / 4.9)
    pull = np.clip((top - head.mean[low, 1]) / 3, 0, 1) * np.clip(1 - 1 / np.maximum(wide, 1), 0, 1)
    out[low] -= pull[:, None] * (points - [0, 0, -0.8]) * [1, 0, 1]
    return out


def _eyes_apart(head: HeadModel) -> np.ndarray:
    """The mean head with each eyeball moved to the origin: the coordinates that irises are shaded in."""
    return head.derived(_center_eyes)


def _center_eyes(head: HeadModel) -> np.ndarray:
    centerd = head.mean.copy()
    for name, middle in zip(("eye_right", "eye_left"), head.eyes):
        ball = np.unique(head.triangles[head.parts[name]])
        centerd[ball] -= middle
    return centerd


def _look(head: HeadModel, scene: Scene, world: World) -> np.record:
    """The numbers that the shader reads, a record of type `LOOK`."""
    view, shape = world.view, world.shape
    balls = [shape[np.unique(head.triangles[head.parts[name]])] for name in ("eye_right", "eye_left")]
    eyes = [view.posed(((ball.min(0) + ball.max(0)) / 2)[None])[0] for ball in balls]
    rng = scene.rng(6)
    look = np.zeros(1, LOOK).view(np.recarray)[0]
    for name, value in {
        "up": view.rotation[:, 1],
        "head_center": view.posed(np.array([[0, 4.0, 0]]))[0],
        "eye_right": eyes[0],
        "eye_left": eyes[1],
        "hair_color": scene.hair.color,
        "iris": scene.eyes.iris,
        "sclera": scene.eyes.sclera,
        "teeth": np.array([0.72, 0.66, 0.55]) * rng.uniform(0.55, 1.1) * np.exp(rng.normal(0, 0.04, 3)),
        "gums": np.array([0.36, 0.09, 0.08]) * rng.uniform(0.5, 1.1),
        "noise_u": rng.random(),
        "noise_v": rng.random(),
        "scatter": scene.skin.scatter,
        "gloss": scene.skin.gloss,
        "shininess": scene.skin.shininess,
        "pores": scene.skin.pores,
        "hair_softness": scene.hair.softness,
        "hair_shine": scene.hair.shine,
        "pupil": scene.eyes.pupil,
        "iris_radius": scene.eyes.iris_radius,
        "eye_shade": scene.eyes.shade,
        "shadow_softness": scene.lighting.softness,
        "shadow_strength": scene.lighting.shadow,
        "lip_depth": head.mean[head.landmarks68[62], 2],
        "cloth_pattern": scene.clothes.pattern,
    }.items():
        look[name] = value
    return look


def shade_scene(head: HeadModel, scene: Scene, world: World, points, inverse, depth, ids, scale):
    """Shades a picture.

    Returns:
        `(H, W, 3)` float32 linear light, the light of an evenly exposed face, and `(H, W)` bool where lenses hide
        the face.
    """
    light = scene.lighting
    color = np.zeros((*ids.shape, 3), "float32")
    # What is inside the head casts no shadow that is seen.
    casts = np.isin(world.material, _INSIDE, invert=True)
    middle = world.view.posed(np.array([[0, 1.0, 2.0]]))[0]
    casting = np.ascontiguousarray(world.triangles[casts])
    shadow, matrix = shadow_map(light.directions[0], middle, world.vertices, casting)
    shade(
        ids,
        points,
        inverse,
        world.vertices,
        world.normals,
        world.attributes,
        world.triangles,
        world.material,
        paint(head, scene),
        noise(),
        light.harmonics,
        light.directions,
        light.colors,
        shadow,
        matrix,
        _look(head, scene, world),
        color,
    )
    face = world.material[np.maximum(ids, 0)] == PARTS.index("face")
    face &= ids >= 0
    # Cameras expose for the whole picture: dark skin comes out lighter than it is, and fair skin darker.
    key = float(np.median(color[face])) if face.any() else 0.2
    key *= (0.22 / max(float(np.mean(scene.skin.color)), 0.02)) ** 0.45
    cover = np.zeros(ids.shape, bool)
    if world.lenses is not None and scene.glasses is not None:
        cover = _through_lenses(scene, world, world.lenses, scene.glasses, scale, depth, color)
    return color, key, cover


def _through_lenses(
    scene: Scene, world: World, mesh: Mesh, glasses: Glasses, scale: float, depth: np.ndarray, color: np.ndarray
) -> np.ndarray:
    """Blends lenses over the shaded picture, in place. Returns `(H, W)` bool, where a lens hides what is behind."""
    vertices = world.view.posed(mesh.vertices.astype("float32"))
    flat = (world.view.project(vertices) + np.float32(0.5)) * scale - np.float32(0.5)
    inverse = (-1 / vertices[:, 2]).astype("float32")
    _, ids = blank(depth.shape)
    triangles = mesh.triangles.astype("int32")
    rasterize(flat, inverse, triangles, 0, len(triangles), np.ones(len(triangles), bool), depth.copy(), ids)
    on = ids >= 0
    if on.any():
        normal = (mesh.normals @ world.view.rotation.T)[triangles[ids[on]]].mean(1)
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        mirror = 2 * normal[:, 2:] * normal - [0, 0, 1]
        sh = scene.lighting.harmonics
        x, y, z = mirror.T
        seen = np.stack([np.ones_like(x), y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y], -1) @ sh
        flash = np.clip(mirror @ scene.lighting.directions.T, 0, 1) ** 40 @ scene.lighting.colors
        through = 1 - glasses.opacity * (1 - np.asarray(glasses.lens))
        color[on] = color[on] * through + glasses.mirror * (0.12 * np.clip(seen, 0, None) + 0.5 * flash)
    return on & (glasses.opacity > 0.5)
