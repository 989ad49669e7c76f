"""Operating points of early exit: on numbers that can be checked by hand, and through a small network."""

import csv
import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays

from kerasalign.cli.main import app
from kerasalign.datasets import make_miniature, read_dataset
from kerasalign.evaluation.early_exit import CascadeErrors, ExitReport, cascade_errors, sweep
from kerasalign.metrics import get_protocol
from kerasalign.metrics.nme import nme
from tests.support.blind_detector import BlindDetector
from tests.support.cases import MODELS, set_known_weights

PROTOCOL = get_protocol("300w-common-inter_pupil")
MACS = {"paper": (10, 20, 30, 40), "full": (11, 22, 33, 44)}


def made(estimates, nmes=None):
    estimates = np.asarray(estimates, "float64")
    nmes = estimates if nmes is None else np.asarray(nmes, "float64")
    macs = {name: values[: estimates.shape[1]] for name, values in MACS.items()}
    names = tuple(str(i) for i in range(len(estimates)))
    return CascadeErrors("toy", PROTOCOL, names, nmes, estimates, own=nmes, macs=macs, ocular=nmes)


def by_the_rule(scores, nmes, threshold):
    """The paper's words, face by face: iterations and NME."""
    quits, errors = [], []
    for face, truth in zip(scores, nmes):
        i = next((i for i, score in enumerate(face) if score < threshold), len(face) - 1)
        quits.append(i + 1)
        errors.append(truth[i])
    return quits, np.mean(errors)


# Few distinct values, so that ties are common; some estimates are negative, as an untrained network's are.
SCORES = st.integers(1, 4).flatmap(
    lambda last: st.integers(1, 12).flatmap(
        lambda faces: st.tuples(*[arrays("float64", (faces, last), elements=st.integers(low, 6)) for low in (-2, 0)])
    )
)


def test_exit_rule():
    errors = made([[2.0, 1, 1], [3, 2.3, 1], [9, 8, 7], [2.4 - 1e-9, 5, 5]])
    assert errors.quits(2.4).tolist() == [1, 2, 3, 1]
    assert errors.quits(None).tolist() == [3] * 4
    point = sweep(errors).nearest(7 / 4)
    assert point.faces == (2, 1, 1)
    assert point.macs == {"paper": pytest.approx(17.5), "full": pytest.approx(19.25)}
    assert errors.quits(point.threshold).tolist() == [1, 2, 3, 1]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(SCORES)
def test_the_curve_is_the_rule_at_every_threshold(case):
    estimates, nmes = case
    errors = made(estimates, nmes)
    result = sweep(errors, permutations=2)
    for curve, scores in ((result.estimated, estimates), (result.oracle, nmes)):
        on_curve = {(tuple(counts), round(value, 9)) for counts, value in zip(curve.counts.tolist(), curve.nme)}
        for threshold, counts, value in zip(curve.thresholds, curve.counts, curve.nme):
            quits, mean = by_the_rule(scores, nmes, threshold)
            assert np.bincount(quits, minlength=errors.iterations + 1)[1:].tolist() == counts.tolist()
            assert value == pytest.approx(mean)
        # No threshold that a model takes gives anything that is not on the curve.
        for threshold in {*np.unique(scores), *(np.unique(scores) + 0.5)}:
            if threshold > 0:
                quits, mean = by_the_rule(scores, nmes, threshold)
                counts = tuple(np.bincount(quits, minlength=errors.iterations + 1)[1:].tolist())
                assert (counts, round(mean, 9)) in on_curve
        assert (np.diff(curve.thresholds) > 0).all() and (np.diff(curve.iterations) < 0).all()
        assert curve.counts[0].tolist() == [0] * (errors.iterations - 1) + [len(errors)]
        assert curve.nme[0] == pytest.approx(nmes[:, -1].mean())
        assert curve.counts[-1, 0] == len(errors)
        assert curve.nme[-1] == pytest.approx(nmes[:, 0].mean())
        # The first threshold is off; every other is one that a model takes.
        assert (curve.thresholds[1:] > 0).all()


def test_random_exit_costs_the_same_and_gives_the_mean():
    rng = np.random.default_rng(0)
    nmes = rng.uniform(0, 1, (200, 3)) + np.array([2.0, 1.0, 0.0])
    result = sweep(made(rng.uniform(1, 5, (200, 3)), nmes))
    random = result.random
    np.testing.assert_array_equal(random.counts, result.estimated.counts)
    expected = random.counts @ nmes.mean(0) / 200
    assert np.abs(random.nme - expected).max() < 0.02
    assert random.spread[0] == pytest.approx(0, abs=1e-12) and random.spread[-1] == pytest.approx(0, abs=1e-12)
    assert 0 < random.spread.max() < 0.1
    again = sweep(result.errors)
    np.testing.assert_array_equal(random.nme, again.random.nme)
    assert (sweep(result.errors, seed=1).random.nme != random.nme).any()


@settings(max_examples=40, deadline=None, derandomize=True)
@given(SCORES, st.floats(0, 1))
def test_pickers_keep_to_their_limits_and_nothing_better_does(case, share):
    errors = made(*case)
    result = sweep(errors, permutations=1)
    curve = result.estimated
    limit = 1 + share * (errors.iterations - 1)
    for point, cost, allowed in (
        (result.by_iterations(limit), curve.iterations, limit),
        (result.by_macs(10 * limit, "paper"), result.macs(curve, "paper"), 10 * limit),
        (result.by_macs(11 * limit), result.macs(curve, "full"), 11 * limit),
    ):
        assert point.iterations <= limit + 1e-9
        assert point.nme == curve.nme[cost <= allowed].min()
    wanted = float(np.quantile(curve.nme, share))
    point = result.by_nme(wanted)
    assert point.nme <= wanted
    assert point.iterations == curve.iterations[curve.nme <= wanted].min()


def test_limits_that_nothing_keeps_are_refused():
    result = sweep(made([[3.0, 2, 1], [6, 5, 4]]))
    for pick in (
        lambda: result.by_iterations(0.9),
        lambda: result.by_macs(9.0, "paper"),
        lambda: result.by_nme(2.4),
        lambda: result.by_macs(30, "half"),
        lambda: result.gain_over_random(3.5),
        lambda: sweep(result.errors, permutations=0),
    ):
        with pytest.raises(ValueError, match="Received"):
            pick()


def test_gain_over_random():
    # Half of the faces need one iteration, the others three, and the estimates know which.
    nmes = np.array([[2.0, 2, 2], [8, 6, 2]] * 50)
    estimates = np.array([[2.0, 2, 2], [8, 6, 2]] * 50) + np.linspace(0, 0.5, 100)[:, None]
    result = sweep(made(estimates, nmes))
    gain = result.gain_over_random()
    assert gain.iterations == 2
    assert gain.nme == pytest.approx(2)
    # At random half quit at once, half run through: on average 5 and 2.
    assert gain.random_nme == pytest.approx(3.5, abs=0.1)
    assert gain.nme_saved == pytest.approx(100 * (1 - 2 / gain.random_nme))
    # The hard faces at their second iteration give 4 at 1.5; a quarter of them at their third makes it 3.5.
    assert gain.equal_iterations == pytest.approx(1.625, abs=0.03)
    assert gain.iterations_saved == pytest.approx(100 * (1 - gain.equal_iterations / 2))


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    st.integers(1, 4).flatmap(
        lambda last: st.integers(1, 5).flatmap(
            lambda faces: arrays("float64", (faces, last), elements=st.integers(0, 9))
        )
    )
)
def test_no_choice_of_iterations_is_better_than_the_clairvoyant(nmes):
    faces, last = nmes.shape
    curve = sweep(made(nmes), permutations=1).clairvoyant
    best = {}
    for choice in itertools.product(range(last), repeat=faces):
        mean, value = np.mean(choice) + 1, nmes[range(faces), choice].mean()
        best[round(mean, 9)] = min(best.get(round(mean, 9), np.inf), value)
    for mean, value in zip(curve.iterations, curve.nme):
        assert best[round(float(mean), 9)] == pytest.approx(value)
    # Means are rounded to nine digits, and errors fall by up to 36 an iteration.
    assert all(value >= curve.nme_at(mean) - 1e-7 for mean, value in best.items())
    assert (np.diff(curve.thresholds) >= 0).all() and (curve.counts.sum(1) == faces).all()


def test_gains_are_bounded_by_the_oracle_s_and_the_best_choice_s_and_have_an_interval():
    rng = np.random.default_rng(2)
    nmes = rng.gamma(2.0, 2.0, (300, 1)) * np.array([2.0, 1.3, 1.0]) + rng.normal(0, 0.2, (300, 3)) + 2
    gain = sweep(made(nmes * rng.uniform(0.6, 1.4, nmes.shape), nmes)).gain_over_random()
    low, high = gain.nme_saved_ci
    assert low < gain.nme_saved < high and high - low < 12
    assert 0 < gain.nme_saved < gain.clairvoyant_saved and gain.oracle_saved < gain.clairvoyant_saved


def test_a_point_goes_into_the_network():
    model = MODELS["MuSiCa"].make()
    set_known_weights(model)
    for iteration in model.cascade:
        kernel, bias = iteration.regress.get_weights()
        bias[-1] += 5  # estimates of a trained network are positive
        iteration.regress.set_weights([kernel, bias])
    crops = np.random.default_rng(0).integers(1, 256, (9, 64, 64, 3)).astype("uint8")
    out = model.predict_crops(crops, early_exit=False)
    result = sweep(made(out["cascade_error"], np.random.default_rng(1).uniform(1, 9, (9, 3))))
    points = len(result.estimated.thresholds)
    assert points > 5
    for index in (0, 1, points // 2, points - 1):
        point = result.point(index)
        found = model.with_thresholds(point.threshold).predict_crops(crops)["iterations"]
        assert tuple(np.bincount(found, minlength=4)[1:]) == point.faces
        assert found.mean() == pytest.approx(point.iterations)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_miniature("300w", tmp_path_factory.mktemp("data") / "300w")


@pytest.fixture(scope="module")
def model():
    model = MODELS["MuSiCa"].make(success_threshold=1e9)
    set_known_weights(model)
    return model


@pytest.fixture(scope="module")
def errors(data, model):
    return cascade_errors(model, data, PROTOCOL, name="small")


def test_every_iteration_is_measured(errors, data, model):
    samples = read_dataset("300w", data, "common")
    assert errors.names == tuple(sample.name for sample in samples)
    assert errors.nmes.shape == errors.estimates.shape == (len(samples), 3)
    assert errors.attention.shape == (3, 19)
    assert errors.macs["full"] == tuple(model.count_macs() // 3 * i for i in (1, 2, 3))
    crop, matrix = model.crop_spec.extract(samples[1].read_image(), samples[1].box("landmarks"))
    out = model.predict_crops(crop[None], early_exit=False)
    np.testing.assert_allclose(errors.estimates[1], out["cascade_error"][0], rtol=1e-4)
    # What the network is trained to estimate is its own loss.
    target = model.crop_spec.to_crop(matrix, samples[1].landmarks)[None].astype("float32")
    exact = out | {"cascade_error": errors.own[1:2].astype("float32")}
    assert float(model.face_loss(target, exact)[0]) == pytest.approx(0.95 * errors.own[1].sum() / 100, rel=1e-4)
    # In the crop as in the photo: the NME does not change by a similarity transform.
    truth = np.repeat(model.crop_spec.to_crop(matrix, samples[1].landmarks)[None], 3, 0)
    for values, eyes in ((errors.nmes, "inter_pupil"), (errors.ocular, "inter_ocular")):
        np.testing.assert_allclose(values[1], nme(out["cascade_landmarks"][0], truth, "68", eyes), rtol=1e-4)


def test_other_boxes_and_wrong_models(errors, data, model):
    wide = cascade_errors(model, data, PROTOCOL, box_source="scaled:1.4")
    assert wide.protocol.box_source == "scaled:1.4"
    assert (np.abs(wide.nmes - errors.nmes) > 1e-3).all()
    with pytest.raises(ValueError, match="markup"):
        cascade_errors(model, data, "wflw-full-inter_ocular")
    with pytest.raises(ValueError, match="cascade"):
        cascade_errors(object(), data, PROTOCOL)
    with pytest.raises(ValueError, match="weigh every face the same"):
        cascade_errors(model, data, "aflw2000-3d-yaw_balanced-box_size")


def test_faces_that_a_detector_misses_are_named(data, model, errors):
    detector = BlindDetector(read_dataset("300w", data, "common"))
    found = cascade_errors(model, data, PROTOCOL, box_source="detector:truth", detector=detector)
    assert found.missed == (detector.blind_to,)
    assert detector.blind_to not in found.names
    np.testing.assert_allclose(found.nmes, errors.nmes[[name != detector.blind_to for name in errors.names]], rtol=1e-4)


def test_wrong_numbers_are_refused():
    numbers = dict.fromkeys(("nmes", "estimates", "own", "ocular"), np.ones((2, 3)))
    good = numbers | {"names": ("a", "b"), "macs": {"full": (1, 2, 3)}, "model": "m", "protocol": PROTOCOL}
    CascadeErrors(**good)
    for wrong in (
        {"estimates": np.ones((2, 2))},
        {"nmes": np.full((2, 3), np.nan)},
        {"names": ("a",)},
        {"macs": {"full": (1, 2)}},
    ):
        with pytest.raises(ValueError, match="Received"):
            CascadeErrors(**good | wrong)


def test_report_folder(errors, model, tmp_path):
    report = ExitReport(sweep(errors), model.mean_shape, model.config.patches)
    report.save(tmp_path, "kerasalign sweep")
    told = json.loads((tmp_path / "report.json").read_text())
    assert told["command"] == "kerasalign sweep" and told["protocol"]["name"] == PROTOCOL.name
    alike = [point["all_alike_nme"] for point in told["points"]]
    assert alike[::2] == pytest.approx(errors.nmes.mean(0)) and alike[1] is None
    assert told["points"][-1]["threshold"] is None and len(told["points"]) == 5
    assert [c["iteration"] for c in told["calibration"]] == [1, 2, 3]
    assert [len(i["values"]) for i in told["attention"]["iterations"]] == [19] * 3
    with (tmp_path / "sweep.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    curve = report.sweep.estimated
    ours = [row for row in rows if row["policy"] == "estimated"]
    np.testing.assert_allclose([float(row["nme"]) for row in ours], curve.nme, rtol=1e-6)
    np.testing.assert_allclose([float(row["macs_paper"]) for row in ours], report.sweep.macs(curve, "paper"), rtol=1e-6)
    assert {row["policy"] for row in rows} == {"estimated", "oracle", "random", "clairvoyant"}
    for name in ("cascade.jpg", "attention.png"):
        assert (tmp_path / name).stat().st_size > 1000


def test_command(data, model, tmp_path, monkeypatch):
    from typer.testing import CliRunner

    import kerasalign.hub

    monkeypatch.setattr(kerasalign.hub, "load", lambda name, weights: model)
    run = CliRunner().invoke(app, ["sweep", "musica19-300w", "--data", str(data), "--out", str(tmp_path / "out")])
    assert run.exit_code == 0, run.output
    assert "300W common" in run.stdout and "Spearman" in run.stdout
    assert (tmp_path / "out" / "sweep.csv").exists()
    wrong = CliRunner().invoke(app, ["sweep", "musica19-300w", "--data", str(tmp_path)])
    assert wrong.exit_code == 1 and "Received: --data" in wrong.stderr
