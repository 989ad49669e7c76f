"""Head models: the small one of our own, the reader of ICT-FaceKit, and places on their skin."""

from dataclasses import replace

import numpy as np
import pytest

from kerasalign.synth import HeadModel, analytic_head, ict_facekit
from kerasalign.synth.appearance.strands import roots
from kerasalign.synth.head.definition import Definition
from kerasalign.synth.head.ict import VERTICES
from kerasalign.synth.head.surface import locate
from kerasalign.synth.rendering.openness import openness


@pytest.fixture(scope="module")
def head():
    return analytic_head()


def tiny(**changes):
    """A tetrahedron that says it is a head."""
    mean = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], "float32")
    settings = {
        "name": "tiny",
        "version": "1",
        "license": "CC0-1.0",
        "mean": mean,
        "identity": np.ones((2, 4, 3)),
        "expression": np.full((1, 4, 3), 2.0),
        "expression_names": ("jawOpen",),
        "uv": mean[:, :2],
        "triangles": [[0, 1, 2], [0, 1, 3], [0, 2, 3]],
        "landmarks68": np.zeros(68, int),
        "parts": {"face": np.array([0]), "eye_right": np.array([1]), "eye_left": slice(2, 3)},
    } | changes
    return HeadModel(**settings)


def test_a_shape_is_the_mean_plus_its_modes():
    head = tiny()
    assert np.array_equal(head.shape([]), head.mean)
    assert np.allclose(head.shape([0.5, 1.0], [2.0]), head.mean + 1.5 + 4.0)
    assert np.allclose(head.shape([], {"jawOpen": 1.0}), head.mean + 2.0)
    assert head.shape([1.0]).dtype == np.float32
    assert np.array_equal(head.moved(head.mean, [0.0]), head.mean)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"landmarks68": np.full(68, 4)}, "landmarks68"),
        ({"triangles": [[0, 1, -1]]}, "triangles"),
        ({"identity": np.ones((2, 3, 3))}, "identity"),
        ({"parts": {"face": np.array([0])}}, "parts"),
        ({"expression_names": ("a", "b")}, "expression"),
    ],
)
def test_a_head_that_does_not_fit_together_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        tiny(**changes)


def test_too_many_scores_are_refused():
    with pytest.raises(ValueError, match="identity"):
        tiny().shape([1.0, 2.0, 3.0])
    with pytest.raises(KeyError):
        tiny().shape([], {"smile": 1.0})


def test_the_analytic_head_is_a_face(head):
    points = head.mean[head.landmarks68]
    eyes, nose, mouth, chin = points[36:48].mean(0), points[30], points[48:60].mean(0), points[8]
    assert eyes[1] > nose[1] > mouth[1] > chin[1]
    assert nose[2] > points[27, 2] and nose[2] > points[[31, 35], 2].max()
    # The person's right is at negative x, and both halves mirror each other.
    assert points[36, 0] < points[39, 0] < 0 < points[42, 0] < points[45, 0]
    assert np.allclose(points[36:42, 0].mean(), -points[42:48, 0].mean(), atol=0.05)
    assert 5 < np.linalg.norm(points[36] - points[45]) < 12
    assert np.isfinite(head.identity).all() and np.isfinite(head.expression).all()
    assert all(np.abs(mode).max() > 0.05 for mode in head.expression)


def test_the_analytic_head_moves(head):
    def opening(expression, upper, lower):
        points = head.shape([], expression)[head.landmarks68]
        return points[upper, 1].mean() - points[lower, 1].mean()

    assert opening({"jawOpen": 1.0}, [61, 62, 63], [65, 66, 67]) > opening({}, [61, 62, 63], [65, 66, 67]) + 1.5
    lids = ([37, 38], [40, 41])
    assert opening({"eyeBlink_R": 1.0}, *lids) < 0.35 * opening({}, *lids)
    assert np.isclose(opening({"eyeBlink_L": 1.0}, *lids), opening({}, *lids), atol=1e-3)
    ball = np.unique(head.triangles[head.parts["eye_left"]])
    turned = head.shape([], {"eyeLookOut_L": 1.0})[ball] - head.eyes[1]
    before = head.mean[ball] - head.eyes[1]
    assert np.allclose(np.linalg.norm(turned, axis=1), np.linalg.norm(before, axis=1), atol=0.01)


def test_a_place_in_the_chart_is_found_on_the_skin_and_moves_with_it(head):
    places = np.array([[0.0, -5.5], [4.0, 0.5], [-5.0, 7.5], [1.3, -3.0]])
    points = locate(head, places)
    assert np.allclose(points.on(head.chart), places, atol=0.02)
    assert np.allclose(points.weights.sum(-1), 1, atol=1e-6)
    moved = points.on(head.shape([], {"jawOpen": 1.0})) - points.on(head.mean)
    assert moved[0, 1] < -1.5 and np.abs(moved[2]).max() < 0.05


def test_a_replaced_head_keeps_nothing_of_the_old_one(head):
    """What is computed once for a head belongs to its mean: sky, hair, lids."""
    before = openness(head), roots(head).points, head.derived(Definition.of)
    wide = replace(head, name="wide", mean=head.mean * np.array([1.3, 1.0, 1.0], "float32"))
    assert not np.allclose(openness(wide), before[0], atol=1e-3)
    assert np.abs(roots(wide).points[:, 0]).max() > 1.2 * np.abs(before[1][:, 0]).max()
    assert wide.derived(Definition.of) is not before[2]
    assert openness(head) is before[0]


def write_obj(path, vertices):
    corners = [(1, 2, 3, 4), (9410, 9411, 9412), (21452, 21453, 21454), (23022, 23023, 23024), (22230, 22231, 22232)]
    lines = [f"v {x:.4f} {y:.4f} {z:.4f}" for x, y, z in vertices] + ["vt 0.25 0.75"] * 4
    lines += ["f " + " ".join(f"{v}/{1 + k}" for k, v in enumerate(face)) for face in corners]
    path.write_text("\n".join(lines))


def test_a_checkout_of_ict_facekit_is_read_once_and_kept_compact(tmp_path):
    folder = tmp_path / "ICT-FaceKit" / "FaceXModel"
    folder.mkdir(parents=True)
    mean = np.random.default_rng(0).normal(size=(VERTICES, 3))
    write_obj(folder / "generic_neutral_mesh.obj", mean)
    for name, offset in (("identity000", 0.25), ("identity001", 0.5), ("jawOpen", -1.0)):
        write_obj(folder / f"{name}.obj", mean + offset)
    head = ict_facekit(tmp_path / "ICT-FaceKit")
    assert (len(head.identity), head.expression_names, head.license) == (2, ("jawOpen",), "MIT")
    # A quad becomes two triangles; the irises' triangle is left out, and so are their vertices.
    assert {name: len(part) for name, part in head.parts.items() if len(part)} == {
        "face": 2,
        "head": 1,
        "eye_left": 1,
        "eye_right": 1,
    }
    assert len(head.mean) < VERTICES
    assert np.allclose(head.shape([1.0, 1.0], [0.5]) - head.mean, 0.25, atol=0.01)
    assert np.allclose(head.mean[head.landmarks68[51]], mean[0], atol=1e-3)
    for file in folder.glob("*.obj"):
        if file.name != "generic_neutral_mesh.obj":
            file.unlink()
    again = ict_facekit(folder)
    assert np.array_equal(again.mean, head.mean) and np.array_equal(again.triangles, head.triangles)
    assert np.array_equal(ict_facekit(folder / "kerasalign-compact.npz").uv, head.uv)


def test_no_checkout_says_where_it_comes_from(tmp_path):
    with pytest.raises(FileNotFoundError, match="git clone"):
        ict_facekit(tmp_path)
    np.savez(tmp_path / "other.npz", mean=np.zeros(3))
    with pytest.raises(ValueError, match="expr"):
        ict_facekit(tmp_path / "other.npz")
