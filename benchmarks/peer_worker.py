"""MediaPipe Face Mesh and dlib's 68-point predictor for peers.py, which runs this in a Python that may be another one.

A line of JSON comes in, one goes out. First what is there: {"peers": [names], "missing": {name: why}, "versions": ...}.
Then, for {"picture": FILE.npy, "box": [x0, y0, x1, y1], "peer": NAME}: {"ms": time, "cpu_ms": time of all threads,
"corners": outer eye corners, or null where no face was found}.
"""

import json
import sys
import time
from importlib.metadata import version

import numpy as np

# Outer corners of the right and the left eye.
MESH, DLIB = (33, 263), (36, 45)


def now() -> tuple[float, float]:
    """The clock and the processors' time of this process, in milliseconds."""
    return 1e3 * time.perf_counter(), 1e3 * time.process_time()


def since(start: tuple[float, float]) -> tuple[float, float]:
    """What has passed of both."""
    wall, cpu = now()
    return wall - start[0], cpu - start[1]


def mediapipe_peers() -> dict:
    """Face Mesh with its detector on every picture, and its landmark stage alone."""
    import mediapipe

    make = mediapipe.solutions.face_mesh.FaceMesh
    meshes = {static: make(static_image_mode=static, max_num_faces=1) for static in (True, False)}

    def run(mesh, picture: np.ndarray, first: bool) -> tuple[tuple[float, float], list | None]:
        if first:
            # As in a video that shows a face: from the second frame on there is no detector.
            mesh.reset()
            mesh.process(picture)
        start = now()
        faces = mesh.process(picture).multi_face_landmarks
        spent = since(start)
        sides = picture.shape[1::-1]
        points = faces and [
            [faces[0].landmark[i].x * sides[0] - 0.5, faces[0].landmark[i].y * sides[1] - 0.5] for i in MESH
        ]
        return spent, points or None

    return {
        "mediapipe, with its detector": lambda picture, box: run(meshes[True], picture, False),
        "mediapipe, landmarks alone": lambda picture, box: run(meshes[False], picture, True),
    }


def dlib_peers() -> dict:
    """The predictor in a given box."""
    import dlib
    import face_recognition_models

    predictor = dlib.shape_predictor(face_recognition_models.pose_predictor_model_location())

    def run(picture: np.ndarray, box: list) -> tuple[tuple[float, float], list | None]:
        face = dlib.rectangle(*(round(value) for value in box))
        start = now()
        shape = predictor(picture, face)
        spent = since(start)
        return spent, [[shape.part(i).x, shape.part(i).y] for i in DLIB]

    return {"dlib": run}


def main() -> None:
    peers, missing, versions = {}, {}, {}
    for name, make, packages in (
        ("mediapipe", mediapipe_peers, ("mediapipe",)),
        ("dlib", dlib_peers, ("dlib-bin", "face-recognition-models")),
    ):
        try:
            peers.update(make())
            versions.update({package: version(package) for package in packages})
        except Exception as error:  # an import of theirs may fail in any way
            missing[name] = f"{type(error).__name__}: {error}"
    print(json.dumps({"peers": list(peers), "missing": missing, "versions": versions}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        (wall, cpu), corners = peers[asked["peer"]](np.load(asked["picture"]), asked["box"])
        print(json.dumps({"ms": wall, "cpu_ms": cpu, "corners": corners}), flush=True)


if __name__ == "__main__":
    main()
