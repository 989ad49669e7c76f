import numpy as np
import pytest

from kerasalign.data.photometric import recolor

FULL_RANGE = np.array([[0.0] * 3, [1.0] * 3])


def picture(seed=0, size=40):
    image = np.random.default_rng(seed).integers(1, 256, (size, size, 3), "uint8")
    image[:10] = 0
    return image


def test_jetting_by_hand():
    values = np.array([1, 51, 102, 153, 204, 255], "uint8")
    image = np.repeat(values[None, :, None], 3, 2)
    jetted = recolor(image, np.array([[0.3, 0.0, 0.1], [0.7, 1.0, 0.9]]))
    # 51 = 0.2 is under 0.3 and falls to black, lifted to 1; 204 = 0.8 is over 0.7 and rises to white.
    assert jetted[0, :, 0].tolist() == [1, 1, 102, 153, 255, 255]
    # Nothing is clipped: only the darkest becomes black, and the rest is stretched.
    assert jetted[0, :, 1].tolist() == [1, 50, 101, 153, 204, 255]


def test_jetting_stretches_what_is_there():
    image = np.full((1, 3, 3), 100, "uint8")
    image[0, 1], image[0, 2] = 120, 150
    assert recolor(image, FULL_RANGE)[0, :, 0].tolist() == [1, 102, 255]


def test_jetting_of_one_color_is_defined():
    flat = np.full((4, 4, 3), 77, "uint8")
    assert (recolor(flat, FULL_RANGE) == 1).all()


def test_every_step_keeps_the_photos_outline():
    image = picture()
    image[20, 20] = 0, 0, 1
    inside = (image > 0).any(-1)
    assert inside.sum() == 30 * 40
    jet, box = np.array([[0.4, 0.3, 0.2], [0.6, 0.7, 0.8]]), np.array([5, 5, 30, 30])
    steps = (
        recolor(image),
        recolor(image, jet),
        recolor(image, box=box, noise_seed=3),
        recolor(image, grayscale=True),
        recolor(image, jet, box, 3, True),
    )
    for changed in steps:
        np.testing.assert_array_equal((changed > 0).any(-1), inside)
        assert changed.dtype == np.uint8 and changed.shape == image.shape


def test_cover_fills_the_rectangle_and_nothing_else():
    image = np.full((40, 50, 3), 9, "uint8")
    box = np.array([4.5, 9.5, 14.5, 29.5])
    covered = recolor(image, box=box, noise_seed=1)
    changed = (covered != 9).any(-1)
    rows, columns = np.nonzero(changed)
    assert (columns.min(), columns.max(), rows.min(), rows.max()) == (5, 14, 10, 29)
    noise = covered[10:30, 5:15]
    assert noise.min() < 20 and noise.max() > 235 and abs(noise.mean() - 127.5) < 15
    np.testing.assert_array_equal(recolor(image, box=box, noise_seed=1), covered)
    assert (recolor(image, box=box, noise_seed=2) != covered).any()


@pytest.mark.parametrize("box", [(-30, -30, -5, -5), (60, 0, 90, 10), (3.2, 3.2, 3.3, 3.3)])
def test_rectangle_outside_the_picture_does_nothing(box):
    image = np.full((40, 50, 3), 9, "uint8")
    assert (recolor(image, box=np.array(box)) == 9).all()


def test_rectangle_over_the_edge_is_clipped():
    image = np.full((40, 50, 3), 9, "uint8")
    covered = recolor(image, box=np.array([-20, -20, 4.5, 200]))
    assert (covered[:, 5:] == 9).all() and (covered[:, :5] != 9).mean() > 0.9


def test_gray_is_luma():
    image = np.zeros((1, 3, 3), "uint8")
    image[0, 0, 0] = image[0, 1, 1] = image[0, 2, 2] = 200
    gray = recolor(image, grayscale=True)
    np.testing.assert_allclose(gray[0, :, 0], 200 * np.array([0.2989, 0.5870, 0.1140]), atol=1)
    assert (gray[..., 0] == gray[..., 1]).all() and (gray[..., 1] == gray[..., 2]).all()


def test_steps_come_in_order():
    """The rectangle is laid over jetted colors, and both lose their color."""
    image = picture()
    box = np.array([5, 15, 20, 30])
    jet = np.array([[0.2] * 3, [0.8] * 3])
    together = recolor(image, jet, box, 4, True)
    one_by_one = recolor(recolor(recolor(image, jet), box=box, noise_seed=4), grayscale=True)
    np.testing.assert_array_equal(together, one_by_one)


def test_the_source_is_kept():
    image = picture()
    before = image.copy()
    recolor(image, FULL_RANGE, np.array([0, 0, 30, 30]), 0, True)
    np.testing.assert_array_equal(image, before)
