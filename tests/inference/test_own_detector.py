"""The library's own detector as `align` uses it."""

import numpy as np
import pytest

from kerasalign.detector.coding import CHANNELS, cell_centres, encode_faces
from kerasalign.geometry import apply_affine, box_from_center, rotation, scale_of, tight_box
from kerasalign.hub.manifest import Manifest
from kerasalign.inference import KerasAlignDetector, align, get_detector


def answering(detector, photo, faces):
    """A network that says these faces of a photo: (middle, size, degrees, points), with falling scores."""
    _, matrix = detector.fit(photo)
    scale = scale_of(matrix)

    def network(pictures):
        centres = cell_centres(pictures.shape[1] // 8, pictures.shape[2] // 8)
        maps = np.zeros((len(pictures), *centres.shape[:2], CHANNELS), "float32")
        maps[..., 0] = -9
        for logit, (middle, size, degrees, points) in zip((4.0, 3.0, 2.0), faces):
            a = np.deg2rad(degrees)
            place = apply_affine(matrix, np.array([middle], "float64"))[0]
            row = np.concatenate([place, scale * np.asarray(size), [np.cos(a), np.sin(a)],
                                  apply_affine(matrix, points).ravel()])  # fmt: skip
            near = np.abs(centres - place).max(-1) <= 4.001
            coded = encode_faces(np.broadcast_to(row, (*near.shape, 16)), centres)
            maps[:, near] = np.concatenate([np.full((*near.shape, 1), logit), coded], -1)[near]
        return maps

    detector.network = network
    return detector


POINTS = np.array([(10.0, 12.0), (30.0, 13.0), (20.0, 20.0), (12.0, 30.0), (28.0, 31.0)])


@pytest.mark.parametrize("shape", [(120, 200), (333, 250), (64, 64)])
def test_faces_come_back_in_pixels_of_the_photo_largest_first(shape):
    photo = np.full((*shape, 3), 90, "uint8")
    faces = [((20.0, 20.0), (14.0, 18.0), 0.0, POINTS), ((44.0, 41.0), (30.0, 26.0), -35.0, POINTS + 20)]
    found = answering(KerasAlignDetector(size=128), photo, faces).detect(photo)
    assert [round(face.angle, 2) for face in found] == [-35.0, 0.0]
    for face, (middle, size, _, points) in zip(found, faces[::-1]):
        np.testing.assert_allclose(face.box, box_from_center(middle, size), atol=1e-3)
        np.testing.assert_allclose(face.points, points, atol=1e-3)
    assert found[1].score == pytest.approx(1 / (1 + np.exp(-4)), abs=1e-5)


def test_no_face_and_faces_beside_the_photo():
    photo = np.zeros((40, 160, 3), "uint8")
    assert answering(KerasAlignDetector(size=64), photo, []).detect(photo) == []
    beside = [((80.0, -30.0), (30.0, 30.0), 0.0, POINTS)]
    assert answering(KerasAlignDetector(size=64), photo, beside).detect(photo) == []


def test_align_crops_upright_and_again_by_the_landmarks(model, make):
    photo = np.full((120, 160, 3), 90, "uint8")
    middle, size, degrees = np.array([70.0, 60.0]), 44.0, 40.0
    shape = model.markup.mean_shape
    extent = shape.max(0) - shape.min(0)
    detector = answering(KerasAlignDetector(size=128), photo, [(middle, size * extent, degrees, POINTS + 40)])
    for refine in (0, 2):
        (face,) = align(model, photo, detector=detector, refine=refine)
        np.testing.assert_allclose(face.landmarks, shape * size @ rotation(degrees).T + middle, atol=0.01)
        upright = tight_box(face.landmarks, degrees)
        np.testing.assert_allclose(upright, face.box, atol=0.01)


def test_it_has_a_name_and_says_when_its_weights_are_not_there(monkeypatch):
    assert isinstance(get_detector("kerasalign"), KerasAlignDetector)
    monkeypatch.setattr("kerasalign.hub.read_manifest", lambda: Manifest({}, ""))
    with pytest.raises(ValueError, match="No weights of the detector"):
        KerasAlignDetector().detect(np.zeros((8, 8, 3), "uint8"))


@pytest.mark.parametrize("options", [
    {"size": 100}, {"min_score": 2}, {"max_overlap": -1}, {"network": 5}, {"runtime": "tensorrt"},
])  # fmt: skip
def test_wrong_options_are_named(options):
    with pytest.raises(ValueError, match=f"`{next(iter(options))}`"):
        KerasAlignDetector(**options).detect(np.zeros((8, 8, 3), "uint8"))


def test_several_photos_at_once_are_those_one_by_one(make):
    photos = [np.full(shape, 90, "uint8") for shape in ((120, 200, 3), (200, 120, 3), (64, 64, 3))]
    seen = []

    def network(pictures):
        """Says a face in the first rows' cell of every picture that is black at its top: a photo wider than high."""
        seen.append(len(pictures))
        maps = np.zeros((len(pictures), 16, 16, CHANNELS), "float32")
        maps[..., 0] = -9
        maps[[bool((p[0] == 0).all()) for p in pictures], 8, 8, 0] = 5
        return maps

    detector = KerasAlignDetector(network, size=128)
    found = detector.detect_many(photos)
    assert [len(faces) for faces in found] == [1, 0, 0] and seen == [3]
    for photo, faces in zip(photos, found):
        for a, b in zip(detector.detect(photo), faces, strict=True):
            np.testing.assert_array_equal(a.box, b.box)
    seen.clear()
    assert detector.detect_many([]) == [] and seen == []
    assert len(detector.detect_many(photos * 20)) == 60 and max(seen) == 32 and sum(seen) == 60
