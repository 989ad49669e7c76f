"""Hands, arms, legs and bodies of the MakeHuman mesh in random poses: what a detector takes for faces and is none."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from kerasalign.support.images import load_image
from kerasalign.synth.jit import vertex_normals
from kerasalign.synth.rendering.raster import blank, rasterize

# Joints of each bone's beginning and end, and the bone that it hangs on; `?` is the side.
_FINGERS = {
    f"{finger}{part}": (f"?-finger-{finger}-{part}", f"?-finger-{finger}-{part + 1}", f"{finger}{part - 1}")
    for finger in range(1, 6)
    for part in range(1, 4)
}
_BONES = {
    "trunk": ("pelvis", "spine-1", None),
    "upper": ("?-shoulder", "?-elbow", "trunk"),
    "lower": ("?-elbow", "?-hand", "upper"),
    "palm": ("?-hand", "?-finger-3-1", "lower"),
    "thigh": ("?-upper-leg", "?-knee", "trunk"),
    "shin": ("?-knee", "?-ankle", "thigh"),
    "foot": ("?-ankle", "?-foot-1", "shin"),
} | {name: (start, end, "palm" if parent.endswith("0") else parent) for name, (start, end, parent) in _FINGERS.items()}
# What a picture shows: bones about whose middle it is, half its width in tenths of a meter, and its share of all.
_PARTS = (
    (("palm",), (0.7, 1.3), 0.4),
    (("palm", "lower"), (1.2, 3.0), 0.25),
    (("foot", "shin"), (1.0, 3.0), 0.1),
    (("thigh", "shin"), (1.5, 4.0), 0.1),
    (("trunk", "upper"), (2.0, 4.5), 0.15),
)
# Bones that clothes cover together, and how often.
_CLOTHES = (
    ({"trunk", "upper"}, 0.7),
    ({"lower"}, 0.5),
    ({"thigh"}, 0.7),
    ({"shin"}, 0.5),
    ({"foot"}, 0.6),
    ({"palm", *_FINGERS}, 0.1),
)
# Standard deviations of a bone's bend, in radians about each axis; those that are not here are fingers.
_SPREADS = {"upper": 0.5, "lower": 0.7, "palm": 0.35, "thigh": 0.4, "shin": 0.5, "foot": 0.2}
# Distance in tenths of a meter over which bones share a vertex.
_SOFT = 0.12


@dataclass(frozen=True, eq=False)
class Body:
    """The mesh of a body in its rest pose.

    Args:
        vertices: `(V, 3)` float64, in tenths of a meter, y up; those of joints are among them.
        uv: `(T, 3, 2)` texture coordinates of the triangles' corners, v up.
        triangles: `(T, 3)` int32, the head left out.
        joints: Place of each joint.
        skins: Files of skin textures.
    """

    vertices: np.ndarray
    uv: np.ndarray
    triangles: np.ndarray
    joints: dict[str, np.ndarray]
    skins: tuple[Path, ...]

    @classmethod
    def read(cls, folder: str | Path) -> Body:
        """Reads a folder of MakeHuman: `base.obj`, and `skins/textures/*.jpg`.

        Raises:
            FileNotFoundError: If one of them is missing.
        """
        folder = Path(folder)
        skins = tuple(sorted((folder / "skins" / "textures").glob("*diffuse*.jpg")))
        if not (folder / "base.obj").is_file() or not skins:
            raise FileNotFoundError(
                f"A MakeHuman folder has `base.obj` and `skins/textures/*.jpg`. Received: {str(folder)!r}"
            )
        vertices, uv, groups = _read_groups(folder / "base.obj")
        joints = {
            name.removeprefix("joint-"): vertices[np.unique(np.array(faces)[..., 0])].mean(0)
            for name, faces in groups.items()
            if name.startswith("joint-")
        }
        corners = np.array([face[list(corner)] for face in groups["body"] for corner in ((0, 1, 2), (0, 2, 3))])
        below = vertices[corners[..., 0], 1].max(1) < joints["neck"][1]
        corners = corners[below]
        return cls(vertices, uv[corners[..., 1]], corners[..., 0].astype("int32"), joints, skins)

    @cached_property
    def bones(self) -> dict[str, tuple[np.ndarray, np.ndarray, str | None]]:
        """Beginning and end of each bone, and the bone that it hangs on; `l-palm` is the left palm."""
        bones = {}
        for side in "lr":
            for name, (start, end, parent) in _BONES.items():
                place = name if name == "trunk" else f"{side}-{name}"
                above = parent if parent in (None, "trunk") else f"{side}-{parent}"
                bones[place] = self.joints[start.replace("?", side)], self.joints[end.replace("?", side)], above
        return bones

    @cached_property
    def weights(self) -> np.ndarray:
        """`(V, bones)` share of each bone in a vertex."""
        distances = np.stack([_distance(self.vertices, start, end) for start, end, _ in self.bones.values()], 1)
        shares = np.exp(-np.square((distances - distances.min(1, keepdims=True)) / _SOFT))
        return shares / shares.sum(1, keepdims=True)

    def posed(self, rng: np.random.Generator) -> np.ndarray:
        """`(V, 3)` vertices in a random pose."""
        moves: dict[str, np.ndarray] = {}
        curls = {side: rng.choice([0.1, 0.5, 1.0], p=(0.2, 0.35, 0.45)) for side in "lr"}
        for name, (start, _, parent) in self.bones.items():
            above = np.eye(4) if parent is None else moves[parent]
            bend = self._bend(rng, name, curls[name[0]]) if name != "trunk" else np.zeros(3)
            moves[name] = above @ _about(start, cv2.Rodrigues(bend)[0])
        blended = np.einsum("vb,bij->vij", self.weights, np.stack(list(moves.values())))
        homogeneous = np.concatenate([self.vertices, np.ones((len(self.vertices), 1))], 1)
        return np.einsum("vij,vj->vi", blended, homogeneous)[:, :3]

    def _bend(self, rng: np.random.Generator, name: str, curl: float) -> np.ndarray:
        """Rotation vector of a bone about its beginning."""
        side, bone = name.split("-", 1)
        if bone in _SPREADS:
            return rng.normal(0, _SPREADS[bone], 3)
        # Across the palm, from the little finger to the index.
        across = self.joints[f"{side}-finger-2-1"] - self.joints[f"{side}-finger-5-1"]
        across = across / np.linalg.norm(across) * (1 if side == "l" else -1)
        thumb = bone.startswith("1")
        return across * (0.35 if thumb else 1.45) * np.clip(curl + rng.normal(0, 0.12), 0, 1.1)


def cut_body_part(rng: np.random.Generator, body: Body, size: int) -> np.ndarray:
    """A random part of a body in a random pose, seen from anywhere, without its background.

    Args:
        rng: Random numbers.
        body: The body.
        size: S, width and height in pixels.

    Returns:
        `(S, S, 4)` uint8: color times opacity, and opacity.
    """
    vertices = body.posed(rng)
    bones, reach, _ = _PARTS[rng.choice(len(_PARTS), p=[part[2] for part in _PARTS])]
    bone = str(rng.choice(bones))
    name = bone if bone == "trunk" else f"{rng.choice(['l', 'r'])}-{bone}"
    column = list(body.bones).index(name)
    middle = np.average(vertices, 0, np.where(body.weights[:, column] > 0.9, 1.0, 1e-9))
    turn = cv2.Rodrigues(rng.normal(0, 1, 3) * rng.uniform(0, 2))[0]
    seen = (vertices - middle) @ turn.T / rng.uniform(*reach)
    points = np.stack([seen[:, 0], -seen[:, 1]], 1) * (size / 2) + (size - 1) / 2
    depth, ids = blank((size, size))
    nearness = 1 / (100 - seen[:, 2])
    rasterize(
        points.astype("float32"),
        nearness.astype("float32"),
        body.triangles,
        0,
        len(body.triangles),
        np.zeros(len(body.triangles), bool),
        depth,
        ids,
    )
    cover = cv2.GaussianBlur((ids >= 0).astype("float32"), (0, 0), 0.7)
    color = _shade(rng, body, points, seen, ids)
    return np.dstack([color * cover[..., None], 255 * cover]).round().astype("uint8")


def _shade(rng: np.random.Generator, body: Body, points: np.ndarray, seen: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """`(S, S, 3)` float32 colors in 0..255 of the triangles `ids`, which show `seen` at `points`."""
    rows, columns = np.nonzero(ids >= 0)
    found = ids[rows, columns]
    corners = body.triangles[found]
    weights = _barycentric(points[corners], np.stack([columns, rows], 1).astype("float64"))
    normals = vertex_normals(seen.astype("float32"), body.triangles)
    normal = np.einsum("pc,pcx->px", weights, normals[corners])
    texture = load_image(body.skins[int(rng.integers(len(body.skins)))])
    place = np.einsum("pc,pcx->px", weights, body.uv[found]) % 1
    height, width = texture.shape[:2]
    color = texture[((1 - place[:, 1]) * (height - 1)).astype(int), (place[:, 0] * (width - 1)).astype(int)]
    color = _dress(rng, body, corners, weights, seen, color.astype("float32"))
    light = np.full(len(rows), rng.uniform(0.3, 0.6))
    for strength in (rng.uniform(0.4, 0.8), rng.uniform(0, 0.3)):
        way = rng.normal((0, 0.6, 0.6), 1, 3)
        light += strength * np.clip(normal @ (way / np.linalg.norm(way)), 0, None)
    picture = np.zeros((*ids.shape, 3), "float32")
    picture[rows, columns] = (color * light[:, None]).clip(0, 255)
    return picture


def _dress(rng: np.random.Generator, body: Body, corners, weights, seen: np.ndarray, color: np.ndarray) -> np.ndarray:
    """The colors of pixels `(P, 3)` with clothes over some of the bones, plain or striped."""
    names = [name.split("-", 1)[-1] for name in body.bones]
    for bones, chance in _CLOTHES:
        if rng.random() > chance:
            continue
        share = body.weights[:, [name in bones for name in names]].sum(1)
        covered = (weights * share[corners]).sum(1) > rng.uniform(0.4, 0.8)
        cloth = 255 * rng.random(3) * rng.uniform(0.1, 1)
        place = np.einsum("pc,pcx->px", weights, seen[corners]) @ rng.normal(0, rng.uniform(2, 12), 3)
        other = cloth if rng.random() < 0.5 else 255 * rng.random(3)
        color = np.where(covered[:, None], np.where(np.sin(place)[:, None] > 0, cloth, other), color)
    return color


def _barycentric(triangles: np.ndarray, points: np.ndarray) -> np.ndarray:
    """`(P, 3)` weights of the corners of triangles `(P, 3, 2)` at points `(P, 2)`."""
    sides = [np.roll(triangles, -corner - 1, 1)[:, :2] - points[:, None] for corner in range(3)]
    areas = np.stack([side[:, 0, 0] * side[:, 1, 1] - side[:, 0, 1] * side[:, 1, 0] for side in sides], 1)
    return areas / areas.sum(1, keepdims=True)


def _distance(points: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Distance of points from a segment."""
    along = end - start
    share = np.clip((points - start) @ along / (along @ along), 0, 1)
    return np.linalg.norm(points - start - share[:, None] * along, axis=1)


def _about(center: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """`(4, 4)` rotation about a point."""
    move = np.eye(4)
    move[:3, :3], move[:3, 3] = rotation, center - rotation @ center
    return move


def _read_groups(path: Path) -> tuple[np.ndarray, np.ndarray, dict[str, list[np.ndarray]]]:
    """Vertices, texture coordinates, and for each group its faces `(corners, 2)`: indices of both."""
    vertices, uv, groups = [], [], {}
    faces: list[np.ndarray] = []
    for line in path.read_text("utf-8").splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "v":
            vertices.append([float(value) for value in rest.split()])
        elif kind == "vt":
            uv.append([float(value) for value in rest.split()[:2]])
        elif kind == "g":
            faces = groups.setdefault(rest.strip(), [])
        elif kind == "f":
            faces.append(np.array([[int(value) - 1 for value in corner.split("/")[:2]] for corner in rest.split()]))
    return np.array(vertices), np.array(uv), groups
