import numpy as np
import pytest
from PIL import Image

from kerasalign.inference import Face
from kerasalign.markups import get_markup
from kerasalign.plots.draw import COLORS, draw_faces


def face(center=(100, 100), size=120, **options):
    center = np.asarray(center, "float64")
    points = get_markup("68").mean_shape * size + center
    return Face(points, np.concatenate([center - size / 2, center + size / 2]), "68", **options)


@pytest.fixture
def photo():
    return np.full((200, 300, 3), 100, "uint8")


def changed(photo, drawing):
    return (np.asarray(drawing) != photo).any(-1)


def test_points_are_where_the_landmarks_are(photo):
    one = face()
    drawing = draw_faces(photo, [one], curves=False)
    assert isinstance(drawing, Image.Image) and drawing.size == (300, 200) and drawing.mode == "RGB"
    mask = changed(photo, drawing)
    rows, columns = np.nonzero(mask)
    distance = np.hypot(columns[:, None] - one.landmarks[:, 0], rows[:, None] - one.landmarks[:, 1]).min(1)
    assert distance.max() < 4
    # Symmetric around each point: the center of mass of a lone point is the point.
    x, y = one.landmarks[8]
    window = mask[int(y) - 5 : int(y) + 7, int(x) - 5 : int(x) + 7]
    center = np.argwhere(window).mean(0)[::-1] + np.array([int(x) - 5, int(y) - 5])
    np.testing.assert_allclose(center, (x, y), atol=0.5)


def test_the_photo_is_not_changed(photo):
    draw_faces(photo, [face()], boxes=True, indices=True, labels=True)
    assert (photo == 100).all()


def test_curves_boxes_indices_and_labels_each_add_something(photo):
    plain = changed(photo, draw_faces(photo, [face()], curves=False)).sum()
    for option in ("curves", "boxes", "indices", "labels"):
        options = {"curves": False} | {option: True}
        assert changed(photo, draw_faces(photo, [face()], **options)).sum() > plain + 20, option


def test_a_box_is_drawn_turned_as_it_is(photo):
    """A square turned by 45 degrees stands on a corner."""
    drawing = np.asarray(draw_faces(photo, [face(size=80, angle=45.0)], points=False, curves=False, boxes=True))
    rows, columns = np.nonzero((drawing != photo).any(-1))
    half = 40 * np.sqrt(2)
    np.testing.assert_allclose([columns.min(), columns.max()], [100 - half, 100 + half], atol=2.5)
    np.testing.assert_allclose([rows.min(), rows.max()], [100 - half, 100 + half], atol=2.5)
    assert not (drawing != photo)[58:64, 58:64].any()


def test_curves_follow_the_markup(photo):
    one = face()
    mask = changed(photo, draw_faces(photo, [one], points=False))
    for a, b in one.markup.edges:
        x, y = np.round((one.landmarks[a] + one.landmarks[b]) / 2).astype(int)
        assert mask[y - 1 : y + 2, x - 1 : x + 2].any(), (a, b)
    nothing_between = np.round((one.landmarks[8] + one.landmarks[57]) / 2).astype(int)
    assert not mask[nothing_between[1], nothing_between[0]]


@pytest.mark.parametrize("size", [3, 20, 150, 1500])
def test_width_follows_the_face(size):
    photo = np.full((2 * size + 20, 2 * size + 20, 3), 100, "uint8")
    mask = changed(photo, draw_faces(photo, [face((size + 10, size + 10), size)]))
    assert mask.any() and mask.sum() < 0.6 * size**2 + 60


@pytest.mark.parametrize("center", [(0, 0), (299, 199), (-500, 50), (5000, 5000), (1e9, 1e9)])
def test_faces_outside_the_photo(photo, center):
    options = {"boxes": True, "indices": True, "labels": True}
    assert draw_faces(photo, [face(center)], **options).size == (300, 200)


def test_points_that_are_missing_are_left_out(photo):
    one = face()
    points = one.landmarks.copy()
    points[48:] = np.nan
    drawing = draw_faces(photo, [Face(points, one.box, "68")], indices=True)
    rows = np.nonzero(changed(photo, drawing))[0]
    assert rows.any()
    x, y = np.round(one.landmarks[57]).astype(int)
    assert not changed(photo, drawing)[y, x]
    draw_faces(photo, [Face(np.full((68, 2), np.nan), one.box, "68")], indices=True, labels=True)


def test_failed_faces_are_red(photo):
    def reds(drawing):
        return (np.abs(np.asarray(drawing, int) - COLORS["failed"]).max(-1) < 30).sum()

    assert reds(draw_faces(photo, [face(failed=True)])) > 50
    assert reds(draw_faces(photo, [face()])) == 0


def test_no_faces_change_nothing(photo):
    np.testing.assert_array_equal(np.asarray(draw_faces(photo, [])), photo)


@pytest.mark.parametrize(
    "options", [{"width": 0}, {"image": np.zeros((4, 4), "uint8")}, {"image": np.zeros((4, 4, 3))}]
)
def test_wrong_arguments_are_refused(photo, options):
    with pytest.raises(ValueError, match="Received"):
        draw_faces(**{"image": photo, "faces": []} | options)
