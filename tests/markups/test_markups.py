"""What every registered markup passes; a new markup is tested by being registered."""

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from kerasalign.geometry import rotation, tight_box
from kerasalign.markups import Markup, flip_from_pairs, get_markup, list_markups, register_markup, unregister_markup

EVERY = pytest.mark.parametrize("name", list_markups())


def test_registered_markups():
    assert {"68", "98", "29", "19", "5"} <= set(list_markups())


@EVERY
def test_flip_is_an_involution_that_swaps_the_sides(name):
    markup = get_markup(name)
    flip = np.asarray(markup.flip)
    np.testing.assert_array_equal(flip[flip], np.arange(markup.num_points))
    for part, points in markup.parts.items():
        mirrored = part.replace("right_", "L").replace("left_", "right_").replace("L", "left_")
        assert {flip[p] for p in points} == set(markup.parts[mirrored])
    for right, left in markup.eyes.values():
        assert {flip[p] for p in right} == set(left)


@EVERY
def test_parts_cover_every_point_once(name):
    markup = get_markup(name)
    assert sorted(p for points in markup.parts.values() for p in points) == list(range(markup.num_points))


@EVERY
def test_mean_shape_is_symmetric_and_the_right_eye_is_left_in_the_picture(name):
    markup = get_markup(name)
    shape = markup.mean_shape
    np.testing.assert_allclose(shape[list(markup.flip)] * (-1, 1), shape, atol=1e-9)
    np.testing.assert_allclose(shape.max(0) - shape.min(0), (shape.max(0) - shape.min(0)).max(), rtol=0.35)
    right, left = markup.eye_groups("inter_ocular")
    assert shape[list(right), 0].mean() < 0 < shape[list(left), 0].mean()
    mouth = shape[list(markup.parts["mouth"]), 1]
    assert mouth.min() > shape[list(right), 1].max()


@EVERY
def test_every_point_of_the_mean_shape_has_its_own_place(name):
    shape = get_markup(name).mean_shape
    distance = np.linalg.norm(shape[:, None] - shape, axis=-1) + np.eye(len(shape))
    # Pupil and eye center aside, points that coincide would be a slip of the pen.
    assert distance.min() > 0.015


@EVERY
def test_normalizers(name):
    markup = get_markup(name)
    assert {"inter_ocular", "inter_pupil"} <= set(markup.eyes)
    shape = markup.mean_shape
    ocular, pupil = (
        np.linalg.norm(np.subtract(*(shape[list(side)].mean(0) for side in markup.eye_groups(eyes))))
        for eyes in ("inter_ocular", "inter_pupil")
    )
    assert pupil <= ocular
    with pytest.raises(ValueError, match="Received: name='ears'"):
        markup.eye_groups("ears")


@EVERY
def test_edges_join_points_of_the_markup_each_once(name):
    markup = get_markup(name)
    edges = markup.edges
    assert edges
    assert all(0 <= a < b < markup.num_points for a, b in edges)
    assert len(set(edges)) == len(edges)
    lengths = [np.linalg.norm(markup.mean_shape[a] - markup.mean_shape[b]) for a, b in edges]
    assert max(lengths) < 0.5 or name == "5"


@EVERY
def test_edges_are_symmetric(name):
    markup = get_markup(name)
    mirrored = {tuple(sorted((markup.flip[a], markup.flip[b]))) for a, b in markup.edges}
    assert mirrored == set(markup.edges)


CONVERSIONS = [(name, target) for name in list_markups() for target in get_markup(name).conversions]


@pytest.mark.parametrize(("source", "target"), CONVERSIONS)
def test_conversion_keeps_the_mean_shapes_near_each_other(source, target):
    converted = get_markup(source).convert(get_markup(source).mean_shape, target)
    expected = get_markup(target).mean_shape
    assert converted.shape == expected.shape
    a, b = (shape - shape.mean(0) for shape in (converted, expected))
    a *= np.sqrt((b**2).sum() / (a**2).sum())
    assert np.abs(a - b).max() < 0.04


@EVERY
def test_every_markup_converts_to_five_points(name):
    markup = get_markup(name)
    batch = np.stack([markup.mean_shape, markup.mean_shape + 1])
    five = markup.convert(batch, "5")
    assert five.shape == (2, 5, 2)
    np.testing.assert_allclose(five[1], five[0] + 1)
    np.testing.assert_array_equal(markup.convert(batch, name), batch)
    with pytest.raises(ValueError, match="converts to"):
        markup.convert(batch, "1000")


@EVERY
@settings(deadline=None, max_examples=10, derandomize=True)
@given(data=st.data())
def test_mirror_twice_is_the_identity(name, data):
    markup = get_markup(name)
    points = data.draw(hnp.arrays("float64", (markup.num_points, 2), elements=st.floats(-50, 300)))
    once = markup.mirror(points, 200)
    np.testing.assert_allclose(markup.mirror(once, 200), points, atol=1e-9)
    np.testing.assert_allclose(once[:, 0], 199 - points[list(markup.flip), 0])


def small(**changes):
    fields = {
        "name": "three",
        "num_points": 3,
        "parts": {"face": (0, 1, 2)},
        "flip": (1, 0, 2),
        "eyes": {},
        "boundaries": {},
        "mean_shape": [[-1, 0], [1, 0], [0, 1]],
        "conversions": {},
    }
    return Markup(**{**fields, **changes})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"flip": (1, 1, 2)}, "permutation"),
        ({"flip": (1, 2, 0)}, "involution"),
        ({"parts": {"face": (0, 3)}}, r"0\.\.2"),
        ({"parts": {"face": ()}}, r"0\.\.2"),
        ({"eyes": {"inter_ocular": ((0,), (-1,))}}, r"0\.\.2"),
        ({"boundaries": {"line": (0, 5)}}, r"0\.\.2"),
        ({"conversions": {"5": ((0,), (9,))}}, r"0\.\.2"),
        ({"mean_shape": [[0, 0], [1, 1]]}, "mean_shape"),
        ({"mean_shape": [[np.nan, 0], [1, 0], [0, 1]]}, "mean_shape"),
    ],
)
def test_impossible_markup_is_refused(changes, reason):
    with pytest.raises(ValueError, match=reason):
        small(**changes)


def test_unknown_and_doubled_names():
    with pytest.raises(ValueError, match="Received: markup='67'"):
        get_markup("67")
    with pytest.raises(ValueError, match="registered already"):
        register_markup(small(name="68"))
    assert get_markup(68) is get_markup("68")


@pytest.fixture
def own():
    yield register_markup(small(name="own"))
    unregister_markup("own")


def test_an_equal_markup_may_be_registered_again(own):
    assert register_markup(small(name="own")) is own
    for changes in ({"mean_shape": [[0, 0], [1, 0], [0.2, 1]]}, {"flip": (0, 1, 2)}, {"parts": {"head": (0,)}}):
        with pytest.raises(ValueError, match="registered already"):
            register_markup(small(name="own", **changes))


def test_with_exist_ok_the_points_alone_must_agree(own):
    assert register_markup(small(name="own", mean_shape=[[0, 0], [1, 0], [0.2, 1]]), exist_ok=True) is own
    with pytest.raises(ValueError, match="other points"):
        register_markup(small(name="own", flip=(0, 1, 2)), exist_ok=True)


def test_built_in_markups_stay(own):
    unregister_markup("own")
    assert "own" not in list_markups()
    with pytest.raises(ValueError, match="Received: name='68'"):
        unregister_markup("68")


def test_a_normalized_mean_shape_stays_as_it_is():
    shape = small(mean_shape=np.random.default_rng(0).normal(size=(3, 2))).mean_shape
    assert np.array_equal(small(mean_shape=shape).mean_shape, shape)


def test_flip_pairs_of_the_published_schemes():
    assert get_markup("29").flip[4] == 6
    assert get_markup("19").flip == flip_from_pairs(
        19, [(0, 5), (1, 4), (2, 3), (6, 11), (7, 10), (8, 9), (12, 14), (15, 17)]
    )


@EVERY
@pytest.mark.parametrize("degrees", [-170.0, -30.0, 0.0, 90.0])
def test_the_upright_box_turns_with_the_face(name, degrees):
    markup, middle = get_markup(name), np.array([7.0, 3.0])
    face = markup.mean_shape * 50
    turned = face @ rotation(degrees).T + middle
    angle = markup.upright_angle(turned)
    assert angle == pytest.approx(degrees, abs=1e-6)
    plain = tight_box(face)
    shift = np.tile((plain[:2] + plain[2:]) / 2 @ rotation(degrees).T + middle - (plain[:2] + plain[2:]) / 2, 2)
    np.testing.assert_allclose(tight_box(turned, angle), plain + shift)
