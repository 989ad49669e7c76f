"""Measuring detectors on whole photos with listed faces."""

import json

import numpy as np
import pytest
from PIL import Image

from kerasalign.detection.training import FindingPictures, findings_tables, measure_whole_photos, read_listed_photos
from kerasalign.detection.training.whole_photos import half_of
from kerasalign.geometry import BoxMap, rotation
from kerasalign.inference import CallableDetector, Detection

FACES = {"a.png": [([20, 20, 60, 60], 0.95), ([100, 30, 112, 50], 0.9)], "b.png": [([10, 10, 40, 40], 0.6)]}


@pytest.fixture
def listed(tmp_path):
    """Two photos: in the first a face of 40 px and one of 20, in the second one that nobody is sure of."""
    for name in FACES:
        Image.fromarray(np.full((100, 200, 3), 60, "uint8")).save(tmp_path / name)
    table = {name: {"faces": [{"box": box, "score": score} for box, score in faces]} for name, faces in FACES.items()}
    (tmp_path / "faces.json").write_text(json.dumps(table))
    return read_listed_photos(tmp_path, tmp_path / "faces.json")


def answers(*photos):
    rest = iter(photos)
    return CallableDetector(lambda image: next(rest))


def test_recall_and_false_boxes(listed):
    found = [[20, 20, 60, 60, 0.9], [100, 30, 112, 36, 0.8], [150, 60, 170, 80, 0.7]]
    report = measure_whole_photos(answers(found, [[12, 12, 42, 42, 0.5]]), listed)
    assert report["faces"] == 2 and report["recall"] == 0.5, "the second box is too low, and the third face unsure"
    assert report["recall_20px"] == 0.5 and report["recall_40px"] == 1.0
    assert report["false"] == [{"photo": "a.png", "box": [150, 60, 170, 80], "score": 0.7}]
    assert report["false_per_photo"] == 0.5
    assert report["pixels"] == [{"from": 20, "faces": 1, "recall": 0.0}, {"from": 40, "faces": 1, "recall": 1.0}]
    assert report["share"] == [{"from": 0.1, "faces": 1, "recall": 0.0}, {"from": 0.2, "faces": 1, "recall": 1.0}]
    assert [(row["from"], row["recall"]) for row in report["score"]] == [(0.6, 1.0), (0.9, 0.5)]


def test_two_boxes_on_one_face_find_one_and_none_is_false(listed):
    report = measure_whole_photos(answers([[20, 20, 60, 60], [22, 22, 60, 60]], []), listed)
    assert report["recall"] == 0.5 and report["false"] == []


def test_boxes_of_another_kind_are_mapped(listed):
    upper = BoxMap(scale=(1.0, 0.5), shift=(0.0, 0.25))
    report = measure_whole_photos(answers([[20, 40, 60, 60], [100, 40, 112, 50]], []), listed, upper)
    assert report["recall"] == 1.0
    assert measure_whole_photos(answers([[20, 40, 60, 60]], []), listed, overlap=0.6)["recall"] == 0.0


@pytest.mark.parametrize("degrees", [-60.0, 90.0, 180.0])
def test_faces_of_turned_photos_are_turned_back(listed, degrees):
    """A detector that sees the turned photo and says where the large face is now, and how it is turned."""

    def detect(image):
        middle = rotation(degrees) @ (np.array([40.0, 40.0]) - [99.5, 49.5]) + (np.array(image.shape[1::-1]) - 1) / 2
        return [Detection([*(middle - 20), *(middle + 20)], 0.9, angle=degrees)]

    report = measure_whole_photos(CallableDetector(detect), listed, degrees=degrees, overlap=0.9)
    assert report["recall"] == 0.5 and report["degrees"] == degrees


def test_halves_are_by_name_and_more_lists_join(listed, tmp_path):
    names = {half: [photo.path.name for photo in _read(tmp_path, half)] for half in ("looking", "kept")}
    assert sorted([*names["looking"], *names["kept"]]) == ["a.png", "b.png"]
    assert all(half_of(name) == half for half, some in names.items() for name in some)
    (tmp_path / "more.json").write_text('{"b.png": {"faces": [{"box": [50, 50, 90, 90], "score": 0}]}}')
    joined = read_listed_photos(tmp_path, [tmp_path / "faces.json", tmp_path / "more.json"])
    report = measure_whole_photos(answers([], [[50, 50, 90, 90]]), joined)
    assert report["faces"] == 2 and report["false"] == [], "a face that is listed later is not false"
    with pytest.raises(ValueError, match="`half`"):
        read_listed_photos(tmp_path, tmp_path / "faces.json", "third")


def _read(folder, half):
    try:
        return read_listed_photos(folder, folder / "faces.json", half)
    except ValueError:
        return []


def test_pictures_and_tables_show_misses_and_false_boxes(listed, tmp_path):
    found = [[20, 20, 60, 60, 0.9], [150, 60, 170, 80, 0.7]]
    pictures = FindingPictures(tmp_path / "pictures")
    report = measure_whole_photos(answers(found, []), listed, report=pictures)
    assert [path.name for path in (tmp_path / "pictures").iterdir()] == ["a.png"], "nothing is wrong with the second"
    drawn = np.asarray(Image.open(tmp_path / "pictures" / "a.png"))
    assert drawn[30, 100].tolist() == [255, 220, 0] and drawn[40, 20].tolist() == [0, 220, 0]
    assert drawn[70, 150].tolist() == [255, 0, 0]
    turned = measure_whole_photos(answers([], []), listed, degrees=90)
    whole, *_, rotations = findings_tables({"one": [report, turned]})
    assert whole.rows[0][:6] == ("one", "2", "50.0 %", "50.0 %", "100.0 %", "0.500")
    assert rotations.rows == [("one", "50.0 % (0.500)", "0.0 % (0.000)")]
