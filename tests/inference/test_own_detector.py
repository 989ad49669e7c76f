"""The library's own detector as `align` uses it."""

import numpy as np
import pytest

from kerasalign.detection.own.files import bundled_network
from kerasalign.detection.own.levels import fit_photo
from kerasalign.detection.own.second_look import suppress_duplicates
from kerasalign.detection.training.measure import turn_photo
from kerasalign.geometry import (
    CropSpec,
    about,
    apply_affine,
    box_center,
    box_from_center,
    box_iou,
    invert,
    rotation,
    scale_of,
    tight_box,
)
from kerasalign.hub.manifest import Manifest
from kerasalign.inference import Detection, KerasAlignDetector, align, get_detector
from tests.support.detector_maps import CHANNELS, cell_centers, encode_faces


def answering(detector, photo, faces):
    """A network that says these faces of a photo: (middle, size, degrees, points), with falling scores."""
    _, matrix = fit_photo(photo, detector.size)
    scale = scale_of(matrix)

    def network(pictures):
        centers = cell_centers(pictures.shape[1] // 8, pictures.shape[2] // 8)
        maps = np.zeros((len(pictures), *centers.shape[:2], CHANNELS), "float32")
        maps[..., 0] = -9
        for logit, (middle, size, degrees, points) in zip((4.0, 3.0, 2.0), faces):
            a = np.deg2rad(degrees)
            place = apply_affine(matrix, np.array([middle], "float64"))[0]
            row = np.concatenate(
                [place, scale * np.asarray(size), [np.cos(a), np.sin(a)], apply_affine(matrix, points).ravel()]
            )
            near = np.abs(centers - place).max(-1) <= 4.001
            coded = encode_faces(np.broadcast_to(row, (*near.shape, 16)), centers)
            maps[:, near] = np.concatenate([np.full((*near.shape, 1), logit), coded], -1)[near]
        return maps

    detector.network = network
    return detector


POINTS = np.array([(10.0, 12.0), (30.0, 13.0), (20.0, 20.0), (12.0, 30.0), (28.0, 31.0)])


@pytest.mark.parametrize("shape", [(120, 200), (333, 250), (64, 64)])
def test_faces_come_back_in_pixels_of_the_photo_largest_first(shape):
    photo = np.full((*shape, 3), 90, "uint8")
    faces = [((20.0, 20.0), (14.0, 18.0), 0.0, POINTS), ((44.0, 41.0), (30.0, 26.0), -35.0, POINTS + 20)]
    found = answering(KerasAlignDetector(size=128, second_look=False), photo, faces).detect(photo)
    assert [round(face.angle, 2) for face in found] == [-35.0, 0.0]
    for face, (middle, size, _, points) in zip(found, faces[::-1]):
        np.testing.assert_allclose(face.box, box_from_center(middle, size), atol=1e-3)
        np.testing.assert_allclose(face.points, points, atol=1e-3)
    assert found[1].score == pytest.approx(1 / (1 + np.exp(-4)), abs=1e-5)


def test_no_face_and_faces_beside_the_photo():
    photo = np.zeros((40, 160, 3), "uint8")
    assert answering(KerasAlignDetector(size=64, second_look=False), photo, []).detect(photo) == []
    beside = [((80.0, -30.0), (30.0, 30.0), 0.0, POINTS)]
    assert answering(KerasAlignDetector(size=64, second_look=False), photo, beside).detect(photo) == []


def test_align_crops_upright_and_again_by_the_landmarks(model, make):
    photo = np.full((120, 160, 3), 90, "uint8")
    middle, size, degrees = np.array([70.0, 60.0]), 44.0, 40.0
    shape = model.markup.mean_shape
    extent = shape.max(0) - shape.min(0)
    detector = KerasAlignDetector(size=128, second_look=False)
    answering(detector, photo, [(middle, size * extent, degrees, POINTS + 40)])
    for refine in (0, 2):
        (face,) = align(model, photo, detector=detector, refine=refine)
        np.testing.assert_allclose(face.landmarks, shape * size @ rotation(degrees).T + middle, atol=0.01)
        upright = tight_box(face.landmarks, degrees)
        np.testing.assert_allclose(upright, face.box, atol=0.01)


def test_it_has_a_name_and_says_when_its_weights_are_not_there():
    assert isinstance(get_detector("kerasalign"), KerasAlignDetector)
    with pytest.raises(ValueError, match="No weights of the detector"):
        bundled_network(Manifest({}, ""))


@pytest.mark.parametrize(
    "options",
    [
        {"size": 100},
        {"min_score": 2},
        {"max_overlap": -1},
        {"network": 5},
        {"runtime": "tensorrt"},
    ],
)
def test_wrong_options_are_named(options):
    with pytest.raises(ValueError, match=f"`{next(iter(options))}`"):
        KerasAlignDetector(**options).detect(np.zeros((8, 8, 3), "uint8"))


def test_several_photos_at_once_are_those_one_by_one(make):
    shapes = {(120, 200, 3): 90, (200, 120, 3): 50, (64, 64, 3): 50}
    photos = [np.full(shape, value, "uint8") for shape, value in shapes.items()]
    seen = []

    def network(pictures):
        """Says a face in every picture that is not dark."""
        seen.append(len(pictures))
        height, width = pictures.shape[1:3]
        maps = np.zeros((len(pictures), height // 8, width // 8, CHANNELS), "float32")
        maps[..., 0] = -9
        maps[pictures.max((1, 2, 3)) > 80, 4, 8, 0] = 5
        return maps

    detector = KerasAlignDetector(network, size=128, second_look=False)
    found = detector.detect_many(photos)
    assert [len(faces) for faces in found] == [1, 0, 0] and seen[:3] == [1, 1, 1]
    assert sum(seen) == 3 + 2 * 3, "those without a face are looked at on their sides and upside down"
    for photo, faces in zip(photos, found):
        for a, b in zip(detector.detect(photo), faces, strict=True):
            np.testing.assert_array_equal(a.box, b.box)
    seen.clear()
    assert detector.detect_many([]) == [] and seen == []
    assert len(detector.detect_many(photos * 50)) == 150 and max(seen) == 42 and sum(seen) == 150 + 100 * 3


def test_the_second_look_is_a_second_opinion_upright_and_larger():
    """Of a network that sees green and red things, 6 px too far right at first sight, and red ones only then."""
    seen = []

    def network(pictures):
        size = pictures.shape[1]
        seen.append((len(pictures), size))
        centers = cell_centers(size // 8, size // 8)
        maps = np.zeros((len(pictures), *centers.shape[:2], CHANNELS), "float32")
        maps[..., 0] = -9
        for picture, out in zip(pictures.astype(int), maps):
            for channel, first, second in ((0, 1.0, -9.0), (1, 1.0, 3.0)):
                y, x = np.nonzero((picture[..., channel] > 200) & (picture.sum(-1) < 300))
                if len(x) < 10:
                    continue
                wrong = 6.0 if size == 256 else 0.0
                middle = np.array([(x.min() + x.max()) / 2 + wrong, (y.min() + y.max()) / 2])
                row = np.concatenate([middle, [np.ptp(x) + 1, np.ptp(y) + 1], [1.0, 0.0], np.tile(middle, 5)])
                near = np.abs(centers - middle).max(-1) <= 4.001
                coded = encode_faces(np.broadcast_to(row, (*near.shape, 16)), centers)
                logit = np.full((*near.shape, 1), first if size == 256 else second)
                out[near] = np.concatenate([logit, coded], -1)[near]
        return maps

    photo = np.full((256, 256, 3), 10, "uint8")
    photo[40:80, 60:100], photo[150:200, 150:200] = (0, 250, 0), (250, 0, 0)
    once = KerasAlignDetector(network, second_look=False, min_score=0.7).detect(photo)
    assert len(once) == 2 and all(face.score == pytest.approx(1 / (1 + np.exp(-1))) for face in once)
    seen.clear()
    (face,) = KerasAlignDetector(network, min_score=0.7).detect(photo)
    # No face is sure, so that the photo is looked at on its sides and upside down, too; it has no finer look.
    assert seen[:2] == [(1, 256), (3, 256)] and {size for _, size in seen[2:]} == {128}
    assert face.score == pytest.approx(np.sqrt(1 / (1 + np.exp(-1)) / (1 + np.exp(-3))), abs=1e-4)
    np.testing.assert_allclose(face.box, [62.5, 39.5, 102.5, 79.5], atol=1.0)
    assert len(KerasAlignDetector(network, min_score=0.75).detect(photo)) == 1, "at first sight less will do"
    assert len(KerasAlignDetector(network, second_look=False, min_score=0.75).detect(photo)) == 0


def test_two_finds_that_turn_out_to_be_one_face_are_one():
    faces = [Detection((0, 0, 10, 10), 0.6), Detection((1, 0, 11, 10), 0.8), Detection((30, 0, 40, 10), 0.3)]
    assert suppress_duplicates(faces, 0.4, 0.4) == [faces[1]] and suppress_duplicates([], 0.4, 0.4) == []


@pytest.fixture(scope="module")
def portrait():
    return pytest.importorskip("skimage.data").astronaut()


# The tight box of the 68 landmarks, by eye: brows to chin, ear to ear.
PORTRAIT_FACE = np.array([[177.0, 88], [272, 88], [272, 172], [177, 172]])


def test_the_bundled_one_finds_the_one_face_of_the_portrait_at_every_angle(portrait):
    """Every 15 degrees; at two of the 24 angles it may be lost, and nothing else may be found more than once."""
    right, others = 0, 0
    for degrees in range(-180, 180, 15):
        turned, matrix = turn_photo(portrait, degrees)
        found = get_detector("kerasalign").detect(turned)
        for face in found:
            upright = about(box_center(face.box), rotation(-face.angle), box_center(face.box))
            inside = apply_affine(upright, apply_affine(matrix, PORTRAIT_FACE))
            if box_iou(face.box, tight_box(inside)) < 0.6:
                others += 1
                continue
            assert abs((face.angle - degrees + 180) % 360 - 180) < 15
            right_eye, left_eye, nose, *mouth = apply_affine(invert(matrix), face.points)
            assert right_eye[0] < nose[0] < left_eye[0] and nose[1] < min(mouth[0][1], mouth[1][1])
            right += 1
    assert right >= 22 and others <= 1


def test_how_often_faces_are_cropped_anew_is_the_detectors_to_say(model, make):
    photo = np.full((120, 160, 3), 90, "uint8")
    shape = model.markup.mean_shape * 20 + 60
    detector = KerasAlignDetector(size=128, second_look=False)
    answering(detector, photo, [((60.0, 60.0), (44.0, 44.0), 0.0, POINTS)])
    for given, passes in (
        ({"detector": detector}, 2),
        ({"detector": detector, "refine": 0}, 1),
        ({"detector": lambda photo: [tight_box(shape)]}, 1),
        ({"boxes": [tight_box(shape)]}, 1),
    ):
        seen = make.model(shrink=0.5)
        align(seen, photo, **given)
        assert len(seen.batches) == passes, given
    assert len(align(make.model(CropSpec(64, 1.6, box="kerasalign")), photo, detector=detector)) == 1


def test_the_librarys_own_detector_is_the_default(model, monkeypatch):
    asked = []

    def nothing(self, images):
        asked.append(self)
        return [[] for _ in images]

    monkeypatch.setattr(KerasAlignDetector, "detect_many", nothing)
    assert len(align(model, np.zeros((40, 40, 3), "uint8"))) == 0
    assert asked == [get_detector("kerasalign")]
