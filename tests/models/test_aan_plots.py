import numpy as np
import pytest

from kerasalign.models.aan.plots import attention_sheet
from tests.support.arrays import crops


def test_a_sheet_has_a_row_per_face_and_a_tile_per_map():
    images = crops(2, 32)
    maps = np.full((2, 4, 32, 32), 0.5)
    maps[1, 2, :16] = 0.9
    small, large = (np.asarray(attention_sheet(images[:n], maps[:n], tile=64)).astype(int) for n in (1, 2))
    assert large.shape[0] == 2 * small.shape[0] and large.shape[1] == small.shape[1] > 5 * 64
    # Only the second face's third map has a bright half.
    tile = large[small.shape[0] + 8 :, 8 + 3 * 72 :][:64, :64]
    assert tile[:28].mean() > tile[36:].mean() + 40
    flat = large[8:, 8 + 3 * 72 :][:64, :64]
    assert abs(flat[:28].mean() - flat[36:].mean()) < 15


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match="Received: shapes"):
        attention_sheet(crops(2, 32), np.zeros((1, 4, 32, 32)))
