"""Boundary maps over pictures."""

import numpy as np
import pytest

from kerasalign.markups import get_markup
from kerasalign.models.lw_bafa.exact_maps import exact_boundary_maps
from kerasalign.models.lw_bafa.plots import boundary_montage, boundary_stages, overlay_boundaries

CROP = np.full((128, 128, 3), (40, 60, 90), "uint8")


def test_heat_is_where_the_map_says():
    heat = np.zeros((32, 32))
    heat[20, 5] = 1
    picture = overlay_boundaries(CROP, heat, 128).astype(int)
    # Map pixel v lies at 4 v of the crop.
    y, x = np.unravel_index(picture.sum(-1).argmax(), (128, 128))
    assert (y, x) == (80, 20)
    assert (picture[:40] == picture[0, 0]).all()


def test_a_tile_for_every_stage_and_boundary():
    markup = get_markup("98")
    maps = exact_boundary_maps(100 * markup.mean_shape + 64, markup.boundaries, 32)
    stages = boundary_stages(CROP, np.stack([0.2 * maps, 0.5 * maps, maps]), tile=96)
    assert stages.mode == "RGB" and stages.width == 3 * 104 + 8
    tiles = np.asarray(stages)[-104:-8].astype(int)
    bright = [tiles[:, 8 + i * 104 :][:, :96].max() for i in range(3)]
    assert bright[0] < bright[1] < bright[2]
    montage = boundary_montage(CROP, maps, "98", columns=4, tile=64)
    assert montage.width == 4 * 72 + 8 and montage.height > 4 * 72
    for wrong in (
        (CROP, maps, "68"),
        (CROP[:, :9], maps, "98"),
        (CROP, maps[..., 0], "98"),
        (CROP.astype("float32"), maps, "98"),
        (CROP, maps, "98", 0),
    ):
        with pytest.raises(ValueError, match="Received"):
            boundary_montage(*wrong)
    with pytest.raises(ValueError, match="Received"):
        boundary_stages(CROP, maps)
