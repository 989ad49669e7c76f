"""Every row of SDU's Table 1 by its config: exact sizes."""

import math

import keras
import pytest

from kerasalign.models.sdu import SDU, TABLE_1

# Total and trainable parameters at 68 points; nearest upsampling has none.
SIZES = {
    "Hourglass1-Resnet": (3439876, 3423236),
    "Hourglass2-Resnet": (6617928, 6586440),
    "Hourglass2-Inception-Resnet": (9594120, 9549864),
    "Hourglass2-HPM": (12125512, 12097864),
    "Hourglass2-CAB": (11650408, 11624584),
    "Hourglass2-HPM (3 steps)": (9681736, 9659464),
    "Hourglass2-CAB (3 steps)": (9307624, 9286792),
    "U-Net2-CAB": (9059176, 9035912),
    "DLA2-CAB": (25844456, 25803912),
    "SAT(I)2-CAB": (32934632, 32887944),
    "SAT(II)2-CAB (3 steps)": (20740968, 20709512),
    "SAT(III)2-CAB (3 steps)": (10119016, 10094728),
    "Dense U-Net + STN": (29105926, 29081254),
    "Dense U-Net + Inside": (12244162, 12219874),
    "Dense U-Net + Outside": (10119016, 10094728),
    "Dense U-Net + Dual": (12244162, 12219874),
}
QUICK = ("Hourglass1-Resnet", "Hourglass2-Inception-Resnet", "Dense U-Net + Dual")
ROWS = [pytest.param(row, marks=[] if row in QUICK else pytest.mark.slow) for row in TABLE_1]


def sizes(**config):
    keras.backend.clear_session()
    model = SDU(**config)
    return tuple(sum(math.prod(w.shape) for w in ws) for ws in (model.weights, model.trainable_weights))


def test_all_rows_are_here():
    assert set(TABLE_1) == set(SIZES)


@pytest.mark.parametrize("row", ROWS)
def test_size_of_a_row(row):
    assert sizes(**TABLE_1[row]) == SIZES[row]


@pytest.mark.slow
@pytest.mark.parametrize(("config", "size"), [
    (TABLE_1["U-Net2-CAB"] | {"lateral": "identity"}, (8526696, 8507528)),
    (TABLE_1["Dense U-Net + Outside"] | {"deformable": 1}, (10750586, 10726298)),
    (TABLE_1["Dense U-Net + Outside"] | {"deformable": 2}, (11612592, 11588304)),
    (TABLE_1["Dense U-Net + STN"] | {"deformable": 0}, (26980780, 26956108)),
    (TABLE_1["Dense U-Net + Outside"] | {"gate": True}, (10119016, 10094728)),
])  # fmt: skip
def test_size_of_a_variant(config, size):
    assert sizes(**config) == size
