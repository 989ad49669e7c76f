"""Scenes: drawn once, the same for the same seed and index, whatever else is drawn."""

import dataclasses
import json

import numpy as np
import pytest

from kerasalign.synth import SceneConfig, analytic_head, draw_scene, render
from kerasalign.synth.dataset.labels import labels_of
from kerasalign.synth.head.expressions import draw_expression
from kerasalign.synth.rendering.background import photographs

HEAD = analytic_head()


def told(scene):
    """Everything a scene says, as text."""

    def plain(value):
        return value.tolist() if isinstance(value, np.ndarray) else value

    def walk(value):
        if dataclasses.is_dataclass(value):
            return {f.name: walk(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return [walk(v) for v in value] if isinstance(value, tuple) else plain(value)

    return json.dumps(walk(scene))


def test_a_scene_depends_on_its_seed_and_index_alone():
    config = SceneConfig()
    first = told(draw_scene(HEAD, config, 3, 17))
    for index in range(4):
        draw_scene(HEAD, config, 3, index)
    assert told(draw_scene(HEAD, config, 3, 17)) == first
    others = {told(draw_scene(HEAD, config, seed, index)) for seed, index in ((3, 18), (4, 17), (17, 3))}
    assert len(others | {first}) == 4


def test_another_probability_changes_its_subject_alone():
    bare = SceneConfig(hair=0.0, beard=0.0, glasses=0.0, headwear=0.0, occluders=0.0, covered=0.0)
    dressed = SceneConfig(hair=1.0, beard=1.0, glasses=1.0, headwear=1.0, occluders=1.0, covered=0.0)
    for index in range(6):
        a, b = (draw_scene(HEAD, config, 0, index) for config in (bare, dressed))
        assert a.glasses is None and a.headwear is None and a.beard is None and a.occluders == ()
        assert b.glasses is not None and b.headwear is not None and b.occluders
        assert a.hair.locks == 0
        for name in ("skin", "brows", "eyes", "camera", "photo", "clothes", "makeup"):
            assert getattr(a, name) == getattr(b, name), name
        assert np.array_equal(a.identity, b.identity) and np.array_equal(a.expression, b.expression)
    bearded = [s.skin.feminine for s in (draw_scene(HEAD, dressed, 0, i) for i in range(30)) if s.beard]
    assert bearded and max(bearded) < 0.5


def test_the_config_keeps_its_promises():
    config = SceneConfig(yaw_tail=1.0, yaw_limit=70.0, coverage=(0.4, 0.45), distance=(50, 60), shift=0.02)
    cameras = [draw_scene(HEAD, config, 0, i).camera for i in range(60)]
    yaw = np.array([c.yaw for c in cameras])
    assert np.abs(yaw).max() <= 70 and yaw.min() < -40 and yaw.max() > 40
    assert all(0.4 <= c.coverage <= 0.45 and 50 <= c.distance <= 60 for c in cameras)
    assert max(abs(v) for c in cameras for v in c.shift) <= 0.02
    assert SceneConfig.from_config(json.loads(json.dumps(config.get_config()))) == config


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"glasses": 1.5}, "glasses"),
        ({"coverage": (0.6, 0.5)}, "coverage"),
        ({"distance": (0, 10)}, "distance"),
        ({"yaw_limit": 150}, "yaw_limit"),
    ],
)
def test_a_config_that_makes_no_sense_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        SceneConfig(**settings)


def test_bad_names_and_numbers_are_refused(tmp_path):
    with pytest.raises(ValueError, match="sideways"):
        SceneConfig.preset("sideways")
    with pytest.raises(ValueError, match="index=-1"):
        draw_scene(HEAD, SceneConfig(), 0, -1)
    with pytest.raises(FileNotFoundError, match="backgrounds"):
        photographs(tmp_path)


def test_expressions_are_of_all_kinds_and_within_bounds():
    rng = np.random.default_rng(0)
    drawn = np.array([draw_expression(rng, HEAD.expression_names) for _ in range(300)])
    assert drawn.min() >= 0 and drawn.max() <= 1.15
    share = (drawn > 0.3).mean(0)
    for name in ("jawOpen", "mouthSmile_L", "browInnerUp_R", "eyeSquint_L", "eyeLookUp_R"):
        assert 0.02 < share[HEAD.expression_index[name]] < 0.7, name
    left, right = (drawn[:, HEAD.expression_index[f"mouthSmile_{side}"]] for side in "LR")
    assert np.corrcoef(left, right)[0, 1] > 0.9
    calm = np.array([draw_expression(rng, HEAD.expression_names, 0.0) for _ in range(20)])
    assert calm[:, HEAD.expression_index["jawOpen"]].max() < 0.3


def test_poses_have_tails():
    poses = np.array(
        [
            (s.camera.yaw, s.camera.pitch, s.camera.roll)
            for s in (draw_scene(HEAD, SceneConfig(), 3, i) for i in range(500))
        ]
    )
    assert np.abs(poses).max(0) == pytest.approx([90, 45, 60], abs=6)
    # Half of the faces are nearly frontal, one in ten is turned further than 45 degrees.
    assert (np.median(np.abs(poses), 0) < [14, 9, 9]).all()
    assert 0.07 < (np.abs(poses[:, 0]) > 45).mean() < 0.2


def test_children_have_larger_eyes_and_shorter_faces():
    scene = draw_scene(HEAD, SceneConfig(children=0.0), 0, 1)
    shapes = [
        scene.replaced(proportions=dataclasses.replace(scene.proportions, child=child)).shape(HEAD)[HEAD.landmarks68]
        for child in (0.0, 1.0)
    ]

    def measures(p):
        eyes = np.linalg.norm(p[36] - p[45])
        return np.linalg.norm(p[36] - p[39]) / eyes, np.linalg.norm(p[8] - p[27]) / eyes

    (eye, face), (large, short) = (measures(p) for p in shapes)
    assert large > 1.05 * eye and short < 0.92 * face
    grown, child = (draw_scene(HEAD, SceneConfig(children=p), 0, 1) for p in (0.0, 1.0))
    assert grown.proportions.child == 0 < child.proportions.child and child.beard is None and child.skin.age < 0.12


def test_covers_and_extremes_come_when_asked():

    kinds, hidden = set(), []
    config = SceneConfig(covered=1.0, face_paint=1.0, extremes=1.0, yaw_tail=0.0)
    for index in range(12):
        scene = draw_scene(HEAD, config, 4, index)
        assert scene.face_paint is not None and (scene.mask is not None or scene.occluders)
        kinds.add(scene.mask.kind if scene.mask else scene.occluders[-1].kind)
        picture = render(HEAD, scene, 64)
        hidden.append((~labels_of(HEAD, scene, picture, markups=("68",)).visible["68"]).mean())
    assert len(kinds) >= 3 and np.mean(hidden) > 0.2
