"""The rasterizer, the camera and the light, each against what is known beforehand."""

import numpy as np
import pytest

from kerasalign.synth.jit import vertex_normals
from kerasalign.synth.rendering.camera import Camera, fitted
from kerasalign.synth.rendering.lighting import _ways, draw_lighting, project, read_environments, shadow_map
from kerasalign.synth.rendering.raster import blank, rasterize

SQUARE = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], "float32")
HALVES = np.array([[0, 1, 2], [0, 2, 3]], "int32")


def raster(points, distance, triangles=HALVES, side=16, two_sided=False):
    depth, ids = blank((side, side))
    both = np.full(len(triangles), two_sided)
    inverse = (1 / np.broadcast_to(distance, len(points))).astype("float32")
    rasterize(np.asarray(points, "float32"), inverse, triangles, 0, len(triangles), both, depth, ids)
    return depth, ids


def test_a_square_covers_the_pixels_whose_centers_are_in_it():
    # Corners counter-clockwise as seen, in pixels: y points down.
    points = np.array([[2.5, 10.5], [8.5, 10.5], [8.5, 3.5], [2.5, 3.5]])
    depth, ids = raster(points, 5.0)
    expected = np.zeros((16, 16), bool)
    expected[4:11, 3:9] = True
    assert np.array_equal(ids >= 0, expected)
    assert np.allclose(depth[expected], 0.2) and not depth[~expected].any()
    assert (raster(points[::-1], 5.0)[1] == -1).all()
    assert np.array_equal(raster(points[::-1], 5.0, two_sided=True)[1] >= 0, expected)
    assert (raster(points, -5.0)[1] == -1).all()


def test_the_nearer_triangle_wins_whatever_the_order():
    points = np.array([[0, 15], [15, 15], [15, 0], [0, 0]] * 2, "float32")
    distance = np.repeat([4.0, 3.0], 4)
    for triangles in (np.concatenate([HALVES, HALVES + 4]), np.concatenate([HALVES + 4, HALVES])):
        depth, ids = raster(points, distance, triangles.astype("int32"))
        assert np.allclose(depth, 1 / 3)
        assert (triangles[ids].max(-1) >= 4).all()


def test_depth_is_right_in_perspective():
    # A floor that runs away from the camera: its inverse distance is linear in the picture.
    near, far, focal = 2.0, 10.0, 20.0
    points = [
        [-focal / near, focal / near],
        [focal / near, focal / near],
        [focal / far, focal / far],
        [-focal / far, focal / far],
    ]
    depth, ids = raster(np.array(points) + np.array([8, 0]), np.array([near, near, far, far]))
    rows = np.arange(3, 10)
    assert (ids[rows, 8] >= 0).all()
    assert np.allclose(1 / depth[rows, 8], focal / rows, rtol=1e-5)


def test_normals_point_out_of_a_triangle_that_is_counter_clockwise():
    assert np.allclose(vertex_normals(SQUARE, HALVES), [0, 0, 1])


@pytest.mark.parametrize(
    ("camera", "moved"),
    [
        (Camera(yaw=30), (1, 0)),
        (Camera(yaw=-30), (-1, 0)),
        (Camera(pitch=20), (0, -1)),
        (Camera(pitch=-20), (0, 1)),
    ],
)
def test_a_turned_head_looks_where_the_angle_says(camera, moved):
    cube = np.array([(x, y, z) for x in (-5, 5) for y in (-5, 5) for z in (-5, 5)], "float32")
    view = fitted(camera, cube, 100)
    nose, back = view.project(view.posed(np.array([[0, 1.0, 8], [0, 1.0, 0]], "float32")))
    assert np.sign(np.round(nose - back, 2)).tolist() == list(moved)


def test_roll_turns_the_picture_clockwise():
    view = fitted(Camera(roll=30), SQUARE, 100)
    left, right = view.project(view.posed(np.array([[-5, 0, 0], [5, 0, 0]], "float32")))
    angle = np.rad2deg(np.arctan2(*(right - left)[::-1]))
    assert angle == pytest.approx(30, abs=0.5)


def test_the_face_gets_the_share_of_the_picture_that_was_asked_for():
    points = np.random.default_rng(0).normal(size=(40, 3)) * 5
    camera = Camera(yaw=25, pitch=-10, roll=15, distance=60, coverage=0.55, shift=(0.05, -0.02))
    view = fitted(camera, points, 200)
    flat = view.project(view.posed(points))
    low, high = flat.min(0), flat.max(0)
    assert (high - low).max() == pytest.approx(0.55 * 200, abs=0.01)
    assert (low + high) / 2 == pytest.approx([0.55 * 200 - 0.5, 0.48 * 200 - 0.5], abs=0.01)


def test_light_from_everywhere_lights_every_side_alike():
    coefficients = project(np.ones((16, 32, 3)))
    assert coefficients[0] == pytest.approx(1.0, abs=0.01)
    assert np.abs(coefficients[1:]).max() < 0.02
    # Half a sky of light 2 over nothing is worth 1 + sin(elevation) to a matt surface.
    sky = project(np.where(_ways()[..., 1:2] > 0, 2.0, 0.0) * np.ones(3))
    assert sky[0] == pytest.approx(1.0, abs=0.01)
    assert sky[1] == pytest.approx(1.0, abs=0.02)


def test_shadow_falls_away_from_the_light():
    direction = np.array([0.6, 0.0, 0.8])
    depth, matrix = shadow_map(direction, np.zeros(3), SQUARE * 3, HALVES)

    def lit(point):
        column, row, towards = matrix[:, :3] @ point + matrix[:, 3]
        return depth[round(float(row)), round(float(column))] <= towards + 0.1

    assert lit(direction * 4) and not lit(-direction * 4)
    assert lit(np.array([-4.0, 0, 4])) and lit(np.array([0, 8.0, -4]))


def test_environment_maps_are_read_and_used(tmp_path):
    sky = np.zeros((32, 64, 3), "float16")
    sky[:16] = (0.2, 0.4, 1.0)
    np.savez(tmp_path / "maps.npz", sky=sky)
    maps = read_environments(str(tmp_path / "maps.npz"))
    light = draw_lighting(np.random.default_rng(0), maps, environment=1.0)
    assert light.harmonics[0, 2] > 3 * light.harmonics[0, 0]
    assert light.harmonics[1, 2] > 0
    with pytest.raises(FileNotFoundError, match="environment_maps"):
        read_environments(str(tmp_path / "none.npz"))
