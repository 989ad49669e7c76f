"""Evaluating a model on a data set's folder."""

import json
import shutil

import numpy as np
import pytest

from kerasalign.datasets import make_miniature, read_dataset
from kerasalign.evaluation import evaluate_model, network_differences, preset_protocols, usable_protocols
from kerasalign.geometry import apply_affine
from kerasalign.hub import read_manifest
from kerasalign.models import AAN, read_config
from tests.support.blind_detector import BlindDetector
from tests.support.mean_shape import MeanShape


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_miniature("300w", tmp_path_factory.mktemp("data") / "300w")


def test_numbers_are_those_of_the_definition(data):
    report = evaluate_model(MeanShape(), data, ["300w-common-inter_ocular"], n_bootstrap=50)
    model = MeanShape()
    wanted = []
    for sample in read_dataset("300w", data, "common"):
        matrix = model.crop_spec.transform(sample.box("landmarks"))
        shape = model.predict_crops([0])["landmarks"][0]
        points = model.crop_spec.to_photo(matrix, shape)
        corners = np.linalg.norm(sample.landmarks[36] - sample.landmarks[45])
        wanted.append(100 * np.linalg.norm(points - sample.landmarks, axis=1).mean() / corners)
        assert sample.name in report.landmarks
        np.testing.assert_allclose(apply_affine(matrix, report.landmarks[sample.name]), shape, atol=1e-6)
    assert report.evaluations[0].nme == pytest.approx(np.mean(wanted))
    assert any("not the official number" in note for note in report.evaluations[0].notes)


def test_another_box_source_is_used_and_said(data):
    tight, wide = (
        evaluate_model(MeanShape(), data, ["300w-common-inter_pupil"], box_source=source, n_bootstrap=50)
        for source in ("landmarks", "scaled:1.5")
    )
    assert wide.evaluations[0].nme > tight.evaluations[0].nme
    assert any("made for boxes" in note for note in wide.evaluations[0].notes)
    assert not any("made for boxes" in note for note in tight.evaluations[0].notes)
    turned = evaluate_model(
        MeanShape(), data, ["300w-common-inter_pupil"], box_source="jittered:0,roll=40", n_bootstrap=1
    )
    assert turned.evaluations[0].nme > tight.evaluations[0].nme
    assert any("turned by up to 40" in note for note in turned.evaluations[0].notes)


def test_faces_that_a_detector_misses_are_named(data):
    samples = list(read_dataset("300w", data, "common"))
    detector = BlindDetector(samples)
    options = {"box_source": "detector:truth", "detector": detector, "n_bootstrap": 50}
    report = evaluate_model(MeanShape(), data, ["300w-common-inter_pupil"], **options)
    assert report.missed == (detector.blind_to,)
    evaluation = report.evaluations[0]
    assert len(evaluation) == len(samples) - 1
    failures = evaluation.fr / 100 * len(evaluation)
    assert report.fr_with_missed(evaluation) == pytest.approx(100 * (failures + 1) / len(samples))


def test_report_folder(data, tmp_path):
    protocols, published = preset_protocols(read_manifest()["musica19-300w"])
    assert protocols[0] == "300w-common-inter_pupil" and "300w-common-inter_ocular" in protocols
    assert published["300w-common-inter_pupil"]["nme"] == 5.22
    ours = read_manifest()["musica19-synth"]
    assert preset_protocols(ours) == ([*dict.fromkeys(number.protocol for number in ours.measured)], {})
    report = evaluate_model(MeanShape(), data, protocols, published=published, n_bootstrap=50)
    assert len(report.evaluations) == 6
    report.save(tmp_path, worst=3, command="kerasalign evaluate")
    told = json.loads((tmp_path / "report.json").read_text())
    assert told["command"] == "kerasalign evaluate" and len(told["evaluations"]) == 6
    assert (tmp_path / "worst.jpg").stat().st_size > 1000
    assert (tmp_path / "300w-full-inter_pupil.csv").read_text().count("\n") == len(report.samples) + 1


def test_bins_of_pose_and_their_mean(tmp_path):
    root = make_miniature("aflw2000-3d", tmp_path / "aflw", faces=2)
    (root / "image00004.jpg").unlink()  # of the first bin, which is left with one face
    (root / "image00004.mat").unlink()
    subsets = ("full", "yaw_balanced", "yaw0_30", "yaw30_60", "yaw60_90")
    report = evaluate_model(MeanShape(), root, [f"aflw2000-3d-{subset}-box_size" for subset in subsets], n_bootstrap=50)
    plain, balanced, *parts = report.evaluations
    assert [len(part) for part in parts] == [1, 2, 2]
    assert balanced.nme == pytest.approx(np.mean([part.nme for part in parts]))
    assert plain.nme == pytest.approx(np.average([part.nme for part in parts], weights=[1, 2, 2]))
    assert balanced.nme != pytest.approx(plain.nme)
    for evaluation in report.evaluations:
        assert report.fr_with_missed(evaluation) == pytest.approx(evaluation.fr)


def test_points_that_cannot_be_of_their_photo_are_not_measured(data, tmp_path):
    copy = tmp_path / "300w"
    shutil.copytree(data, copy)
    spoilt = min((copy / "helen" / "testset").glob("*.pts"))
    lines = spoilt.read_text().splitlines()
    far = [" ".join(str(float(number) + 5000) for number in line.split()) for line in lines[3:-1]]
    spoilt.write_text("\n".join([*lines[:3], *far, lines[-1]]))
    protocols = ["300w-common-inter_pupil"]
    with pytest.raises(ValueError, match=f"{spoilt.stem}.*lie outside"):
        evaluate_model(MeanShape(), copy, protocols, n_bootstrap=1)
    report = evaluate_model(MeanShape(), copy, protocols, n_bootstrap=1, on_error="skip")
    assert len(report.evaluations[0]) == len(read_dataset("300w", data, "common")) - 1
    for path in copy.glob("*/testset/*.pts"):
        lines = path.read_text().splitlines()
        path.write_text("\n".join([*lines[:3], *reversed(lines[3:-1]), lines[-1]]))
    with pytest.raises(ValueError, match="not in the order of markup '68'"):
        evaluate_model(MeanShape(), copy, protocols, n_bootstrap=1, on_error="skip")


def test_protocols_whose_faces_are_not_there_are_left_out(data):
    part = data.parent / "part"
    shutil.copytree(data, part)
    shutil.rmtree(part / "ibug")
    usable, left_out = usable_protocols(["300w-common-inter_pupil", "300w-full-inter_pupil"], part)
    assert usable == ["300w-common-inter_pupil"]
    assert len(left_out) == 1 and "ibug" in left_out[0]


def test_mixed_or_foreign_protocols_are_refused(data):
    for protocols in (["300w-common-inter_pupil", "wflw-full-inter_ocular"], ["wflw-full-inter_ocular"]):
        with pytest.raises(ValueError, match="Received"):
            evaluate_model(MeanShape(), data, protocols)


@pytest.mark.parametrize(
    ("preset", "change", "different"),
    [
        ("scc-300w", {}, []),
        ("scc-300w", {"dtype": "mixed_bfloat16", "graph": np.eye(68, dtype=int)}, []),
        ("scc-300w", {"head": "fc", "loss": "l1", "width": 32}, ["head", "loss", "width"]),
        ("aan-300w", {"intermediate": "features"}, []),
        ("musica19-300w", {"success_threshold": 3.0, "hidden": 64}, ["hidden"]),
        ("sdu-300w", {"transformer": "none"}, ["transformer", "deformable"]),
    ],
)
def test_the_paper_s_numbers_are_of_the_preset_s_own_network(preset, change, different):
    entry = read_manifest()[preset]
    config = read_config(entry.architecture).replace(**change).resolved()
    found = network_differences(entry, type("Model", (), {"config": config})())
    assert sorted(found) == sorted(different)
    assert network_differences(entry, object()) == []
    other = read_config(read_manifest()["bafa-300w"].architecture)
    assert network_differences(entry, type("Model", (), {"config": other})()) == ["class"]


def test_subsets_of_one_measure_share_a_table(tmp_path):
    data = make_miniature("wflw", tmp_path / "wflw", faces=8)
    model = AAN(markup="98", stem=8, channels=(8,), embedding=4, size=32)
    names = [f"wflw-{subset}-inter_ocular" for subset in ("full", "pose", "blur")]
    usable, _ = usable_protocols(names, data)
    report = evaluate_model(model, data, usable, n_bootstrap=10)
    scores, parts = report.tables()
    assert [row[0] for row in scores.rows] == [name.split("-")[1] for name in usable]
    assert len(parts.columns) == len(usable) + 1


def test_98_points_are_measured_as_the_68_that_they_hold(data):
    name = "300w-common-inter_ocular"
    report = evaluate_model(MeanShape("98"), data, [name], n_bootstrap=10)
    model = MeanShape("98")
    for sample in read_dataset("300w", data, "common"):
        matrix = model.crop_spec.transform(sample.box("landmarks"))
        points = model.crop_spec.to_photo(matrix, model.predict_crops([0])["landmarks"][0])
        converted = model.markup.convert(points, "68")
        np.testing.assert_allclose(report.landmarks[sample.name], converted, atol=1e-6)
    assert any("'98' were converted to '68'" in note for note in report.tables()[-1].notes)
    own = evaluate_model(MeanShape(), data, [name], n_bootstrap=10)
    assert not any("converted" in note for note in own.tables()[-1].notes)


def test_points_that_do_not_convert_are_refused(data):
    with pytest.raises(ValueError, match="measure markup '68'"):
        evaluate_model(MeanShape("29"), data, ["300w-common-inter_ocular"])
