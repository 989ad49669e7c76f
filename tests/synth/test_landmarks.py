"""Landmarks: on the head, on its visible outline, in every markup."""

from dataclasses import replace

import numpy as np
import pytest

from kerasalign.markups import get_markup
from kerasalign.synth import SceneConfig, analytic_head, draw_scene, render
from kerasalign.synth.appearance.occluders import Occluder
from kerasalign.synth.dataset.curves import MARKUPS
from kerasalign.synth.dataset.labels import is_visible, labels_of
from kerasalign.synth.dataset.landmarks import landmark_triples, landmarks68
from kerasalign.synth.head.definition import Definition, moved
from kerasalign.synth.rendering.camera import fitted

HEAD = analytic_head()
PLAIN = SceneConfig.preset("plain")
SIZE = 96


def turned(yaw=0.0, **changes):
    """A neutral mean head in a plain scene, turned."""
    scene = draw_scene(HEAD, PLAIN, 0, 3)
    camera = replace(scene.camera, yaw=yaw, pitch=0.0, roll=changes.pop("roll", 0.0), distance=120.0, shift=(0.0, 0.0))
    return scene.replaced(
        camera=camera,
        identity=0 * scene.identity,
        expression=0 * scene.expression,
        proportions=replace(scene.proportions, stretch=(1, 1, 1), lower=1, forehead=1, profile=1),
        brows=replace(scene.brows, lean=0.0),
        **changes,
    )


def posed(scene, size=SIZE):
    shape = scene.proportions.apply(HEAD.shape(scene.identity, scene.expression))
    return shape, fitted(scene.camera, shape[HEAD.landmarks68], size)


def points(scene, **options):
    return landmarks68(HEAD, scene, *posed(scene), **options)


@pytest.fixture(scope="module")
def front():
    return labels_of(HEAD, turned(), render(HEAD, turned(), SIZE))


def test_a_frontal_face_is_its_own_mirror_image(front):
    for name, found in front.points.items():
        markup = get_markup(name)
        assert found.shape == (markup.num_points, 2) and found.dtype == np.float32
        middle = front.points["68"][27, 0]
        np.testing.assert_allclose(markup.mirror(found, 2 * middle + 1), found, atol=0.35)


def test_markups_agree_where_they_share_points(front):
    p98, p29, p19, p5 = (front.points[name] for name in ("98", "29", "19", "5"))
    whole = get_markup("98").convert(p98, "68")
    eye = np.linalg.norm(front.points["68"][36] - front.points["68"][45])
    shared = [*range(17), *range(27, 37), 39, 42, 45, *range(48, 68)]
    np.testing.assert_allclose(whole[shared], front.points["68"][shared], atol=0.03 * eye)
    np.testing.assert_allclose(p29[[16, 17, 8, 9, 22, 23, 28]], p98[[96, 97, 60, 72, 76, 82, 16]], atol=1e-3)
    np.testing.assert_allclose(p19[[7, 10, 13, 18]], p29[[16, 17, 20, 28]], atol=1e-3)
    np.testing.assert_allclose(p5[[0, 1]], p98[[96, 97]], atol=0.1 * eye)
    # Upper edges lie above lower ones.
    assert (p98[34:38, 1] < p98[[41, 40, 39, 38], 1]).all() and (p98[43:46, 1] < p98[[49, 48, 47], 1]).all()
    assert (p98[61:64, 1] < p98[[67, 66, 65], 1]).all() and p29[12, 1] < p29[13, 1]


def test_shapes_look_like_the_markups(front):
    """Order and sides: every markup's schematic face, brought over it, lies near."""
    from kerasalign.geometry import apply_affine, estimate_similarity

    for name, found in front.points.items():
        shape = get_markup(name).mean_shape
        fitted_shape = apply_affine(estimate_similarity(shape, found), shape)
        off = np.linalg.norm(fitted_shape - found, axis=1) / np.ptp(found, axis=0).max()
        assert off.max() < 0.15, name


def test_the_definition_moves_points_along_the_skin():
    offsets = np.zeros((68, 2))
    offsets[30], offsets[48] = (0.0, 0.3), (0.2, -0.1)
    definition = replace(Definition.of(HEAD), offsets=offsets)
    start = HEAD.mean[HEAD.landmarks68]
    found = moved(HEAD, definition).on(HEAD.mean)
    np.testing.assert_allclose(found[[30, 48], :2], start[[30, 48], :2] + offsets[[30, 48]], atol=0.02)
    assert np.abs(found[[30, 48], 2] - start[[30, 48], 2]).max() < 0.6
    np.testing.assert_allclose(np.delete(found, [30, 48], 0), np.delete(start, [30, 48], 0), atol=1e-4)


def test_brow_points_follow_the_painted_brow():
    scene = turned()
    raised = scene.replaced(brows=replace(scene.brows, lift=scene.brows.lift + 0.5))
    low, high = points(scene), points(raised)
    assert (high[17:27, 1] < low[17:27, 1] - 1).all()
    np.testing.assert_array_equal(np.delete(high, range(17, 27), 0), np.delete(low, range(17, 27), 0))


def test_jaw_points_lie_on_the_outline_and_are_spaced_as_defined():
    definition = Definition.of(HEAD)
    for yaw in (0.0, 25.0, -35.0):
        scene = turned(yaw)
        picture = render(HEAD, scene, 192)
        jaw = landmarks68(HEAD, scene, picture.shape, picture.view)[:17]
        steps = np.linalg.norm(np.diff(jaw[:9], axis=0), axis=1).cumsum()
        np.testing.assert_allclose(steps / steps[-1], definition.jaw_arc[1:], atol=0.05)
        # On the far side the head ends there: nothing of its face lies further out at that height.
        far = jaw[11:14] if yaw > 0 else jaw[3:6]
        if yaw:
            for x, y in far:
                row = np.flatnonzero(picture.triangle_id[round(float(y))] >= 0)
                edge = row.max() if yaw > 0 else row.min()
                assert abs(edge - x) < 4, (yaw, x, edge)


def test_the_3d_convention_fixes_the_jaw_to_the_head():
    scene = turned(40.0)
    shape, view = posed(scene)
    flat = landmark_triples(HEAD, scene, shape, view, convention="2d")
    solid = landmark_triples(HEAD, scene, shape, view, convention="3d")
    np.testing.assert_array_equal(flat[17:], solid[17:])
    # The outline that is seen has moved over the cheek on the far side, away from the fixed contour behind it.
    near, far = np.linalg.norm(flat - solid, axis=1)[2:7], np.linalg.norm(flat - solid, axis=1)[10:15]
    assert far.max() > 3 and far.mean() > near.mean()
    front = turned()
    np.testing.assert_allclose(points(front, convention="3d")[:17], points(front)[:17], atol=2.5)


def test_roll_turns_the_points_with_the_head():
    upright, rolled = posed(turned()), posed(turned(roll=30.0))
    a, b = (landmarks68(HEAD, turned(roll=r), *view) for r, view in ((0.0, upright), (30.0, rolled)))
    angle = np.deg2rad(30)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    scale = rolled[1].focal / upright[1].focal
    moved_by = (a - a[30]) @ turn.T * scale
    np.testing.assert_allclose(moved_by, b - b[30], atol=1.5)


def test_what_is_hidden_is_not_visible():
    side = turned(75.0)
    labels = labels_of(HEAD, side, render(HEAD, side, SIZE))
    seen = labels.visible["68"]
    # Turned to the picture's right, the person's right side is seen.
    near, far = [*range(36, 42), 48, 3, 4, 5], [42, 43, 45, 46, 47]
    assert seen[near].mean() > 0.7 and not seen[far].any()
    front = turned()
    thing = Occluder("box", at=(0.5, 0.2), angle=270.0, gap=1.0, size=1.2, parts=1, color=(0.1,) * 3, spread=1.0)
    covered = render(HEAD, front.replaced(occluders=(thing,)), SIZE)
    both = [labels_of(HEAD, front, picture).visible["68"] for picture in (render(HEAD, front, SIZE), covered)]
    assert both[0].mean() > 0.95 and both[1].sum() < both[0].sum() - 5


def test_points_beside_the_picture_are_not_visible():
    picture = render(HEAD, turned(), 32)
    outside = np.array([[-3.0, 10.0, 50.0], [10.0, 40.0, 50.0]])
    assert not is_visible(outside, picture).any()


def test_boundaries_are_smooth_curves_through_the_points(front):
    for name in ("98", "68"):
        curves = front.boundaries(name, 65)
        assert list(curves) == list(get_markup(name).boundaries)
        jaw = curves["jaw"]
        assert jaw.shape == (65, 2)
        ends = front.points[name][[0, len(get_markup(name).parts["jaw"]) - 1]]
        np.testing.assert_allclose(jaw[[0, -1]], ends, rtol=1e-5)
        assert np.linalg.norm(np.diff(jaw, axis=0), axis=1).max() < 8


def test_depth_is_nearest_at_the_nose(front):
    assert front.solid.shape == (68, 3)
    assert front.solid[:, 2].argmax() in (29, 30, 33) and front.solid[[0, 16], 2].max() < 0


def test_wrong_arguments():
    scene = turned()
    with pytest.raises(ValueError, match="`convention` must be one of"):
        points(scene, convention="4d")
    with pytest.raises(ValueError, match="`markups` must be among"):
        labels_of(HEAD, scene, render(HEAD, scene, 32), markups=("68", "106"))
    with pytest.raises(ValueError, match="`offsets` must hold"):
        replace(Definition.of(HEAD), offsets=np.zeros((5, 2)))
    with pytest.raises(ValueError, match="`jaw_arc` must rise from 0 to 1"):
        replace(Definition.of(HEAD), jaw_arc=np.zeros(9))
    assert set(MARKUPS) == set(labels_of(HEAD, scene, render(HEAD, scene, 32)).points)
