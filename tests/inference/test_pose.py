"""Yaw, pitch and roll, against heads whose pose is known; axes, and faces cut upright."""

import copy
import math
import pickle
from dataclasses import replace

import numpy as np
import pytest

from kerasalign.geometry import apply_affine, head_angles, head_rotation, rotation
from kerasalign.inference import Face, Faces
from kerasalign.inference.pose import head_points, solve_pose
from kerasalign.markups import Markup, get_markup
from kerasalign.synth import SceneConfig, analytic_head, draw_scene
from kerasalign.synth.dataset.labels import labels_without_picture

MARKUPS = ("68", "98", "29", "19", "5")


@pytest.fixture(scope="module")
def heads():
    """Camera and points of heads of many people and expressions, every 20 degrees of yaw."""
    head, found = analytic_head(), []
    for index, yaw in enumerate(np.repeat(np.arange(-80, 81, 20), 4)):
        scene = draw_scene(head, SceneConfig(), 0, index)
        scene = scene.replaced(camera=replace(scene.camera, yaw=float(yaw)))
        found.append((scene.camera, labels_without_picture(head, scene, 256).points))
    return found


@pytest.mark.parametrize("markup", MARKUPS)
def test_the_pose_of_rendered_heads(heads, markup):
    poses = np.array([solve_pose(points[markup], get_markup(markup)) for _, points in heads])
    error = np.abs(poses - [(camera.yaw, camera.pitch, camera.roll) for camera, _ in heads])
    assert np.isfinite(poses).all()
    yaw, pitch, roll = error.mean(0)
    assert yaw < 6 and pitch < 9 and roll < 4
    assert np.sign(poses[np.abs([camera.yaw for camera, _ in heads]) > 30, 0]).sum() == 0


@pytest.mark.parametrize("angles", [(0, 0, 0), (30, -20, 10), (-75, 15, -40), (10, 40, 170)])
def test_the_mean_head_itself_is_exact_and_pixels_do_not_matter(angles):
    indices, points = head_points()["68"]
    posed = points @ head_rotation(*angles).T
    landmarks = np.full((68, 2), np.nan)
    # A camera 90 cm in front of the middle of these points.
    depth = 90 - (posed[:, 2] - posed[:, 2].mean())
    landmarks[indices] = (posed[:, :2] - posed[:, :2].mean(0)) * [1, -1] / depth[:, None]
    for scale, shift in ((1000, 0), (1e5, 4000)):
        np.testing.assert_allclose(solve_pose(landmarks * scale + shift, get_markup("68")), angles, atol=1.0)
    assert np.allclose(head_angles(head_rotation(*angles)), angles)


def test_no_pose_where_it_means_nothing():
    markup = get_markup("68")
    shape = markup.mean_shape * 100 + 200
    box = (140, 140, 260, 260)
    assert not math.isnan(Face(shape, box, "68").pose.yaw)
    assert not math.isnan(Face(shape, box, "68", failed=True).pose.yaw)  # of 20 good faces one is marked, too
    few = shape.copy()
    few[4:] = np.nan
    noise = np.random.default_rng(0).uniform(0, 200, (68, 2))
    for points in (few, noise, np.full((68, 2), 7.0), np.full((68, 2), np.nan), shape * [1, 0] + 5):
        assert np.isnan(solve_pose(points, markup)).all()
    own = Markup("own-2", 2, {"eyes": (0, 1)}, (1, 0), {}, {}, [[-1, 0], [1, 0]])
    assert np.isnan(solve_pose(np.array([[0.0, 0], [9, 0]]), own)).all()
    assert Face(noise, box, "68").to_dict()["pose"] is None


def test_a_markup_that_converts_to_one_with_points_has_poses():
    known = get_markup("68")
    same = {"68": [(i,) for i in range(68)]}
    own = Markup("own-68-pose", 68, known.parts, known.flip, known.eyes, {}, known.mean_shape, same)
    shape = known.mean_shape * 100 + 200
    assert solve_pose(shape, own) == solve_pose(shape, known)


def test_pose_is_part_of_the_json():
    pose = Face(get_markup("98").mean_shape * 100 + 200, (140, 140, 260, 260), "98").to_dict()["pose"]
    assert set(pose) == {"yaw", "pitch", "roll"} and abs(pose["yaw"]) < 0.1 and abs(pose["roll"]) < 0.1


def photo_of(angle):
    """A photo with a bright dot on each point of a face that is turned, and its faces."""
    points = get_markup("68").mean_shape @ rotation(angle).T * 80 + [100, 90]
    image = np.full((180, 200, 3), 20, "uint8")
    for x, y in np.rint(points).astype(int):
        image[y - 1 : y + 2, x - 1 : x + 2] = 255
    return Faces([Face(points, (60, 50, 140, 130), "68")], "68", source=image, size=(200, 180), image=image)


def test_axes_are_drawn_on_request():
    faces = photo_of(0)
    plain = np.asarray(faces.draw(points=False, curves=False)).astype(int)
    axes = np.asarray(faces.draw(points=False, curves=False, axes=True)).astype(int)
    red, green = ((axes - plain)[..., channel] for channel in (0, 1))
    rows, columns = np.nonzero(red > 120)
    assert len(rows) and columns.mean() > 105  # to the person's left
    rows, columns = np.nonzero(green > 120)
    assert len(rows) and rows.mean() < 85  # up


def test_colors_by_name():
    faces = photo_of(0)
    named = np.asarray(faces.draw(color="red"))
    np.testing.assert_array_equal(named, np.asarray(faces.draw(color=(255, 0, 0))))
    np.testing.assert_array_equal(named, np.asarray(faces.draw(color="#ff0000")))
    for wrong in ("rouge-ish", (1, 2), (0, 0, 300), 7):
        with pytest.raises(ValueError, match="`color` must be three numbers"):
            faces.draw(color=wrong)


def test_a_chip_is_upright_whatever_the_photo():
    straight, turned = (np.asarray(photo_of(angle)[0].chip(96)).astype(float) for angle in (0, 35))
    assert straight.shape == (96, 96, 3)
    inside = (straight.min(-1) > 0) & (turned.min(-1) > 0)
    assert np.abs(straight - turned)[inside].mean() < 12
    close = np.asarray(photo_of(0)[0].chip(96, scale=1.0))
    assert (close.max(-1) > 200).mean() > (straight.max(-1) > 200).mean()


def test_a_chip_needs_the_photo():
    alone = Face(get_markup("5").mean_shape * 50 + 60, (30, 30, 90, 90), "5")
    with pytest.raises(ValueError, match="`chip` needs the photo"):
        alone.chip()
    with pytest.raises(ValueError, match="size"):
        photo_of(0)[0].chip(0)
    flat = Faces([Face(np.full((5, 2), 60.0), (30, 30, 90, 90), "5")], "5", image=np.full((99, 99, 3), 9, "uint8"))
    assert flat[0].chip(10).size == (10, 10)


def test_copies_of_a_face_leave_the_photo_behind():
    faces = photo_of(0)
    assert faces[0].photo is not None and pickle.loads(pickle.dumps(faces[0])).photo is None
    assert len(pickle.dumps(faces[0])) < 10_000
    for twin in (pickle.loads(pickle.dumps(faces)), copy.deepcopy(faces), faces.to("5")):
        np.testing.assert_array_equal(np.asarray(twin[0].chip(8, 3.0)), np.asarray(twin[0].chip(8, 3.0)))
        assert apply_affine(np.eye(2, 3), twin.landmarks).shape[0] == 1


def test_the_68_points_of_98():
    wide = Face(get_markup("98").mean_shape * 90 + 100, (50, 50, 150, 150), "98")
    found = Faces([wide], "98").to("68")
    np.testing.assert_array_equal(found[0].part("nose"), wide.part("nose"))
    assert np.abs(np.subtract(found[0].pose, wide.pose)).max() < 3
