"""No augmented crop shows more than the photo's own border."""

import numpy as np
import pytest

import kerasalign.models  # noqa: F401  registers the papers' presets
from kerasalign.data import AugmentConfig, apply_augment, cached_spec, draw
from kerasalign.data.augment_config import list_presets
from kerasalign.data.reach import reach
from kerasalign.geometry import CropSpec, tight_box
from kerasalign.hub import get_recipe, read_manifest
from kerasalign.markups import get_markup

RECIPES = {
    (recipe.augment, recipe.model.crop.scale): name
    for name, recipe in (
        (name, get_recipe(name).resolved()) for name, preset in read_manifest().presets.items() if preset.trainable
    )
}
MARKUP = get_markup("68")


def black_share(augment, spec, margin, draws=150, seed=0):
    """Largest share of an augmented crop that a photo without an end does not fill."""
    rng, config = np.random.default_rng(seed), AugmentConfig.preset(augment)
    wide = cached_spec(spec, margin)
    photo = np.full((wide.size, wide.size, 3), 200, "uint8")
    side, middle, worst = spec.size / spec.scale, (wide.size - 1) / 2, 0.0
    for _ in range(draws):
        shape = MARKUP.mean_shape * side * rng.uniform(0.8, 1.0, 2)
        box = tight_box(shape)
        box = box + middle - (box[:2] + box[2:])[[0, 1, 0, 1]] / 2
        shape = shape - shape.mean(0) + (box[:2] + box[2:]) / 2
        params = draw(config, rng, MARKUP)
        crop, _ = apply_augment(params, photo, shape, box, MARKUP, spec, config.rebox)
        worst = max(worst, float((crop == 0).all(-1).mean()))
    return worst


@pytest.mark.parametrize(("augment", "scale"), RECIPES, ids=[f"{a}, {s:.2f}" for a, s in RECIPES])
def test_the_margin_of_every_recipe_holds_its_augmentation(augment, scale):
    spec, config = CropSpec(48, scale), AugmentConfig.preset(augment)
    margin = reach(config, spec)
    if config.context is None:
        assert black_share(augment, spec, margin) == 0
    else:
        # MuSiCa's code warps twice the box, and so does its preset; the network leaves black pixels out.
        assert margin == config.context == 2.0


def test_sdu_needs_more_than_the_old_margin():
    spec = CropSpec(48, 2.0)
    assert reach(AugmentConfig.preset("sdu"), spec) > 2 * (np.cos(np.deg2rad(40)) + np.sin(np.deg2rad(40))) / 0.8
    assert black_share("sdu", spec, 2.0) > 0.1


@pytest.mark.parametrize("name", list_presets())
def test_no_preset_keeps_much_more_than_its_worst_case(name):
    spec, config = CropSpec(48, 1.25), AugmentConfig.preset(name)
    assert spec.scale <= reach(config, spec) < 4


def test_without_augmentation_the_crop_is_the_model_s():
    for spec in (CropSpec(128, 1.0), CropSpec(64, 1.5)):
        assert cached_spec(spec, reach(AugmentConfig.preset("none"), spec)) == spec


def test_a_context_is_not_below_the_crop():
    assert reach(AugmentConfig(context=1.2), CropSpec(48, 1.6)) == 1.6
    with pytest.raises(ValueError, match="Received: context=0"):
        AugmentConfig(context=0.0)
