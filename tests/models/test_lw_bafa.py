"""LW-BAFA and BAFA against the paper."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import ops

from kerasalign.core.adaptation import adapt
from kerasalign.core.profile import profile
from kerasalign.models import BAFA, LWBAFA
from kerasalign.models.lw_bafa.exact_maps import exact_boundary_maps
from tests.support.arrays import crops
from tests.support.cases import MODELS, model_target

SMALL = {"size": 64, "channels": 8, "stem_ratio": 0.1, "stage_weights": (1.0,), "depth": 1, "width": 8, "blocks": 1}


def test_parameters_and_macs():
    # Closed forms in N and K of the widths that were chosen; 9.48 M and 11.4 G, 19.96 M and 22.23 G are printed.
    light, full = profile(LWBAFA(markup="98")), profile(BAFA(markup="98"))
    assert light.parameters == 9_432_786 and full.parameters == 20_049_090
    assert light.macs == pytest.approx(11.414e9, rel=5e-5) and full.macs == pytest.approx(22.389e9, rel=5e-5)
    assert light.parameters == pytest.approx(9.48e6, rel=6e-3) and light.macs == pytest.approx(11.4e9, rel=5e-3)
    assert full.parameters == pytest.approx(19.96e6, rel=5e-3) and full.macs == pytest.approx(22.23e9, rel=8e-3)
    assert [light[name].parameters for name in ("stem", "hourglass", "fusion", "last")] == [
        98_720,
        3_242_240,
        576_525,
        112_175,
    ]
    assert [full[name].parameters for name in ("hourglass", "fusion", "transformer")] == [
        11_128_832,
        1_456_941,
        2_106_880,
    ]


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    return MODELS["LWBAFA"].make()


def test_loss_is_the_sum_of_both_equations(model):
    target = model_target(model, 2)
    out = model(crops(2, 64))
    out = {key: ops.convert_to_numpy(value) for key, value in out.items()}
    known = np.isfinite(target).all(-1)
    error = (((out["landmarks"] - np.nan_to_num(target)) / 64) ** 2).sum(-1)
    truth = np.stack([exact_boundary_maps(face, model.markup.boundaries, 16) for face in target])
    maps = ((out["boundaries"] - truth[:, None]) ** 2).sum((2, 3, 4)) @ np.array(model.config.stage_weights)
    wanted = (error * known).sum(1) / known.sum(1) + 1e-4 * maps / len(model.config.stage_weights)
    np.testing.assert_allclose(ops.convert_to_numpy(model.face_loss(target, out)), wanted, rtol=1e-4)


def test_both_terms_of_the_loss_are_alike_at_the_start():
    # The reason for units of 0..1 and summed maps, which the paper does not print: with pixels, or means over the maps,
    # one term would be a ten-thousandth of the other. An untrained head says the middle, untrained maps nearly nothing.
    model = LWBAFA(markup="68", **SMALL | {"stage_weights": (0.25, 0.5, 0.75, 1.0)})
    size = model.crop_spec.size
    face = (size / 1.25 * model.markup.mean_shape + size / 2).astype("float32")[None]
    nothing = {"landmarks": np.full_like(face, size / 2), "boundaries": np.zeros((1, 4, 16, 16, 13), "float32")}
    both = float(model.face_loss(face, nothing)[0])
    places = float(type(model).from_config(model.get_config() | {"map_weight": 0.0}).face_loss(face, nothing)[0])
    assert 0.1 < (both - places) / places < 10


def test_points_that_nobody_annotated_and_their_boundaries_do_not_count(model):
    target = model_target(model, 1)
    target[0, 36:42] = np.nan
    out = {key: ops.convert_to_numpy(value) for key, value in model(crops(1, 64)).items()}
    names = list(model.markup.boundaries)
    lost = [names.index("right_eye_upper"), names.index("right_eye_lower")]
    other = {"landmarks": out["landmarks"].copy(), "boundaries": out["boundaries"].copy()}
    other["landmarks"][0, 36:42] += 9
    other["boundaries"][..., lost] += 9
    assert float(model.face_loss(target, out)[0]) == float(model.face_loss(target, other)[0])


@pytest.mark.parametrize("part", ["landmarks", "boundaries"])
def test_each_part_of_the_loss_reaches_the_stem_alone(part):
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    model = MODELS["BAFA 19, two hourglasses"].make()
    with tf.GradientTape() as tape:
        total = ops.sum(ops.square(model(crops(2, 64), training=True)[part]))
    stem, second = (model.get_layer(name).trainable_weights for name in ("stem_conv", "head"))
    gradients = tape.gradient(total, [stem[0], second[0]])
    assert np.abs(gradients[0]).max() > 0
    assert (gradients[1] is not None) == (part == "landmarks")


def test_variants_that_the_paper_rejects_and_the_reading_that_is_ours():
    count = {}
    for name, options in {
        "plain": {},
        "none": {"shuffle": "none"},
        "all": {"shuffle": "all"},
        "both": {"transformer": "encoder_decoder", "hidden": 16},
        "decoder": {"transformer": "decoder", "hidden": 16},
        "blind": {"attention": False, "stage_weights": (1.0, 1.0)},
        "seeing": {"stage_weights": (1.0, 1.0)},
    }.items():
        count[name] = LWBAFA(markup="19", **SMALL | options).count_params()
    assert count["all"] < count["plain"] < count["none"] and count["decoder"] < count["both"]
    # A 1x1 convolution from 6 maps to 8 channels.
    assert count["seeing"] - count["blind"] == 6 * 8 + 8


def test_scale_and_reduction_of_the_loss(model):
    target, images = model_target(model, 1), crops(1, 64)
    pixels = type(model).from_config(model.get_config() | {"coordinate_scale": 1.0, "map_weight": 0.0})
    units = type(model).from_config(model.get_config() | {"map_weight": 0.0})
    out = model(images)
    assert float(pixels.face_loss(target, out)[0]) == pytest.approx(64**2 * float(units.face_loss(target, out)[0]))
    mean = type(model).from_config(model.get_config() | {"map_reduction": "mean"})
    rest = float(units.face_loss(target, out)[0])
    parts = [float(m.face_loss(target, out)[0]) - rest for m in (model, mean)]
    assert parts[0] == pytest.approx(16 * 16 * 13 * parts[1], rel=0.02)


def test_points_of_the_same_number_start_where_they_or_their_boundaries_decide():
    model = LWBAFA(markup="19", **SMALL | {"stage_weights": (0.5, 1.0)})
    markup = model.markup
    own = replace(markup, name="own-19", boundaries=dict(reversed(markup.boundaries.items())))
    found = adapt(model, own).adaptation
    layers = {path.rpartition("/")[0] for path in found.started}
    assert found.new == () and layers == {
        "fusion_0/head",
        "fusion_0/attend",
        "last_maps",
        "landmark_conv_00/conv",
        "tokens/conv",
        "tokens/norm",
    }
    assert {"head/kernel", "landmark_conv_01/conv/kernel", "fusion_0/mix/conv/kernel"} <= set(found.kept)


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": 100},
        {"size": 80},
        {"size": 160},
        {"size": 80, "transformer": "decoder"},
        {"shuffle": "both"},
        {"transformer": "encoder"},
        {"map_reduction": "max"},
        {"stage_weights": ()},
        {"sigma": 0.0},
        {"coordinate_scale": -1},
        {"crop_scale": 0},
    ],
)
def test_bad_arguments(wrong):
    with pytest.raises(ValueError, match=f"Received: {next(iter(wrong))}="):
        LWBAFA(markup="19", **SMALL | wrong)
