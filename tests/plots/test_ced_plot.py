import dataclasses
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

from kerasalign.cli.main import app
from kerasalign.markups import get_markup
from kerasalign.metrics import Evaluation, evaluate_landmarks, get_protocol
from kerasalign.plots import plot_ced
from tests.support.plot_texts import plot_texts

matplotlib = pytest.importorskip("matplotlib")


def evaluation(nmes, protocol="300w-common-inter_pupil", **changes):
    protocol = dataclasses.replace(get_protocol(protocol), **changes)
    return Evaluation(protocol, tuple(str(i) for i in range(len(nmes))), np.array(nmes, "float64"), {})


def test_picture_has_the_size_asked_for_and_can_be_saved(tmp_path):
    picture = plot_ced([evaluation([3.0, 5.0, 12.0])], size=(600, 450))
    assert picture.size == (600, 450)
    assert picture.mode == "RGB"
    assert len(np.unique(np.asarray(picture).reshape(-1, 3), axis=0)) > 3
    picture.save(tmp_path / "ced.png")
    assert (tmp_path / "ced.png").read_bytes().startswith(b"\x89PNG")


def test_curve_depends_on_the_errors():
    good, bad = (np.asarray(plot_ced([evaluation(nmes)], size=(400, 300))) for nmes in ([1.0, 2.0], [7.0, 9.0]))
    assert (good != bad).any()


def test_title_holds_the_protocol_and_the_legend_the_scores(monkeypatch):
    common = evaluation([3.0, 5.0, 12.0])
    found, _ = plot_texts(monkeypatch, lambda: plot_ced([common]))
    assert str(common.protocol) in found
    assert "common: NME 6.67 %, FR 33.33 %, AUC 0.4000" in found
    challenging = evaluation([8.0], "300w-challenging-inter_pupil")
    found, _ = plot_texts(monkeypatch, lambda: plot_ced([common, challenging]))
    assert "300W, inter-pupil, FR/AUC at 10 %, box: tight ground-truth" in found
    assert "challenging: NME 8.00 %, FR 0.00 %, AUC 0.2000" in found


def test_box_sources_that_differ_stand_in_the_legend(monkeypatch):
    pair = [evaluation([3.0]), evaluation([4.0], box_source="detector:mtcnn")]
    found, _ = plot_texts(monkeypatch, lambda: plot_ced(pair, labels=["mine", "yours"]))
    assert "300W common (554), inter-pupil, FR/AUC at 10 %" in found
    assert any(text.startswith("yours, box: detector mtcnn: NME 4.00 %") for text in found)


def test_different_measures_do_not_share_an_axis():
    with pytest.raises(ValueError, match="normalizer"):
        plot_ced([evaluation([3.0]), evaluation([3.0], "300w-common-inter_ocular")])


@pytest.mark.parametrize(
    ("evaluations", "options", "message"),
    [([], {}, "at least one"), ([1.0], {"labels": []}, "`labels`"), ([1.0], {"max_nme": 0.0}, "`max_nme`")],
)
def test_wrong_arguments_are_errors(evaluations, options, message):
    with pytest.raises(ValueError, match=message):
        plot_ced([evaluation([nme]) for nme in evaluations], **options)


def test_without_matplotlib_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"kerasalign\[plots\]"):
        plot_ced([evaluation([3.0])])


def test_curves_of_saved_runs_share_an_axis(tmp_path):
    rng = np.random.default_rng(0)
    shape = get_markup("68").mean_shape * 100
    files = []
    for run, noise in (("a", 1.0), ("b", 4.0)):
        found = shape[None] + rng.normal(0, noise, (9, 68, 2))
        protocol = get_protocol("300w-common-inter_ocular").with_box_source("scaled:1.2")
        evaluation = evaluate_landmarks(found, np.tile(shape, (9, 1, 1)), protocol)
        (tmp_path / run).mkdir()
        files.append(evaluation.to_csv(tmp_path / run / "faces.csv"))
        again = Evaluation.from_csv(files[-1])
        assert again.protocol == protocol and again.names == evaluation.names
        np.testing.assert_allclose(again.nmes, evaluation.nmes, atol=1e-6)
        assert again.parts.keys() == evaluation.parts.keys() and again.auc == pytest.approx(evaluation.auc, abs=1e-6)
    out = tmp_path / "ced.png"
    done = CliRunner().invoke(app, ["ced", *map(str, files), "--label", "one", "--label", "two", "--out", str(out)])
    assert done.exit_code == 0 and out.stat().st_size > 5000
    (tmp_path / "other.csv").write_text("name,nme\nx,1\n")
    with pytest.raises(ValueError, match="no faces of one evaluation"):
        Evaluation.from_csv(tmp_path / "other.csv")
