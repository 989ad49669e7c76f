import cv2
import numpy as np
import pytest

from kerasalign.detection.training import Body, cut_body_part

# Middles of the joints that bones hang on, in tenths of a meter; those of the right are mirrored.
TRUNK = {"pelvis": (0, 0, 0), "spine-1": (0, 4, 0), "neck": (0, 6, 0)}
SIDE = {
    "shoulder": (1.5, 5, 0),
    "elbow": (4, 5, 0),
    "hand": (6.5, 5, 0),
    "upper-leg": (1, -1, 0),
    "knee": (1, -4, 0),
    "ankle": (1, -8, 0),
    "foot-1": (1, -8.3, 1),
} | {
    f"finger-{finger}-{part}": (6.9 + 0.3 * part, 5, 0.25 * (3 - finger))
    for finger in range(1, 6)
    for part in range(1, 5)
}


def write_folder(folder):
    """A body of boxes: a trunk, and a box for each bone, in the format of MakeHuman's."""
    joints = dict(TRUNK)
    for sign, side in ((1, "l"), (-1, "r")):
        joints |= {f"{side}-{name}": (sign * x, y, z) for name, (x, y, z) in SIDE.items()}
    boxes = [(f"joint-{name}", np.array(place), np.full(3, 0.02)) for name, place in joints.items()]
    for name, (x, y, z) in joints.items():
        boxes.append(("body", np.array((x, y, z), "float64"), np.full(3, 0.12 if "finger" in name else 0.5)))
    corners = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
    sides = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
    lines, first = ["vt 0.25 0.25", "vt 0.75 0.25", "vt 0.75 0.75", "vt 0.25 0.75"], 1
    for group, middle, half in boxes:
        lines += [f"v {x:.4f} {y:.4f} {z:.4f}" for x, y, z in middle + half * corners]
        lines.append(f"g {group}")
        lines += ["f " + " ".join(f"{first + corner}/{k + 1}" for k, corner in enumerate(side)) for side in sides]
        first += 8
    (folder / "skins" / "textures").mkdir(parents=True)
    (folder / "base.obj").write_text("\n".join(lines))
    cv2.imwrite(str(folder / "skins" / "textures" / "young_diffuse.jpg"), np.full((32, 32, 3), (80, 120, 200), "uint8"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("makehuman")
    write_folder(folder)
    return folder


@pytest.fixture(scope="module")
def body(folder):
    return Body.read(folder)


def test_a_body_has_the_joints_of_its_file_and_no_head(body):
    np.testing.assert_allclose(body.joints["l-hand"], SIDE["hand"])
    np.testing.assert_allclose(body.joints["r-hand"], np.array(SIDE["hand"]) * (-1, 1, 1))
    assert body.vertices[body.triangles, 1].max() < body.joints["neck"][1]


def test_bones_keep_their_shape_and_fingers_bend(body):
    poses = [body.posed(np.random.default_rng(seed)) for seed in range(8)]
    hand, tip = (
        int(np.linalg.norm(body.vertices - body.joints[name], axis=1).argmin()) for name in ("l-hand", "l-finger-2-4")
    )
    rest = np.linalg.norm(body.vertices[tip] - body.vertices[hand])
    reach = [np.linalg.norm(pose[tip] - pose[hand]) for pose in poses]
    assert min(reach) < 0.75 * rest and max(reach) < 1.15 * rest  # a fist brings the tip to the palm
    np.testing.assert_array_equal(poses[3], body.posed(np.random.default_rng(3)))


def test_a_part_is_color_times_opacity_of_a_skin(body):
    parts = [cut_body_part(np.random.default_rng(seed), body, 48) for seed in range(12)]
    assert all(part.shape == (48, 48, 4) and part.dtype == np.uint8 for part in parts)
    assert all((part[..., :3] <= part[..., 3:]).all() for part in parts)
    assert np.mean([(part[..., 3] > 0).any() for part in parts]) > 0.9
    again = cut_body_part(np.random.default_rng(5), body, 48)
    np.testing.assert_array_equal(again, parts[5])


def test_a_folder_without_a_body_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"`base.obj`.*Received"):
        Body.read(tmp_path)
