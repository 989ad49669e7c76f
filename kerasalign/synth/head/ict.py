"""Reader of ICT-FaceKit, the light morphable head of USC's Institute for Creative Technologies (MIT license).

Reference: Li et al., "Learning Formation of Physically-Based Face Attributes", CVPR 2020, arXiv 2004.03458;
https://github.com/ICT-VGL/ICT-FaceKit. The user clones it; no part of it is in this package.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from kerasalign.support.files import written_beside
from kerasalign.synth.head.model import HeadModel

VERTICES = 26719
# Part name to ranges of vertices, from the table of the model's README; irises, fluid and blend meshes stay out.
_PARTS = {
    "face": ((0, 9409),),
    "head": ((9409, 11248),),
    "mouth": ((11248, 13294),),
    "eye_sockets": ((13294, 14062),),
    "gums": ((14062, 17039),),
    "teeth": ((17039, 21451),),
    "eye_left": ((21451, 22221),),
    "eye_right": ((23021, 23791),),
    "lashes": ((25351, 26719),),
}
# Multi-PIE's 68 points from the same README; the jaw's are its "jawline" substitutes.
_LANDMARKS = (
    1278,
    1272,
    12,
    1834,
    243,
    781,
    2199,
    1447,
    966,
    3661,
    4390,
    3022,
    2484,
    4036,
    2253,
    3490,
    3496,
    268,
    493,
    1914,
    2044,
    1401,
    3615,
    4240,
    4114,
    2734,
    2509,
    978,
    4527,
    4942,
    4857,
    1140,
    2075,
    1147,
    4269,
    3360,
    1507,
    1542,
    1537,
    1528,
    1518,
    1511,
    3742,
    3751,
    3756,
    3721,
    3725,
    3732,
    5708,
    5695,
    2081,
    0,
    4275,
    6200,
    6213,
    6346,
    6461,
    5518,
    5957,
    5841,
    5702,
    5711,
    5533,
    6216,
    6207,
    6470,
    5517,
    5966,
)


def ict_facekit(path: str | os.PathLike) -> HeadModel:
    """Reads an ICT-FaceKit checkout, or the compact form of one.

    The first reading of a checkout parses 158 OBJ files (a minute or so) and writes the compact form beside
    them, `FaceXModel/kerasalign-compact.npz`, or into `$KERASALIGN_HOME` (by default `~/.cache/kerasalign`)
    where the checkout is read-only; the next ones take that.

    Args:
        path: The checkout, its folder `FaceXModel`, or a compact `.npz` (arrays `mean`, `ident`, `expr`,
            `names`, `tri`, `uv`).

    Raises:
        FileNotFoundError: If `path` is neither.
        ValueError: If the mesh is not the expected one.

    Example:
        head = ict_facekit("ICT-FaceKit")
        vertices = head.shape([1.0, -0.5], {"jawOpen": 0.4})
    """
    path = Path(path)
    if path.is_file():
        return _from_compact(path)
    folder = path / "FaceXModel" if (path / "FaceXModel").is_dir() else path
    if not (folder / "generic_neutral_mesh.obj").is_file():
        raise FileNotFoundError(
            "`path` must be an ICT-FaceKit checkout (git clone "
            "https://github.com/ICT-VGL/ICT-FaceKit) or its compact .npz. "
            f"Received: path={str(path)!r}"
        )
    home = Path(os.environ.get("KERASALIGN_HOME") or Path.home() / ".cache" / "kerasalign")
    caches = [folder / "kerasalign-compact.npz", home / "ict-facekit-compact.npz"]
    cache = caches[0] if os.access(folder, os.W_OK) else caches[1]
    if not cache.is_file():
        arrays: dict[str, Any] = _read_checkout(folder)
        with written_beside(cache) as draft, draft.open("wb") as stream:
            np.savez(stream, **arrays)
    return _from_compact(cache)


def _from_compact(path: Path) -> HeadModel:
    with np.load(path, allow_pickle=False) as data:
        missing = {"mean", "ident", "expr", "names", "tri", "uv"} - set(data.files)
        if missing:
            raise ValueError(f"A compact ICT-FaceKit must hold {sorted(missing)}. Received: {path}")
        mean, identity, expression = data["mean"], data["ident"], data["expr"]
        names, triangles, uv = [str(name) for name in data["names"]], data["tri"].astype("int64"), data["uv"]
    if len(mean) != VERTICES:
        raise ValueError(f"ICT-FaceKit's mesh has {VERTICES} vertices. Received: {len(mean)} in {path}")
    keep = np.concatenate([np.arange(a, b) for ranges in _PARTS.values() for a, b in ranges])
    keep.sort()
    new = np.full(VERTICES, -1)
    new[keep] = np.arange(len(keep))
    triangles = triangles[(new[triangles] >= 0).all(1)]
    first = triangles[:, 0]
    parts = {
        name: np.flatnonzero(np.any([(first >= a) & (first < b) for a, b in ranges], 0))
        for name, ranges in _PARTS.items()
    }
    return HeadModel(
        name="ict-facekit-light",
        version="1",
        license="MIT",
        mean=mean[keep],
        identity=identity[:, keep],
        expression=expression[:, keep],
        expression_names=tuple(names),
        triangles=new[triangles],
        uv=uv[keep],
        parts=parts,
        landmarks68=new[list(_LANDMARKS)],
    )


def _read_checkout(folder: Path) -> dict[str, np.ndarray]:
    """Mean, offsets and topology of the OBJ files of `FaceXModel`."""
    neutral = folder / "generic_neutral_mesh.obj"
    mean, uv, triangles = _read_obj(neutral)
    modes = {"ident": sorted(folder.glob("identity*.obj"))}
    modes["expr"] = [p for p in sorted(folder.glob("*.obj")) if p != neutral and p not in set(modes["ident"])]
    offsets: dict[str, np.ndarray] = {}
    for name, files in modes.items():
        if not files:
            raise FileNotFoundError(f"An ICT-FaceKit checkout has .obj files of its modes. Received: {folder}")
        meshes = np.empty((len(files), *mean.shape), "float16")
        for row, file in enumerate(files):
            vertices = _read_obj(file, topology=False)[0]
            if vertices.shape != mean.shape:
                raise ValueError(
                    f"A mode must have the mean's {len(mean)} vertices. Received: {len(vertices)} in {file}"
                )
            meshes[row] = vertices - mean
        offsets[name] = meshes
    names = np.array([file.stem for file in modes["expr"]])
    return {"mean": mean, **offsets, "names": names, "tri": triangles.astype("uint16"), "uv": uv}


def _read_obj(path: Path, topology: bool = True) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vertices, one texture coordinate per vertex, and triangles of an OBJ file; without `topology` vertices alone."""
    vertices, coordinates, faces = [], [], []
    with path.open("r", encoding="utf-8", errors="replace") as stream:
        for line in stream:
            kind, _, rest = line.partition(" ")
            if kind == "v":
                vertices.append(rest.split()[:3])
            elif topology and kind == "vt":
                coordinates.append(rest.split()[:2])
            elif topology and kind == "f":
                faces.append([[int(i or 0) for i in corner.split("/")[:2]] for corner in rest.split()])
    mean = np.array(vertices, "float32")
    table = np.array(coordinates, "float32")
    uv = np.zeros((len(mean), 2), "float32")
    triangles = []
    for face in faces:
        for corner in face:
            if len(corner) > 1:
                uv[corner[0] - 1] = table[corner[1] - 1]
        ids = [corner[0] - 1 for corner in face]
        triangles += [(ids[0], ids[k], ids[k + 1]) for k in range(1, len(ids) - 1)]
    return mean, uv, np.array(triangles, "int64")
