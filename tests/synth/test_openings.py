"""Eyes and mouths: drawn as often shut as on photographs, and shut where they say so."""

from dataclasses import replace

import numpy as np
import pytest

from kerasalign.synth import SceneConfig, analytic_head, draw_scene, render
from kerasalign.synth.dataset.labels import labels_of, labels_without_picture
from kerasalign.synth.head.edges import OPENINGS, face_edges
from kerasalign.synth.head.openings import Openings

HEAD = analytic_head()
FRONTAL = SceneConfig.preset("plain")


def front(index, openings, **changes):
    """A person seen from the front with an expression and these openings."""
    scene = draw_scene(HEAD, FRONTAL, 0, index)
    camera = replace(scene.camera, yaw=0.0, pitch=0.0, roll=0.0, distance=200.0)
    return scene.replaced(camera=camera, openings=openings, **changes)


def eye_openings(points):
    """`(2,)` distance of the lids over the width of each eye."""
    lids = np.linalg.norm(points[[37, 38, 43, 44]] - points[[41, 40, 47, 46]], axis=1).reshape(2, 2).mean(1)
    return lids / np.linalg.norm(points[[36, 42]] - points[[39, 45]], axis=1)


def mouth_opening(points):
    """Largest distance of the inner lips over the width of the mouth."""
    gaps = np.linalg.norm(points[[61, 62, 63]] - points[[67, 66, 65]], axis=1)
    return gaps.max() / np.linalg.norm(points[48] - points[54])


def test_edges_run_from_corner_to_corner():
    for name, (upper, lower) in OPENINGS.items():
        edges = face_edges(HEAD)[name]
        for chain, row in ((edges.upper, upper), (edges.lower, lower)):
            on_chain = [int(np.flatnonzero(chain == HEAD.landmarks68[i])[0]) for i in row]
            assert on_chain == sorted(on_chain) and on_chain[0] == 0 and on_chain[-1] == len(chain) - 1
        assert set(edges.upper[1:-1]).isdisjoint(edges.lower[1:-1])


@pytest.mark.parametrize("index", range(4))
def test_lids_are_open_as_far_as_asked(index):
    for wanted in (0.12, 0.22, 0.32):
        points = labels_without_picture(HEAD, front(index, Openings((wanted, wanted))), 256).points["68"]
        np.testing.assert_allclose(eye_openings(points), wanted, atol=0.05)


@pytest.mark.parametrize("index", range(4))
def test_lids_and_lips_that_are_shut_coincide(index):
    scene = front(index, Openings((0.0, 0.0), lips=True))
    labels = labels_without_picture(HEAD, scene, 256)
    points = labels.points["68"]
    upper, lower = points[[37, 38, 43, 44, 61, 62, 63]], points[[41, 40, 47, 46, 67, 66, 65]]
    # The analytic head's lid points are not one above the other, so heights are compared.
    assert np.abs(upper[:, 1] - lower[:, 1]).max() < 1.5
    assert mouth_opening(points) < 0.1
    np.testing.assert_allclose(labels.points["98"][96], points[[37, 38, 40, 41]].mean(0), atol=0.01)


def test_a_shut_eye_shows_no_eyeball():
    seen = []
    for opening in (0.0, 0.3):
        picture = render(HEAD, front(1, Openings((opening, opening))), 128)
        balls = np.concatenate([HEAD.parts["eye_right"], HEAD.parts["eye_left"]])
        seen.append(np.isin(picture.triangle_id, balls).sum())
    assert seen[0] < 0.15 * seen[1] and seen[1] > 60


def test_lips_never_cross():
    edges = face_edges(HEAD)["mouth"]
    for index in range(12):
        shape = draw_scene(HEAD, SceneConfig(), 2, index).shape(HEAD)
        line = np.linspace(*shape[edges.upper[[2, -3]], 0], 20)
        upper, lower = edges.at(shape, line)
        assert (upper - lower).min() > -0.12


def test_eyes_and_mouths_are_shut_as_often_as_on_photographs():
    """Of 300W's training faces 48 % have shut mouths; of other photographs 41 %, and 12 % of the eyes are shut."""
    scenes = [draw_scene(HEAD, SceneConfig(), 0, index) for index in range(400)]
    eyes = np.array([scene.openings.eyes for scene in scenes])
    assert 0.07 < (eyes < 0.1).mean() < 0.17
    assert 0.24 < eyes.mean() < 0.33 and eyes.max() > 0.45
    assert 0.38 < np.mean([scene.openings.lips for scene in scenes]) < 0.52
    assert 0.0 < np.mean(eyes.min(1) < 0.1) - np.mean(eyes.max(1) < 0.1) < 0.05


def test_what_is_asked_of_a_config_is_drawn():
    never, always = SceneConfig(eyes_shut=0.0, lips_shut=0.0), SceneConfig(eyes_shut=1.0, lips_shut=1.0)
    for index in range(5):
        assert not draw_scene(HEAD, never, 0, index).openings.lips
        scene = draw_scene(HEAD, always, 0, index)
        assert scene.openings.lips and max(scene.openings.eyes) < 0.1


def test_a_shut_face_is_labeled_as_it_is_drawn():
    scene = front(0, Openings((0.0, 0.0), lips=True))
    made, ahead = labels_of(HEAD, scene, render(HEAD, scene, 96)), labels_without_picture(HEAD, scene, 96)
    np.testing.assert_allclose(made.points["68"], ahead.points["68"], atol=1e-3)
