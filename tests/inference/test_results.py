import json
import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from kerasalign.inference import Batch, Face, Faces
from kerasalign.markups import get_markup


@pytest.fixture
def face():
    return Face(get_markup("68").mean_shape * 100 + 200, (140, 140, 260, 260), "68", score=0.9)


def test_face_knows_what_the_model_did_not_say(face):
    assert math.isnan(face.error) and face.iterations == 0 and face.failed is False
    assert np.isnan(face.confidence).all() and face.confidence.shape == (68,)


def test_to_five_points(face):
    five = face.to("5")
    assert five.markup.name == "5" and five.landmarks.shape == (5, 2) and five.confidence.shape == (5,)
    np.testing.assert_allclose(five.landmarks[0], face.landmarks[36:42].mean(0))
    np.testing.assert_allclose(five.landmarks[2], face.landmarks[30])
    np.testing.assert_array_equal(five.box, face.box)
    with pytest.raises(ValueError, match="Received: to='98'"):
        face.to("98")


def test_confidence_is_converted_with_the_points(face):
    sure = Face(face.landmarks, face.box, "68", confidence=np.linspace(0, 1, 68))
    np.testing.assert_allclose(sure.to("5").confidence[2], 30 / 67)


def test_part(face):
    np.testing.assert_array_equal(face.part("mouth"), face.landmarks[48:])
    with pytest.raises(ValueError, match="beard"):
        face.part("beard")


@pytest.mark.parametrize("change", [{"landmarks": np.zeros((5, 2))}, {"confidence": [1.0]}, {"markup": "67"}])
def test_face_that_does_not_fit_its_markup_is_refused(face, change):
    arguments = {"landmarks": face.landmarks, "box": face.box, "markup": "68"} | change
    with pytest.raises(ValueError, match="Received"):
        Face(**arguments)


def test_faces_are_a_sequence(face):
    faces = Faces([face, face], "68", size=(400, 300))
    assert (
        len(faces) == 2
        and faces[-1].landmarks is face.landmarks
        and isinstance(faces[:1], Faces)
        and len(faces[:1]) == 1
    )
    assert faces.landmarks.shape == (2, 68, 2) and faces.boxes.shape == (2, 4) and bool(faces)
    assert faces.to("5").landmarks.shape == (2, 5, 2) and faces.to("5")[0].markup.name == "5"
    assert not Faces([], "68")


def test_conversion_that_does_not_exist_is_refused_without_faces_too():
    with pytest.raises(ValueError, match="98"):
        Faces([], "68").to("98")


def test_json_has_no_nan_and_reads_back(tmp_path, face):
    faces = Faces([face], "68", source=tmp_path / "photo.jpg", size=(400, 300))
    path = tmp_path / "out.json"
    text = faces.to_json(path)
    document = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} in the JSON text"))
    assert json.loads(path.read_text()) == document and [p.name for p in tmp_path.iterdir()] == ["out.json"]
    assert document["source"] == str(tmp_path / "photo.jpg") and document["markup"] == "68"
    assert (document["width"], document["height"], document["problem"]) == (400, 300, "")
    item = document["faces"][0]
    assert item["error"] is None and item["confidence"] is None and item["failed"] is False
    np.testing.assert_allclose(item["landmarks"], face.landmarks, atol=1e-3)
    assert json.loads(Faces([], "68").to_json())["faces"] == []


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(st.floats(-1e4, 1e4) | st.just(math.nan), min_size=10, max_size=10), st.floats())
def test_any_numbers_become_strict_json(values, error):
    landmarks = np.array(values).reshape(5, 2)
    item = json.loads(Faces([Face(landmarks, (0, 0, 1, 1), "5", error=error)], "5").to_json())["faces"][0]
    back = np.array([[np.nan if v is None else v for v in point] for point in item["landmarks"]])
    np.testing.assert_allclose(back, landmarks, atol=1e-3)


def test_batch(face):
    batch = Batch([Faces([face], "68"), Faces([], "68", source="x.jpg", problem="the file is empty")])
    assert len(batch[:1]) == 1 and isinstance(batch[:1], Batch)
    assert batch.errors == [(1, "x.jpg", "the file is empty")]
    assert [len(item["faces"]) for item in json.loads(batch.to_json())] == [1, 0]
    assert batch.to("5")[1].problem == "the file is empty" and batch.to("5")[0][0].markup.name == "5"


def test_texts_say_what_matters(face):
    one = repr(Faces([face], "68", size=(4, 3)))
    assert "1 face," in one and "4x3" in one
    assert "the file is empty" in repr(Faces([], "68", problem="the file is empty"))
    assert "68 points" in repr(face) and "error" not in repr(face)
    assert "2 photos" in repr(Batch([Faces([], "68")] * 2))
