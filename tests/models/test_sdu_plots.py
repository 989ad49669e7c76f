from types import SimpleNamespace

import numpy as np
import pytest
from keras import ops

from kerasalign.models.sdu import SDUConfig
from kerasalign.models.sdu.coherence import Transforms
from kerasalign.models.sdu.offsets import predict_offsets
from kerasalign.models.sdu.plots import coherence_sheet, draw_confidence, draw_offsets
from tests.support.arrays import crops


class Follower:
    """A network whose maps are the crop's red and green."""

    config = SDUConfig(markup=None, num_landmarks=2, transformer="none", loss="mse", size=32)

    def check_crops(self, crops):
        return np.asarray(crops)

    runtime = "keras"

    def predict_crops(self, crops, **options):
        maps = ops.convert_to_numpy(ops.average_pool(crops[..., :2].astype("float32") / 255, 2, 2))
        return {"heatmaps": np.stack([np.zeros_like(maps), maps], 1)}


def test_maps_before_and_after_a_transformation():
    images = np.zeros((2, 32, 32, 3), "uint8")
    images[:, 4:12, 4:12, 0] = 255
    sheet = coherence_sheet(Follower(), images, Transforms([1.0, 1.0], [0.0, 0.0], [1.0, 1.0]), tile=64)
    pixels = np.asarray(sheet).astype(int)
    tiles = [pixels[8:72, 8 + 72 * i :][:, :64] for i in range(5)]
    for i, tile in enumerate(tiles):
        bright = tile.sum(-1) > 200
        assert bright[8:24].any() and not bright[32:].any()
        left, right = bright[:, :32].any(), bright[:, 32:].any()
        assert (left, right) == ((True, False) if i < 2 else (False, True)), i
    # H(T I) and T H(I) are the same picture for a network that follows.
    assert np.abs(tiles[3] - tiles[4]).max() <= 2
    assert coherence_sheet(Follower(), images[:1], Transforms([1.0], [0.0], [1.0]), 64).height * 2 == sheet.height
    with pytest.raises(ValueError, match="Received: shape"):
        coherence_sheet(Follower(), images[:0])


def test_confident_points_are_green_and_doubtful_ones_red():
    image = np.full((32, 32, 3), 60, "uint8")
    landmarks = np.array([[8.0, 8.0], [20.0, 8.0], [8.0, 20.0], [np.nan, 3.0]])
    drawing = np.asarray(draw_confidence(image, landmarks, np.array([0.0, 0.5, 1.0, 1.0]), tile=320))
    assert drawing.shape[1] == 320 < drawing.shape[0]
    red, yellow, green = (drawing[round(10 * y + 4.5), round(10 * x + 4.5)] for x, y in landmarks[:3])
    assert tuple(red) == (230, 0, 60) and tuple(yellow) == (230, 210, 60) and tuple(green) == (0, 210, 60)
    with pytest.raises(ValueError, match="Received: shapes"):
        draw_confidence(image, landmarks, np.zeros(3))
    with pytest.raises(ValueError, match=r"to 2\.0"):
        draw_confidence(image, landmarks, np.full(4, 2.0))


def test_moved_taps_are_drawn_where_they_read():
    image = np.zeros((32, 32, 3), "uint8")
    offsets = np.zeros((16, 16, 9, 2))
    offsets[5, 10, 4] = (3, -2)
    drawing = np.asarray(draw_offsets(image, offsets, np.array([[21.0, 11.0]]), tile=320))

    def at(column, row):
        return tuple(drawing[round((row + 0.5) * 20 - 0.5), round((column + 0.5) * 20 - 0.5)])

    assert at(10, 5) == (150, 160, 170) or at(10, 5) == (255, 170, 60)
    assert at(8, 8) == (255, 170, 60) and at(9, 4) == (255, 170, 60) and at(12, 8) == (0, 0, 0)
    with pytest.raises(ValueError, match="Received: shape"):
        draw_offsets(image, offsets, np.zeros((1, 2)), kernel_size=(2, 2))
    with pytest.raises(ValueError, match="Received: shape"):
        draw_offsets(crops(1, 8), offsets, np.zeros((1, 2)))


def test_offsets_are_those_that_the_layer_predicts():
    from kerasalign.models import SDU

    model = SDU(
        markup="5", down=1, stacks=1, block="resnet", transformer="inside", deformable=2, multiplier=1 / 32, size=16
    )
    model.get_layer("stack0_features_deformable").offset.bias.assign(np.arange(18))
    found = predict_offsets(model, crops(3, 16), batch_size=2)
    assert {name: values.shape for name, values in found.items()} == dict.fromkeys(
        ("stack0_features_deformable", "stack0_maps"), (3, 8, 8, 1, 9, 2)
    )
    np.testing.assert_allclose(found["stack0_features_deformable"][1, 2, 3, 0], np.arange(18).reshape(9, 2))
    with pytest.raises(ValueError, match="Received: deformable=0"):
        predict_offsets(SimpleNamespace(layers=[], config=SDUConfig(deformable=0)), crops(1, 16))
