"""Triangle meshes with the attributes that the shader reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: Materials after those of the head's parts (`PARTS + OPTIONAL_PARTS` in their order).
HAIR, PLAIN, CLOTH, HAND = 9, 10, 11, 12
#: Columns of `Mesh.attributes`.
ATTRIBUTES = 7


@dataclass(frozen=True, eq=False)
class Mesh:
    """A mesh of anything but the head, such as hair or glasses, in head coordinates.

    Args:
        vertices: `(V, 3)` float32, centimeters.
        normals: `(V, 3)` float32 unit normals; of hair, the direction of the strand.
        triangles: `(T, 3)` int32.
        material: One of `HAIR`, `PLAIN`, `CLOTH`, `HAND`.
        color: `(3,)` linear color, or `(V, 3)`.
        values: `(V, 2)` material's own: of hair the position along the strand and a number per strand; of a
            plain thing its gloss and nothing.
        occludes: Whether it counts as an occluder where it is in front of the skin.
    """

    vertices: np.ndarray
    normals: np.ndarray
    triangles: np.ndarray
    material: int
    color: np.ndarray
    values: np.ndarray
    occludes: bool = True


def join_meshes(meshes: Sequence[Mesh]) -> dict[str, np.ndarray]:
    """Concatenates meshes: vertices, normals, attributes, triangles, and material and `occludes` per triangle."""
    offset, out = 0, {name: [] for name in ("vertices", "normals", "attributes", "triangles", "material", "occludes")}
    for mesh in meshes:
        count = len(mesh.vertices)
        attributes = np.zeros((count, ATTRIBUTES), "float32")
        attributes[:, :3] = mesh.color
        attributes[:, 3:5] = mesh.values
        out["vertices"].append(mesh.vertices)
        out["normals"].append(mesh.normals)
        out["attributes"].append(attributes)
        out["triangles"].append(mesh.triangles + offset)
        out["material"].append(np.full(len(mesh.triangles), mesh.material))
        out["occludes"].append(np.full(len(mesh.triangles), mesh.occludes))
        offset += count
    types = {"triangles": "int32", "material": "int32", "occludes": "bool"}
    widths = {"vertices": (0, 3), "normals": (0, 3), "attributes": (0, ATTRIBUTES), "triangles": (0, 3)}
    return {
        name: np.concatenate(
            [np.zeros(widths.get(name, 0), types.get(name, "float32")), *parts],
            dtype=types.get(name, "float32"),
            casting="unsafe",
        )
        for name, parts in out.items()
    }
