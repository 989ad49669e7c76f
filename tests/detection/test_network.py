"""The network and its loss."""

import keras
import numpy as np
import pytest
from keras import ops

from kerasalign.detection.own.loss import detection_loss
from kerasalign.detection.training import Crowd, CrowdConfig, FaceDetector
from kerasalign.detection.training.stream import compose_scenes
from tests.support.detector_maps import cell_centers, encode_faces

TINY = {"channels": (8, 8, 12, 16, 16), "blocks": (0, 1, 1, 1), "head": 16}


def perfect(rows, size=64, sure=12.0):
    """Faces `(B, M, 17)` of one face each, and maps that say it."""
    centers = cell_centers(size // 8, size // 8)
    maps = np.stack(
        [
            np.concatenate(
                [
                    np.where(np.abs(centers - row[:2]).max(-1, keepdims=True) <= 4, sure, -sure),
                    encode_faces(np.broadcast_to(row[:16], (*centers.shape[:2], 16)), centers),
                ],
                -1,
            )
            for row in rows
        ]
    )
    faces = np.full((len(rows), 3, 17), np.nan, "float32")
    faces[:, 1] = rows
    return faces, maps.astype("float32")


def row(x, y, side, wanted=1.0):
    return np.array([x, y, side, side, 1.0, 0.0, *np.tile([x, y], 5), wanted])


def losses(faces, maps):
    return {name: float(value) for name, value in detection_loss(ops.array(faces), ops.array(maps)).items()}


def test_the_network_is_small():
    network = FaceDetector()
    assert network.count_params() < 450_000 and 2 * network.count_params() < 10**6
    assert network.compute_output_shape((None, 128, 96, 3)) == {"maps": (None, 16, 12, 17)}


def test_any_size_any_policy_and_config():
    network = FaceDetector(**TINY, dtype="mixed_bfloat16")
    pictures = np.random.default_rng(0).integers(0, 256, (2, 64, 96, 3)).astype("uint8")
    maps = network(pictures)["maps"]
    assert tuple(maps.shape) == (2, 8, 12, 17) and keras.backend.standardize_dtype(maps.dtype) == "float32"
    twin = FaceDetector.from_config(network.get_config() | {"dtype": "float32"})
    twin.set_weights(network.get_weights())
    np.testing.assert_allclose(ops.convert_to_numpy(twin(pictures)["maps"]), ops.convert_to_numpy(maps), atol=0.15)
    with pytest.raises(ValueError, match="`channels` must be 5"):
        FaceDetector(channels=(8, 8))
    with pytest.raises(ValueError, match="brings its own loss"):
        network.compile(loss="mse")


def test_perfect_maps_cost_nothing_and_errors_cost_their_part():
    faces, maps = perfect([row(30.0, 20.0, 24.0), row(41.5, 44.0, 50.0)])
    assert max(losses(faces, maps).values()) < 1e-3
    for part, channel in (("score", 0), ("box", 1), ("box", 4), ("turn", 6), ("points", 12)):
        worse = maps.copy()
        worse[..., channel] += 0.3 if channel else 10
        changed = losses(faces, worse)
        assert changed[part] > 0.01, part
        assert all(value < 0.01 for name, value in changed.items() if name not in (part, "overlap"))


def test_faces_that_do_not_matter_cost_nothing():
    faces, maps = perfect([row(30.0, 20.0, 24.0, wanted=0.0)])
    assert max(losses(faces, maps).values()) < 1e-3, "neither a find nor a miss"
    assert losses(np.full_like(faces, np.nan), maps)["score"] > 5, "but where there is none it is a false find"
    empty = losses(np.full_like(faces, np.nan), np.full_like(maps, -12.0))
    assert max(empty.values()) < 1e-3 and np.isfinite(list(empty.values())).all()


def test_each_cell_learns_the_face_that_is_nearer():
    pair, maps = perfect([row(18.0, 20.0, 26.0)])
    _, other = perfect([row(46.0, 20.0, 26.0)])
    pair[0, 2] = row(46.0, 20.0, 26.0)
    maps[:, :, 4:] = other[:, :, 4:]
    assert max(losses(pair, maps).values()) < 1e-3


def test_the_loss_goes_down_on_four_scenes(marked):
    pictures, faces = compose_scenes(Crowd(marked, CrowdConfig(size=64, face=(0.3, 0.6), degrade=0.0)), range(4))
    keras.utils.set_random_seed(0)
    network = FaceDetector(**TINY | {"blocks": (0, 0, 0, 0)})
    network.compile(keras.optimizers.Adam(5e-3))
    first = network.train_on_batch(pictures, faces)
    for _ in range(25):
        last = network.train_on_batch(pictures, faces)
    assert np.isfinite(first) and last < 0.5 * first
