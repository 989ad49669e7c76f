"""Variants of networks that papers reject or only name."""

import keras
import numpy as np
import pytest
from keras import ops

from kerasalign.layers import SpatialAttention
from kerasalign.models import AAN, LWBAFA, MuSiCa
from tests.support.arrays import crops, noise
from tests.support.cases import set_known_weights

LIGHT = {"markup": "68", "channels": 16, "width": 32, "depth": 1, "stage_weights": [1.0], "size": 64, "hidden": 32}
SMALL = {"markup": "68", "stem": 8, "channels": (8, 8), "embedding": 8, "size": 32}


@pytest.mark.parametrize(
    ("fields", "layer"),
    [
        ({"transformer": "delight_for_encoder"}, "transformer_decoder_0"),
        ({"transformer": "delight_decoder"}, "transformer"),
        ({"separable": True}, "landmark_conv_00_depthwise"),
    ],
)
def test_variants_of_lw_bafa_train(fields, layer):
    model = LWBAFA(**LIGHT, **fields)
    assert layer in {one.name for one in model.layers}
    model.compile(keras.optimizers.Adam(1e-3), run_eagerly=True)
    images, points = crops(2, 64), noise(2, 68, 2, low=10, high=50)
    assert np.isfinite(model.train_on_batch(images, points)).all()
    if fields.get("transformer") == "delight_decoder":
        # A decoder looks at the features; the paper's encoder does not.
        assert any("/look/" in weight.path for weight in model.weights)
        assert model.count_params() > LWBAFA(**LIGHT).count_params()
    if fields.get("separable"):
        assert model.count_params() < LWBAFA(**LIGHT).count_params()


def test_equation_2_is_the_product_alone():
    layer = SpatialAttention(residual=False)
    features = noise(2, 4, 4, 6)
    weighted, attention = layer(features)
    np.testing.assert_allclose(weighted, np.asarray(attention) * features, rtol=1e-6)
    assert AAN(**SMALL, weighting="map").get_layer("attention1").residual is False


def test_a_single_map_has_a_single_early_prediction():
    model = AAN(**SMALL, attention_blocks=[2])
    names = {layer.name for layer in model.layers}
    assert "attention2" in names and "attention1" not in names
    assert model(crops(1, 32))["intermediate"].shape == (1, 1, 68, 2)
    assert model.attention_maps(crops(1, 32)).shape == (1, 1, 32, 32)
    assert set(model.config.stored_scales) == {"head2/kernel", "embedding/kernel"}
    for wrong in ([], [3], [0]):
        with pytest.raises(ValueError, match="`attention_blocks` must be"):
            AAN(**SMALL, attention_blocks=wrong)


def test_fixed_random_features_are_not_trained():
    model = AAN(**SMALL, learned_frequencies=False)
    assert not [w.path for w in model.trainable_variables if "embedding" in w.path]
    assert [w.path for w in model.non_trainable_variables if "embedding" in w.path]


def cascade(**fields):
    model = MuSiCa(markup="68", patches=[30, 36, 45], hidden=8, size=64, box_side=40, **fields)
    set_known_weights(model)
    return model


def test_the_estimate_may_be_of_the_nme_and_teach_itself_alone():
    images, points = crops(3, 64), noise(3, 68, 2, low=10, high=50)
    plain, own = cascade(error_weight=0.0), cascade(error_weight=1.0, error_norm="nme")
    out = own(images)
    found = ops.convert_to_numpy(own.face_loss(points, out))
    shapes = ops.convert_to_numpy(out["cascade_landmarks"])
    eyes = np.linalg.norm(points[:, 36] - points[:, 45], axis=-1)[:, None]
    nme = np.linalg.norm(shapes - points[:, None], axis=-1).mean(-1) / np.maximum(eyes, 1)
    estimate = ops.convert_to_numpy(out["cascade_error"]) / 100
    np.testing.assert_allclose(found, np.abs(nme - estimate).sum(-1), rtol=1e-3)
    half = cascade(error_weight=0.5, error_norm="nme")
    np.testing.assert_allclose(
        half.face_loss(points, out), (ops.convert_to_numpy(plain.face_loss(points, out)) + found) / 2, rtol=1e-4
    )
    with pytest.raises(ValueError, match="Received: error_norm='l2'"):
        cascade(error_norm="l2")


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="gradients by tape")
@pytest.mark.parametrize(("gradient", "moves"), [("both", True), ("estimate", False)])
def test_who_learns_from_the_estimate(gradient, moves):
    import tensorflow as tf

    model = cascade(error_weight=1.0, error_gradient=gradient)
    points = noise(2, 68, 2, low=10, high=50)
    out = dict(model(crops(2, 64)))
    shapes, error = tf.constant(out["cascade_landmarks"]), tf.constant(out["cascade_error"])
    with tf.GradientTape() as tape:
        tape.watch([shapes, error])
        loss = model.face_loss(points, out | {"cascade_landmarks": shapes, "cascade_error": error})
    of_shapes, of_error = tape.gradient(loss, [shapes, error])
    assert np.abs(of_error).max() > 0
    assert (of_shapes is not None and np.abs(of_shapes).max() > 0) == moves


@pytest.mark.parametrize(
    ("points", "patches", "memory"), [("68", 68, 9.06), ("68", 34, 4.60), ("68", 19, 2.64), ("98", 44, 5.94)]
)
def test_memory_of_table_1(points, patches, memory):
    model = MuSiCa(markup=points, patches=range(patches), levels=[0])
    assert model.paper_memory() == pytest.approx(memory, abs=0.006)
