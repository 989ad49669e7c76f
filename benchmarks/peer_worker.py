"""MediaPipe Face Mesh and dlib's predictor for peers.py and peer_accuracy.py, which run this in another Python.

A line of JSON comes in, one goes out. First what is there: {"peers": [names], "missing": {name: why}, "versions": ...}.
Then, for {"picture": FILE.npy, "box": [x0, y0, x1, y1], "peer": NAME}: {"ms": time, "cpu_ms": time of all threads,
"landmarks": 68 points of the face that overlaps the box most, or null where no face was found}.
"""

import json
import sys
import time
from importlib.metadata import version

import numpy as np

# The vertices of the mesh that stand for the 68 points: jaw, brows, nose, eyes, outer and inner lips. Where two are
# named the point lies between them.
MESH_68 = (
    *(127, 234, 93, (132, 58), (58, 172), 136, 150, 176, 152, 400, 379, 365, (397, 288), (361, 288), 323, 454, 356),
    *(70, 63, 105, 66, 107, 336, 296, 334, 293, 300),
    *((168, 6), (197, 195), 5, 4, 75, 97, 2, 326, 305),
    *(33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380),
    *(61, (40, 39), 37, 0, 267, (269, 270), 291, 321, 314, 17, 84, 91, 78, 81, 13, 311, 308, 402, 14, 178),
)


def now() -> tuple[float, float]:
    """The clock and the processors' time of this process, in milliseconds."""
    return 1e3 * time.perf_counter(), 1e3 * time.process_time()


def since(start: tuple[float, float]) -> tuple[float, float]:
    """What has passed of both."""
    wall, cpu = now()
    return wall - start[0], cpu - start[1]


def mediapipe_peers() -> dict:
    """Face Mesh with its detector on every picture, for one face and for several, and its landmark stage alone."""
    import mediapipe

    def network(static: bool, faces: int):
        return mediapipe.solutions.face_mesh.FaceMesh(static_image_mode=static, max_num_faces=faces)

    def run(mesh, picture: np.ndarray, box: list, warm: bool = False) -> tuple[tuple[float, float], list | None]:
        if warm:
            # As in a video that shows a face: from the second frame on there is no detector.
            mesh.reset()
            mesh.process(picture)
        start = now()
        faces = mesh.process(picture).multi_face_landmarks
        spent = since(start)
        if not faces:
            return spent, None
        vertices = [np.array([[p.x, p.y] for p in face.landmark]) * picture.shape[1::-1] - 0.5 for face in faces]
        best = max(vertices, key=lambda points: overlap(points, box))
        return spent, [best[np.atleast_1d(pair)].mean(0).tolist() for pair in MESH_68]

    one, several, following = network(True, 1), network(True, 5), network(False, 1)
    return {
        "mediapipe, with its detector": lambda picture, box: run(one, picture, box),
        "mediapipe, several faces": lambda picture, box: run(several, picture, box),
        "mediapipe, landmarks alone": lambda picture, box: run(following, picture, box, True),
    }


def overlap(points: np.ndarray, box: list) -> float:
    """The area that the box of the points shares with a box."""
    low, high = np.maximum(points.min(0), box[:2]), np.minimum(points.max(0), box[2:])
    return float(np.maximum(high - low, 0).prod())


def dlib_peers() -> dict:
    """The predictor in a given box, and after dlib's own detector."""
    import dlib
    import face_recognition_models

    predictor = dlib.shape_predictor(face_recognition_models.pose_predictor_model_location())

    detector = dlib.get_frontal_face_detector()

    def run(picture: np.ndarray, box: list, detect: bool = False) -> tuple[tuple[float, float], list | None]:
        given = dlib.rectangle(*(round(value) for value in box))
        start = now()
        # Photos twice as large, as dlib's examples search them.
        found = detector(picture, 1) if detect else [given]
        if not found:
            return since(start), None
        shape = predictor(picture, max(found, key=lambda face: face.intersect(given).area()))
        spent = since(start)
        return spent, [[shape.part(i).x, shape.part(i).y] for i in range(68)]

    return {"dlib": run, "dlib, with its detector": lambda picture, box: run(picture, box, True)}


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
        (wall, cpu), landmarks = peers[asked["peer"]](np.load(asked["picture"]), asked["box"])
        print(json.dumps({"ms": wall, "cpu_ms": cpu, "landmarks": landmarks}), flush=True)


if __name__ == "__main__":
    main()
