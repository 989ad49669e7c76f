import subprocess
import sys

import numpy as np
import pytest

from kerasalign.markups import get_markup
from kerasalign.plots import contact_sheet
from kerasalign.plots.contact_sheet import PREDICTION, TRUTH

FACE = get_markup("68").mean_shape * 100 + np.array([200.0, 120.0])


def photos(count, value=90):
    return [np.full((300, 400, 3), value, "uint8") for _ in range(count)]


def near(sheet, color):
    """Whether a color is drawn anywhere."""
    return (np.abs(np.asarray(sheet).astype(int) - color).sum(-1) < 40).any()


def test_grid_has_a_tile_per_face():
    sheet = contact_sheet(photos(5), [FACE] * 5, columns=3, tile=100)
    assert sheet.size == (3 * 106 + 6, 2 * 106 + 6)
    center = np.asarray(sheet)[56::106, 6::106].reshape(-1, 3)
    assert (center == 90).all(-1).sum() == 5
    assert contact_sheet(photos(2), [FACE] * 2, columns=9, tile=100).size[0] == 2 * 106 + 6


def test_tile_is_framed_on_the_face_wherever_it_is_in_the_photo():
    photo = photos(1)[0]
    photo[:, :100] = 0
    photo[100:141, 180:221] = 255
    partly = np.where(np.arange(68)[:, None] < 60, FACE, np.nan)
    sheet = np.asarray(contact_sheet([photo], [partly], tile=150))
    assert (sheet[60:90, 60:90] > 200).mean() > 0.5
    assert (sheet[6:-6, 6:-6] > 50).mean() > 0.8


def test_truth_is_drawn_beside_the_prediction():
    alone = contact_sheet(photos(1), [FACE], tile=300)
    assert near(alone, PREDICTION)
    assert not near(alone, TRUTH)
    both = contact_sheet(photos(1), [FACE + 6], truth=[FACE], tile=300)
    assert near(both, PREDICTION)
    assert near(both, TRUTH)


def test_truth_frames_the_tile_of_a_prediction_that_is_far_off():
    sheet = contact_sheet(photos(1), [FACE + 900], truth=[FACE], tile=200)
    assert near(sheet, TRUTH)
    assert not near(sheet, PREDICTION)


def test_titles_stand_under_the_tiles_and_stay_within_them():
    plain = contact_sheet(photos(2), [FACE] * 2, tile=120)
    titles = ["", "a/very/long/name/of/a/photo/that/has/no/end 12.3 %"]
    sheet = contact_sheet(photos(2), [FACE] * 2, titles, tile=120)
    assert sheet.size[1] > plain.size[1]
    strip = (np.asarray(sheet)[126:-6] > 150).any(-1)
    assert strip[:, 132:252].any()
    assert not strip[:, :132].any()
    assert not strip[:, 252:].any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": [], "landmarks": []}, "at least one image"),
        ({"landmarks": [FACE]}, "`landmarks` must be one per image"),
        ({"titles": ["a"]}, "`titles` must be one per image"),
        ({"truth": [FACE]}, "`truth` must be one per image"),
        ({"landmarks": [FACE[:5]] * 2}, r"`landmarks` must be \(68, 2\)"),
        ({"markup": "98"}, r"`landmarks` must be \(98, 2\)"),
        ({"columns": 0}, "`columns` must be"),
        ({"tile": 0}, "`tile` must be"),
    ],
)
def test_wrong_arguments_are_errors(change, message):
    with pytest.raises(ValueError, match=message):
        contact_sheet(**{"images": photos(2), "landmarks": [FACE] * 2} | change)


def test_importing_plots_loads_no_matplotlib_and_no_backend():
    code = "import sys, kerasalign.plots; assert not {'matplotlib', 'keras', 'tensorflow'} & set(sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
