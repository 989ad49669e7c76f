"""Sizes of the search: small faces in large photos, large ones in any, and when one look is enough."""

import numpy as np
import pytest

from kerasalign.detection.own.levels import fine_size, fit_photo
from kerasalign.geometry import apply_affine
from kerasalign.inference import KerasAlignDetector
from tests.support.detector_maps import CHANNELS, cell_centers, encode_faces

GREEN = (0, 250, 0)


class Finder:
    """A network that takes green squares of 10 to 250 px for faces, sure ones from 20 px; it notes what it is shown."""

    def __init__(self, sure=4.0):
        self.seen, self.sure = [], sure

    def __call__(self, pictures):
        import cv2

        self.seen.append(pictures.shape[:3])
        centers = cell_centers(pictures.shape[1] // 8, pictures.shape[2] // 8)
        maps = np.zeros((len(pictures), *centers.shape[:2], CHANNELS), "float32")
        maps[..., 0] = -9
        for picture, out in zip(pictures.astype(int), maps):
            green = (picture[..., 1] > 150) & (picture[..., 0] < 90)
            count, _, stats, _ = cv2.connectedComponentsWithStats(green.astype("uint8"))
            for x, y, width, height, _ in stats[1:count]:
                side = max(width, height)
                if not 4 <= side <= 250:
                    continue
                logit = self.sure if side >= 20 else 1.0 if side >= 10 else -0.5
                middle = np.array([x + (width - 1) / 2, y + (height - 1) / 2])
                row = np.concatenate([middle, [width, height], [1.0, 0.0], np.tile(middle, 5)])
                near = np.abs(centers - middle).max(-1) <= 4.001
                coded = encode_faces(np.broadcast_to(row, (*near.shape, 16)), centers)
                out[near] = np.concatenate([np.full((*near.shape, 1), logit), coded], -1)[near]
        return maps


def photo(*squares, size=(600, 800)):
    picture = np.full((*size, 3), 60, "uint8")
    for x, y, side in squares:
        picture[y : y + side, x : x + side] = GREEN
    return picture


def boxes(faces):
    return [face.box.round().astype(int).tolist() for face in faces]


@pytest.mark.parametrize("shape, size", [((600, 800), 256), ((90, 60), 256), ((533, 799), 799), ((2, 900), 320)])
@pytest.mark.parametrize("square", [False, True])
def test_photos_fit_into_rectangles_of_whole_cells(shape, size, square):
    picture = np.full((*shape, 3), 200, "uint8")
    fitted, matrix = fit_photo(picture, size, square)
    assert fitted.shape[0] % 32 == fitted.shape[1] % 32 == 0
    assert len(set(fitted.shape[:2])) == 1 or not square
    assert max(fitted.shape) < size + 32 or square
    corners = apply_affine(matrix, np.array([[-0.5, -0.5], [shape[1] - 0.5, shape[0] - 0.5]]))
    assert np.ptp(corners, axis=0).max() == pytest.approx(size, abs=0.01)
    rows, columns = np.nonzero(fitted[..., 0])
    np.testing.assert_allclose(corners[0], [columns.min() - 0.5, rows.min() - 0.5], atol=0.01)
    np.testing.assert_allclose(corners[1], [columns.max() + 0.5, rows.max() + 0.5], atol=0.51)


def test_the_finer_look_is_the_photo_as_it_is_up_to_a_size():
    assert [fine_size(*shape, 1024) for shape in ((600, 800), (4000, 3000), (200, 300))] == [800, 1024, None]


def test_small_and_large_faces_of_one_photo_are_found():
    network = Finder()
    found = KerasAlignDetector(network).detect(photo((40, 60, 24), (200, 150, 400), (700, 500, 15)))
    assert [box[2] - box[0] + 1 for box in boxes(found)] == [pytest.approx(side, abs=3) for side in (400, 24, 15)]
    assert network.seen[:2] == [(1, 192, 256), (1, 608, 800)]


def test_no_finer_look_where_a_large_face_is_all_there_is():
    network = Finder()
    assert len(KerasAlignDetector(network).detect(photo((200, 150, 400)))) == 1
    assert network.seen == [(1, 192, 256)]
    # Of 16 px, it is 5 at first sight: a hint. Nothing at all is no reason to stop, either.
    for squares, count in (((200, 150, 400), (40, 60, 16)), 2), ((), 0):
        network.seen.clear()
        assert len(KerasAlignDetector(network).detect(photo(*squares))) == count
        assert (1, 608, 800) in network.seen


def test_a_face_that_both_looks_find_is_one():
    network = Finder()
    (face,) = KerasAlignDetector(network).detect(photo((300, 200, 130)))
    assert boxes([face]) == [[300, 200, 429, 329]] or np.abs(face.box - [299.5, 199.5, 429.5, 329.5]).max() < 3


@pytest.mark.parametrize("sure, looks", [(4.0, 0), (0.9, 1)])
def test_only_doubtful_faces_get_a_second_look(sure, looks):
    network = Finder(sure)
    assert len(KerasAlignDetector(network, size=256).detect(photo((300, 200, 130)))) == 1
    assert len([shape for shape in network.seen if shape[1:] == (128, 128)]) == looks


def test_size_bounds_the_search():
    network = Finder()
    assert KerasAlignDetector(network, size=320).detect(photo((40, 60, 5))) == []
    assert max(shape[2] for shape in network.seen) == 320
    assert len(KerasAlignDetector(network, size=1024).detect(photo((40, 60, 5)))) == 1
