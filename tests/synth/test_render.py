"""Pictures: the same for the same scene, true to their geometry, and changed by every effect."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kerasalign.synth import SceneConfig, analytic_head, draw_scene, render
from kerasalign.synth.appearance.glasses import draw_glasses
from kerasalign.synth.appearance.headwear import KINDS as HATS, draw_headwear
from kerasalign.synth.appearance.occluders import KINDS as THINGS, Occluder
from kerasalign.synth.rendering.photo import Photo, draw_photo, expose

HEAD = analytic_head()
PLAIN = SceneConfig.preset("plain")
SIZE = 80


@pytest.fixture(scope="module")
def scene():
    """A bare head from the front, in a camera without faults."""
    drawn = draw_scene(HEAD, PLAIN, 0, 3)
    camera = replace(drawn.camera, yaw=0.0, pitch=0.0, roll=0.0)
    hair = replace(drawn.hair, locks=0, line=((30.0,) * 10,) * 2)
    return drawn.replaced(camera=camera, hair=hair, photo=Photo(), lighting=replace(drawn.lighting, shadow=0.0))


@pytest.fixture(scope="module")
def bare(scene):
    return render(HEAD, scene, SIZE)


def spot(picture, point, reach=2):
    """Mean color of the picture about a place."""
    x, y = np.rint(point).astype(int)
    return picture.image[y - reach : y + reach + 1, x - reach : x + reach + 1].reshape(-1, 3).mean(0)


def test_the_same_scene_gives_the_same_bytes():
    config = SceneConfig()
    first = [render(HEAD, draw_scene(HEAD, config, 1, index), 64) for index in (0, 1, 2)]
    assert len({picture.image.tobytes() for picture in first}) == 3
    for index in (2, 0):
        again = render(HEAD, draw_scene(HEAD, config, 1, index), 64)
        assert again.image.tobytes() == first[index].image.tobytes()
        assert np.array_equal(again.projected, first[index].projected)


def test_what_a_picture_says_of_itself(bare):
    assert bare.image.shape == (SIZE, SIZE, 3) and bare.image.dtype == np.uint8
    assert bare.vertices.shape == HEAD.mean.shape and bare.projected.shape == (len(HEAD.mean), 2)
    assert bare.pose == (0.0, 0.0, 0.0)
    on = bare.triangle_id >= 0
    assert np.array_equal(on, np.isfinite(bare.depth))
    assert 0.2 < on.mean() < 0.9 and not bare.occluded.any()
    assert np.allclose(bare.view.project(bare.vertices), bare.projected)


def test_the_triangle_of_a_pixel_is_where_the_pixel_is(bare):
    above_neck = HEAD.mean[HEAD.triangles][..., 1].min(1) > -8
    rows, columns = np.nonzero((bare.triangle_id >= 0) & above_neck[bare.triangle_id])
    corners = HEAD.triangles[bare.triangle_id[rows, columns]]
    middle = bare.projected[corners].mean(1)
    reach = np.linalg.norm(bare.projected[corners] - middle[:, None], axis=-1).max(1)
    assert (np.hypot(*(middle - np.stack([columns, rows], -1)).T) <= reach + 1.0).all()
    distance = -bare.vertices[corners][..., 2]
    assert (bare.depth[rows, columns] >= distance.min(1) - 0.1).all()
    assert (bare.depth[rows, columns] <= distance.max(1) + 0.1).all()


def test_a_face_has_dark_pupils_brows_and_colored_lips(scene, bare):
    white = replace(scene.eyes, iris=(0.02, 0.01, 0.01), sclera=(0.8, 0.8, 0.8), shade=0.0)
    eyes = render(HEAD, scene.replaced(eyes=white), 200)
    ball = eyes.projected[np.unique(HEAD.triangles[HEAD.parts["eye_left"]])]
    front = np.argmax(eyes.vertices[np.unique(HEAD.triangles[HEAD.parts["eye_left"]]), 2])
    cheek = spot(eyes, eyes.projected[HEAD.landmarks68[[35, 45]]].mean(0) + np.array([0, 8]))
    assert spot(eyes, ball[front], 1).mean() < 0.6 * cheek.mean()
    # Brows are where `brows` says they are.
    dark = replace(scene.brows, color=(0.01, 0.01, 0.01), fill=0.9, strength=1.0, thickness=0.9)
    picture = render(HEAD, scene.replaced(brows=dark), 200)
    upper, lower = picture.brows[0]
    assert (upper[:, 1] <= lower[:, 1]).all() and (picture.brows[0, 0, 0, 0] < picture.brows[0, 0, -1, 0])
    middle = (upper + lower)[4] / 2
    assert spot(picture, middle, 1).mean() < 0.6 * spot(picture, middle - [0, 18], 1).mean()
    red = replace(scene.makeup, lip_color=(0.6, 0.01, 0.02))
    lips = spot(render(HEAD, scene.replaced(makeup=red), SIZE), bare.projected[HEAD.landmarks68[57]] - [0, 1], 1)
    assert lips[0] > 1.5 * lips[1]
    # Their color ends where `lips` says: at the corners, and inside the head's own points elsewhere.
    own = bare.projected[HEAD.landmarks68[48:60]]
    assert np.allclose(bare.lips[[0, 6]], own[[0, 6]], atol=0.6)
    assert (bare.lips[1:6, 1] > own[1:6, 1]).all() and (bare.lips[1:6, 1] < bare.lips[[9], 1]).all()


@pytest.mark.parametrize("kind", THINGS)
def test_a_thing_in_front_hides_the_face_and_says_so(scene, bare, kind):
    green = (0.02, 0.4, 0.02)
    thing = Occluder(kind, at=(0.5, 0.45), angle=270.0, gap=1.0, size=1.0, parts=3, color=green, spread=1.0)
    picture = render(HEAD, scene.replaced(occluders=(thing,)), SIZE)
    assert picture.occluded.sum() > 40
    changed = np.abs(picture.image.astype(int) - bare.image).sum(-1) > 20
    assert changed[picture.occluded].mean() > 0.8
    assert np.array_equal(picture.triangle_id, bare.triangle_id)


@pytest.mark.parametrize("kind", HATS)
def test_a_hat_covers_the_head_and_not_the_face(scene, kind):
    worn = replace(draw_headwear(np.random.default_rng(0), scene.skin), kind=kind, front=8.5, side=6.5, bulge=0.5)
    picture = render(HEAD, scene.replaced(headwear=worn), SIZE)
    face = picture.projected[HEAD.landmarks68[17:68]]
    x, y = np.rint(face).astype(int).T
    assert picture.occluded[y, x].mean() < 0.1
    # The top of the head is under it: the highest pixels of the head that the picture shows.
    rows = np.nonzero(picture.triangle_id.max(1) >= 0)[0]
    assert picture.occluded[rows[2]][picture.triangle_id[rows[2]] >= 0].mean() > 0.7


def test_glasses_frame_the_eyes_and_dark_ones_hide_them(scene, bare):
    clear = replace(draw_glasses(np.random.default_rng(1)), opacity=0.0, mirror=0.0, thickness=0.15, upper=False)
    picture = render(HEAD, scene.replaced(glasses=clear), SIZE)
    eye = bare.projected[HEAD.landmarks68[36:42]].mean(0)
    assert picture.occluded.any() and not picture.occluded[round(float(eye[1])), round(float(eye[0]))]
    assert np.allclose(spot(picture, eye, 1), spot(bare, eye, 1), atol=25)
    dark = render(HEAD, scene.replaced(glasses=replace(clear, opacity=0.98, lens=(0.02,) * 3)), SIZE)
    assert dark.occluded[round(float(eye[1])), round(float(eye[0]))]
    assert spot(dark, eye).mean() < 0.5 * spot(bare, eye).mean()


def test_hair_grows_on_the_head_and_a_fringe_comes_over_the_forehead(scene, bare):
    config = replace(PLAIN, hair=1.0)
    found = {}
    for index in range(40):
        hair = draw_scene(HEAD, config, 5, index).hair
        found.setdefault(hair.cut, hair)
    assert {"short", "long", "fringe"} <= set(found)
    forehead = bare.projected[HEAD.landmarks68[[19, 24]]].mean(0) - [0, 8]
    hidden = {}
    for cut in ("short", "fringe"):
        picture = render(HEAD, scene.replaced(hair=replace(found[cut], color=(0.01, 0.01, 0.01))), SIZE)
        x, y = np.rint(forehead).astype(int)
        hidden[cut] = picture.occluded[y - 3 : y + 4, x - 8 : x + 9].mean()
        mouth = np.rint(picture.projected[HEAD.landmarks68[48:60]]).astype(int)
        assert not picture.occluded[mouth[:, 1], mouth[:, 0]].any()
    assert hidden["fringe"] > hidden["short"] + 0.2


def test_a_beard_darkens_the_chin_and_not_the_forehead(scene, bare):
    config = replace(PLAIN, beard=1.0)
    beards = [b for b in (draw_scene(HEAD, config, 2, i).beard for i in range(40)) if b and b.chin and b.stubble > 0.4]
    dark = replace(beards[0], color=(0.01, 0.01, 0.01), gray=0.0)
    picture = render(HEAD, scene.replaced(beard=dark), SIZE)
    chin = bare.projected[HEAD.landmarks68[[8, 57]]].mean(0) + np.array([0, 1])
    assert spot(picture, chin).mean() < 0.8 * spot(bare, chin).mean()
    forehead = bare.projected[HEAD.landmarks68[[19, 24]]].mean(0) - [0, 8]
    assert np.allclose(spot(picture, forehead), spot(bare, forehead), atol=12)


def test_a_lamp_from_one_side_darkens_the_other_and_hair_casts_shadow(scene):
    one = np.array([[-0.8, 0.2, 0.56]], "float32")
    light = replace(
        scene.lighting,
        directions=one,
        colors=np.full((1, 3), 3.0, "float32"),
        shadow=1.0,
        harmonics=scene.lighting.harmonics * 0.1,
    )
    picture = render(HEAD, scene.replaced(lighting=light), SIZE)
    left, right = (spot(picture, picture.projected[HEAD.landmarks68[list(k)]].mean(0)) for k in ((48, 4), (54, 12)))
    assert left.mean() > 1.5 * right.mean()


def test_every_fault_of_the_camera_is_seen():
    rng = np.random.default_rng(0)
    image = np.repeat(np.kron(rng.random((8, 8)), np.ones((8, 8)))[..., None], 3, -1).astype("float32")
    image[..., 1] *= 0.6
    plain = expose(np.random.default_rng(0), image, Photo())
    assert plain.dtype == np.uint8 and np.abs(plain - image * 255).max() < 1
    faults = {
        "blur": 0.02,
        "motion": (0.1, 30.0),
        "scale": 0.3,
        "noise": 0.05,
        "jpeg": 20,
        "sharpen": 1.0,
        "vignette": 0.4,
        "gray": True,
        "contrast": 0.7,
        "saturation": 0.3,
    }
    for name, value in faults.items():
        spoilt = expose(np.random.default_rng(0), image, Photo(**{name: value}))
        assert np.abs(spoilt.astype(int) - plain).mean() > 1, name
    assert len({tuple(p) for p in expose(rng, image, Photo(gray=True)).reshape(-1, 3)}) > 3
    gray = expose(rng, image, Photo(gray=True))
    assert (gray[..., 0] == gray[..., 1]).all()
    clean = draw_photo(rng, 0.0)
    assert clean.blur == clean.noise == clean.jpeg == 0 and not clean.gray


def test_backgrounds_come_from_a_folder(tmp_path, scene):
    import cv2

    cv2.imwrite(str(tmp_path / "green.png"), np.full((64, 64, 3), (20, 220, 20), "uint8"))
    config = replace(PLAIN, backgrounds=str(tmp_path), photographs=1.0)
    background = draw_scene(HEAD, config, 0, 0).background
    picture = render(HEAD, scene.replaced(background=replace(background, saturation=1.0, brightness=1.0)), SIZE)
    corner = picture.image[:6, :6].reshape(-1, 3).mean(0)
    assert corner[1] > 150 and corner[0] < 60


def test_a_picture_has_a_size(scene):
    with pytest.raises(ValueError, match="size=8"):
        render(HEAD, scene, 8)


def test_no_file_of_the_room_hides_a_public_name():
    import kerasalign.synth as room

    files = {path.stem for path in Path(room.__file__).parent.glob("*.py")}
    assert not files & set(room.__all__)
    assert callable(room.render)


def test_without_numba_the_extra_is_named():
    code = "import sys; sys.modules['numba'] = None\nfrom kerasalign.synth import render"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode and "pip install 'kerasalign[synth]'" in run.stderr
