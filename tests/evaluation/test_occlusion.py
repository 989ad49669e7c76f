"""The occlusion curve: exact areas, equal chances for every network, errors that are known beforehand."""

import json

import numpy as np
import pytest

from kerasalign.evaluation.occlusion import OcclusionCurve, cover, covering_box, inside, occlusion_curve
from kerasalign.geometry import box_size, tight_box
from kerasalign.markups import get_markup

M5 = get_markup("5")
FACE = M5.mean_shape * 40 + 31.5
FACES = np.stack([FACE, FACE + 3, FACE - 2])


class Blind:
    """Finds points exactly, but misses those that are covered by ten pixels."""

    name, markup = "blind", M5

    def __init__(self):
        self.seen = []

    runtime = "keras"

    def predict_crops(self, crops, batch_size):
        self.seen.append(crops)
        place = np.rint(FACES).astype(int)
        covered = np.stack([(crop != 7)[points[:, 1], points[:, 0]].any(-1) for crop, points in zip(crops, place)])
        return {"landmarks": FACES + 10 * covered[..., None] * np.array([1.0, 0])}


def curve(model=None, **settings):
    crops = np.full((3, 64, 64, 3), 7, "uint8")
    return occlusion_curve(model or Blind(), crops, FACES, **settings)


@pytest.mark.parametrize("share", [0.0, 0.25, 0.6, 1.0])
@pytest.mark.parametrize("place", [(0, 0), (0.5, 0.9), (1, 1)])
def test_a_rectangle_covers_its_share_and_stays_inside(share, place):
    box, face = covering_box(FACE, share, place), tight_box(FACE)
    assert np.prod(box_size(box)) == pytest.approx(share * np.prod(box_size(face)))
    assert (box[:2] >= face[:2] - 1e-9).all() and (box[2:] <= face[2:] + 1e-9).all()


def test_what_is_covered_is_filled_and_the_rest_untouched():
    crop = np.full((8, 8, 3), 7, "uint8")
    out = cover(crop, np.array([1.5, 2.5, 4.5, 5.5]), (1, 2, 3))
    assert (out[3:6, 2:5] == (1, 2, 3)).all()
    out[3:6, 2:5] = 7
    assert (out == 7).all() and (crop == 7).all()
    assert (cover(crop, np.array([3.0, 3, 3, 3]), (1, 2, 3)) == 7).all()
    assert not inside(FACE, np.array([20.0, 20, 20, 20])).any()


def test_covered_points_count_in_one_line_and_not_in_the_other():
    found = curve(shares=(0.0, 0.3, 1.0), placements=4)
    assert found.nme[0] == found.visible_nme[0] == 0
    assert 0 < found.nme[1] < found.nme[2]
    eyes = np.linalg.norm(FACE[list(M5.eye_groups("inter_ocular")[0])] - FACE[list(M5.eye_groups("inter_ocular")[1])])
    # A point on the very edge may lie in the box and beside its last pixel.
    assert 0.75 * 100 * 10 / eyes < found.nme[2] <= 100 * 10 / eyes + 1e-6
    assert np.isnan(found.visible_nme[2])
    assert found.visible_nme[1] < 0.2 * found.nme[1]


def test_every_network_sees_the_same_rectangles():
    one, other = Blind(), Blind()
    assert curve(one) == curve(other)
    for a, b in zip(one.seen, other.seen):
        np.testing.assert_array_equal(a, b)
    assert curve(seed=1) != curve(seed=0)


def test_a_curve_is_saved_and_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    from kerasalign.evaluation import plot_occlusion

    found = curve(shares=(0, 0.2))
    found.save(tmp_path / "curve.json")
    assert json.loads((tmp_path / "curve.json").read_text())["nme"] == list(found.nme)
    assert plot_occlusion([found], size=(600, 450)).size == (600, 450)
    with pytest.raises(ValueError, match="differ in `faces`"):
        plot_occlusion([found, OcclusionCurve("x", "inter_ocular", (0.0,), (1.0,), (1.0,), 9, 3, 0)])


def test_bad_arguments():
    with pytest.raises(ValueError, match="Received: shares"):
        curve(shares=(0.1, 1.5))
    with pytest.raises(ValueError, match="Received: placements=0"):
        curve(placements=0)
