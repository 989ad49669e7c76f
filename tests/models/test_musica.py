"""MuSiCa against the paper and the golden run."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import ops

from kerasalign.markups import get_markup
from kerasalign.models import MuSiCa
from kerasalign.models.musica import MuSiCaIteration
from tests.support.arrays import crops
from tests.support.cases import PATCHES_19, model_target, set_known_weights

PATCHES_44 = [i for i in range(0, 98, 2) if i not in (88, 90, 92, 94, 96)]
SIZES = [
    # markup, patches, parameters, million multiply-adds in the paper's Table 1 (None: not printed)
    ("68", range(68), 27_965_307, 95),
    ("68", range(0, 68, 2), 14_595_963, 48),
    ("68", PATCHES_19, 8_697_723, 26),
    ("98", range(98), 39_854_127, 138),
    ("98", range(0, 98, 2), 20_586_543, 69),
    ("98", PATCHES_44, 18_620_463, None),
]
FULL_MACS = [96_619_008, 48_807_936, 27_714_816, 138_897_408, 69_993_216, 62_962_176]


@pytest.mark.parametrize(("row", "full"), list(zip(SIZES, FULL_MACS)))
def test_parameters_and_macs_of_the_paper(row, full):
    markup, patches, parameters, millions = row
    model = MuSiCa(markup=markup, patches=patches)
    assert model.count_params() == parameters
    assert model.count_macs("full") == full
    if millions is not None:
        assert model.count_macs("paper") // 10**6 == millions


def test_mobile_variant():
    model = MuSiCa(markup=None, num_landmarks=165, patches=range(23), levels=(1, 0), local_attention=False)
    assert model.count_params() == 6_914_518
    assert round(model.count_macs("paper") / 1e6, 3) == 18.874
    assert round(model.count_macs("full") / 1e6, 3) == 19.399
    model.compile()
    with pytest.raises(ValueError, match="cannot be trained"):
        model.train_on_batch(crops(1, 228), np.full((1, 165, 2), 50, "float32"))


def test_golden_run():
    """Reference values of an independent float64 implementation."""

    def wave(shape, shift, scale):
        return (scale * np.sin(1.3 * (np.arange(int(np.prod(shape))) + 1) + shift)).reshape(shape)

    def bias(n, shift):
        return 0.01 * np.cos(np.arange(n) + shift)

    k = np.arange(68)
    start = np.stack([64 + 128 * ((k * 7) % 68) / 68 + 0.3, 64 + 128 * ((k * 13) % 68) / 68 + 0.3], 1)
    wanted = [  # E, sum of the displacements, landmark 0 as (y, x)
        (-0.009836633, 0.018233934, (64.311127243, 64.335908695)),
        (0.009368280, -0.012855133, (64.295583875, 64.315874219)),
        (-0.007314167, 0.003334181, (64.305494144, 64.322096920)),
    ]
    shift = state = None
    for i, (error, total, first) in enumerate(wanted):
        level, s = 2 - i, 10 * i
        y, x = np.mgrid[0 : 256 >> level, 0 : 256 >> level] * 2**level
        image = np.stack([np.sin(0.1 * y + 0.2 * x + c) for c in range(3)], -1)[None].astype("float32")
        layer = MuSiCaIteration(start / 2**level, PATCHES_19, step=1.0 if i == 0 else 2.0, to_crop=2.0**level)
        layer.build()
        layer.set_weights(
            [
                wave((3, 3, 3, 32), s + 1, 0.2),
                bias(32, s + 1),
                wave((3, 3, 32, 32), s + 2, 0.1),
                bias(32, s + 2),
                wave((256, 256), s + 3, 0.05),
                bias(256, s + 3),
                wave((19 * 256 + 512, 512), s + 4, 0.02),
                bias(512, s + 4),
                wave((512, 137), s + 5, 0.05),
                bias(137, s + 5),
            ]
        )
        before = 0 if shift is None else 2 * np.asarray(shift)
        out = layer(image, shift, state)
        shift, state = out["shift"], out["state"]
        assert float(out["error"][0]) == pytest.approx(error, abs=1e-6)
        assert float((np.asarray(shift) - before).sum()) == pytest.approx(total, abs=1e-5)
        np.testing.assert_allclose(np.asarray(out["landmarks"])[0, 0], first[::-1], atol=1e-4)


def small(**options):
    settings = {"markup": "68", "patches": PATCHES_19, "hidden": 32, "size": 64, "box_side": 40}
    return MuSiCa(**settings | options)


def loss_of(model, landmarks, cascade, error):
    out = {"cascade_landmarks": np.asarray(cascade, "float32"), "cascade_error": np.asarray(error, "float32")}
    return np.asarray(model.face_loss(ops.convert_to_tensor(landmarks, "float32"), out))


@pytest.fixture
def two_faces():
    truth = np.zeros((1, 68, 2), "float32")
    truth[0, 36], truth[0, 45] = (0, 0), (40, 30)  # outer eye corners: L1 distance 70
    guess = truth.copy()
    guess[0, 0] += (4, 3)
    guess[0, 1] += 0.004
    guess[0, 2] += 0.006
    return truth, guess


def test_golden_loss(two_faces):
    truth, guess = two_faces
    model = small(levels=(0,))
    landmark_loss = (7 + 0.012) / (70 * 68)
    assert landmark_loss == pytest.approx(0.0014731092, abs=1e-9)
    got = loss_of(model, truth, guess[:, None], [[1.0]])  # an estimate of 1 %
    assert got[0] == pytest.approx(0.0018257983, rel=1e-4)


def test_missing_points_do_not_count(two_faces):
    truth, guess = two_faces
    model = small(levels=(0,))
    truth[0, 3:20] = np.nan
    got = loss_of(model, truth, guess[:, None], [[0.0]])
    assert got[0] == pytest.approx((7 + 0.012) / (70 * 51), rel=1e-4)


def test_an_eye_that_nobody_annotated_changes_nothing_else():
    """Of a turned mean shape, the normalizer is known without the corner of the eye."""
    model = MuSiCa(markup="68", patches=[8, 30, 36], hidden=8, size=64, box_side=40)
    a = np.deg2rad(20)
    turned = (model.mean_shape - 31.5) @ np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]]) * 0.8 + 30
    landmarks = np.tile(turned, (4, 1, 1)).astype("float32")
    out = {"cascade_landmarks": landmarks[:, None].repeat(3, 1) + np.float32(1), "cascade_error": np.zeros((4, 3))}
    landmarks[1, 36] = landmarks[2, 45] = np.nan
    landmarks[3, [36, 45, 10]] = np.nan
    found = np.asarray(model.face_loss(ops.convert_to_tensor(landmarks), out))
    np.testing.assert_allclose(found, found[0], rtol=1e-4)
    landmarks[:, 1:] = np.nan
    assert np.asarray(model.face_loss(ops.convert_to_tensor(landmarks), out)).max() < 1


def test_rectified_wing_option(two_faces):
    truth, guess = two_faces
    got = loss_of(small(levels=(0,), landmark_loss="rwing"), truth, guess[:, None], [[0.0]])
    wing = [10 * np.log1p((v - 0.5) / 2) for v in (4, 3)]
    assert got[0] == pytest.approx(sum(wing) / (70 * 68), rel=1e-4)


def test_zero_regression_keeps_the_mean_shape():
    model = small()
    for iteration in model.cascade:
        iteration.regress.set_weights([np.zeros(w.shape) for w in iteration.regress.get_weights()])
    out = model(crops(2, 64))
    for i in range(3):
        np.testing.assert_allclose(
            np.asarray(out["cascade_landmarks"])[:, i], model.mean_shape[None].repeat(2, 0), atol=1e-4
        )


def test_attention_that_is_always_one_changes_nothing():
    model, plain = small(), small(local_attention=False)
    set_known_weights(plain)
    for with_attention, without in zip(model.cascade, plain.cascade):
        for part in ("conv1", "conv2", "recur", "regress"):
            getattr(with_attention, part).set_weights(getattr(without, part).get_weights())
        kernel, bias = with_attention.attend.get_weights()
        with_attention.attend.set_weights([0 * kernel, bias + 100])
    images = crops(2, 64)
    np.testing.assert_allclose(
        np.asarray(model(images)["landmarks"]), np.asarray(plain(images)["landmarks"]), atol=1e-4
    )


def test_all_patches_equal_an_explicit_full_list():
    a, b = small(patches=None), small(patches=range(68))
    assert a.config.patches == b.config.patches == tuple(range(68))


def test_moving_the_picture_and_the_start_moves_the_landmarks():
    image = np.zeros((1, 64, 64, 3), "float32")
    image[0, 20:40, 20:40] = np.random.default_rng(0).normal(size=(20, 20, 3))
    start = np.random.default_rng(1).uniform(24, 36, (5, 2))
    layers = [MuSiCaIteration(start + move, [0, 1, 4], hidden=16) for move in ([0, 0], [3, -2])]
    outs = []
    for layer, moved in zip(layers, (image, np.roll(image, (3, -2), (1, 2)))):
        layer.build()
        set_known_weights(layer)
        outs.append(np.asarray(layer(moved)["landmarks"]))
    np.testing.assert_allclose(outs[1] - outs[0], np.broadcast_to([-2, 3], outs[0].shape), atol=1e-4)


def test_first_iteration_does_not_train_the_recurrent_rows():
    model = small()
    kernel = model.cascade[0].recur.kernel
    before = np.array(kernel)
    model.compile(keras.optimizers.SGD(1.0), run_eagerly=True)
    model.train_on_batch(crops(2, 64), model_target(model, 2))
    changed = np.abs(np.asarray(kernel) - before).max(1) > 0
    assert changed[: 19 * 256].any()
    assert not changed[19 * 256 :].any()


def test_bad_arguments():
    for options in (
        {"patches": [68]},
        {"patches": []},
        {"levels": ()},
        {"landmark_loss": "l3"},
        {"mean_shape": np.zeros((5, 2))},
        {"success_threshold": -1.0},
        {"markup": None},
        {"num_landmarks": 5},
    ):
        with pytest.raises(ValueError, match="Received"):
            small(**options)


def test_a_markup_without_eyes_is_trained():
    blind = replace(get_markup("5"), name="without-eyes", eyes={})
    model = MuSiCa(markup=blind, hidden=8, size=64, box_side=40, levels=(0,))
    truth = (blind.mean_shape * 40 + 31.5)[None].astype("float32")
    guess = truth + np.array([[3, 4]], "float32")
    # Half the longer side of the face, 20 px, in place of the eyes.
    got = loss_of(model, truth, guess[:, None], [[0.0]])
    assert got[0] == pytest.approx(7 / 20, rel=1e-3)
    half = loss_of(model, truth * 0.5 + 16, (truth * 0.5 + 16 + [[3, 4]])[:, None], [[0.0]])
    assert half[0] == pytest.approx(7 / 10, rel=1e-3)
    model.compile("sgd", run_eagerly=True)
    assert model.nme_metric.normalizer == "box_size"
    assert np.isfinite(model.train_on_batch(np.zeros((1, 64, 64, 3), "uint8"), truth)).all()
