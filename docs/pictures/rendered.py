"""Pictures from the renderer: a head that turns and is followed, and the graph of its landmarks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import kerasalign
from kerasalign import synth
from kerasalign.geometry import CropSpec
from kerasalign.models.scc.adjacency import build_adjacency
from kerasalign.models.scc.plots import draw_graph
from kerasalign.support.images import list_images, load_image
from kerasalign.synth.rendering.camera import Camera, fitted

FRAMES, SIDE = 36, 320
# One of our people, without things in front of the face.
SCENE = (3, 15)
PLAIN = dict.fromkeys(("headwear", "occluders", "covered", "face_paint", "extremes", "degrade"), 0.0)
# Faces of the graph: their landmarks alone are computed, no pictures.
FACES = 1000


def clip(head: synth.HeadModel) -> Iterator[np.ndarray]:
    """A head that looks around in a loop: `(SIDE, SIDE, 3)` frames."""
    scene = synth.draw_scene(head, synth.SceneConfig(**PLAIN), *SCENE)
    for number in range(FRAMES):
        turn = 2 * math.pi * number / FRAMES
        camera = Camera(
            yaw=38 * math.sin(turn),
            pitch=10 * math.sin(2 * turn),
            roll=12 * math.cos(turn),
            distance=90,
            coverage=0.5,
            shift=(0.12 * math.sin(turn), 0.05 * math.sin(2 * turn)),
        )
        yield synth.render(head, scene.replaced(camera=camera), SIDE).image


def save_clip(head: synth.HeadModel, folder: Path) -> None:
    """`tracked.webp`: the clip with its landmarks, found once and then followed."""
    model = kerasalign.load("musica19-synth", runtime="onnxruntime")
    drawn = [frame.draw() for frame in model.align_video(list(clip(head)), smooth=True)]
    drawn[0].save(
        folder / "tracked.webp", save_all=True, append_images=drawn[1:], duration=80, loop=0, quality=60, method=6
    )


def save_graph(head: synth.HeadModel, photos: Path, folder: Path) -> None:
    """`graph.jpg`: which landmarks of many heads move together (SCC), on a portrait."""
    model = kerasalign.load("musica19-synth", runtime="onnxruntime")
    photo = load_image(list_images(photos / "portraits")[0])
    face = model.align(photo)[0]
    rng, config = np.random.default_rng(0), synth.SceneConfig()
    points = np.stack([_landmarks(head, config, int(index)) for index in rng.integers(1 << 30, size=FACES)])
    graph = build_adjacency(points, k=3)
    spec = CropSpec(size=480, scale=1.4)
    crop, matrix = spec.extract(photo, face.box)
    picture = draw_graph(graph.correlation * graph.graph, spec.to_crop(matrix, face.landmarks), crop)
    picture.save(folder / "graph.jpg", quality=85)


def _landmarks(head: synth.HeadModel, config: synth.SceneConfig, index: int) -> np.ndarray:
    """`(68, 2)` landmarks of a scene that need not be rendered."""
    scene = synth.draw_scene(head, config, 0, index)
    points = scene.shape(head)[head.landmarks68]
    view = fitted(scene.camera, points, 256)
    return view.project(view.posed(points))
