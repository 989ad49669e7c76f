"""`kerasalign prepare` and `kerasalign train` on a data set of drawn faces."""

import json

import pytest

from kerasalign.data import CropCache
from kerasalign.datasets import make_miniature


@pytest.fixture
def w300(tmp_path):
    make_miniature("300w", tmp_path / "300w")
    return tmp_path / "300w"


def test_check_counts_and_changes_nothing(command, w300):
    before = {path: path.stat().st_mtime_ns for path in w300.rglob("*")}
    run = command("prepare", "--check", w300, "--json")
    report = json.loads(run.stdout)
    assert report["dataset"] == "300w"
    assert not report["complete"]
    assert run.exit_code == (0 if report["ok"] else 1)
    assert {path: path.stat().st_mtime_ns for path in w300.rglob("*")} == before


def test_check_finds_a_broken_photo(command, w300):
    photo = next(path for path in sorted(w300.rglob("*")) if path.suffix in (".png", ".jpg"))
    photo.write_bytes(photo.read_bytes()[:100])
    run = command("prepare", "--check", w300)
    assert run.exit_code == 1
    assert photo.name in run.stdout


def test_check_of_something_else(command, tmp_path):
    (tmp_path / "other").mkdir()
    run = command("prepare", "--check", tmp_path / "other")
    assert run.exit_code == 1
    assert "not recognized" in run.stderr


def test_prepare_needs_to_know_what(command, w300):
    assert command("prepare", w300).exit_code == 2


def test_train_then_use(command, w300, tmp_path):
    """Crops, two steps of a preset that was changed, and the weights in `load`."""
    import kerasalign

    cut = command("prepare", w300, "--model", "musica19-300w", "--cache", "crops")
    assert cut.exit_code == 0, cut.output
    train = ("train", "musica19-300w", "--data", w300, "--cache", "crops", "--steps", 2, "--steps-per-epoch", 2)
    many = command(*train, "--devices", "99")
    assert many.exit_code == 1 and "99" in many.stderr and not (tmp_path / "runs").exists()
    # Of what there is here: one processor.
    small = ("--batch-size", 2, "--set", "hidden=32", "--set", "global_attention=fc", "--devices", "all")
    run = command(*train, *small)
    assert run.exit_code == 0, run.output
    card = json.loads((tmp_path / "runs/musica19-300w/run.json").read_text())
    assert card["settings"]["steps"] == 2
    model = kerasalign.load("musica19-300w", weights=tmp_path / "runs/musica19-300w/last.weights.h5")
    assert model.mean_shape.tolist() == card["model"]["mean_shape"]
    assert model.config.hidden == 32 and model.config.global_attention == "fc"

    wrong = command(*train, "--set", "sise=3")
    assert wrong.exit_code == 1 and "Received: ['sise']" in wrong.stderr
    again = command(*train, "--no-resume")
    assert again.exit_code == 1
    assert "holds a run already" in again.stderr


def test_options_of_the_reader(command, w300, tmp_path):
    """They reach the reader, and one that it does not have is named."""
    cut = ("prepare", w300, "--model", "musica19-300w", "--cache")
    assert command(*cut, "crops").exit_code == 0
    first, *others = CropCache.open(tmp_path / "crops").names
    assert command(*cut, "fewer", "--reader", f"exclude={json.dumps([first])}").exit_code == 0
    assert CropCache.open(tmp_path / "fewer").names == tuple(others)
    train = ("train", "musica19-300w", "--data", w300, "--steps", 2)
    measure = ("evaluate", "musica19-synth", "--data", w300, "--protocol", "300w-common-inter_ocular")
    for arguments in ((*cut, "other"), train, measure, ("prepare", w300, "--check")):
        wrong = command(*arguments, "--reader", "stride=2")
        assert wrong.exit_code == 1 and "takes the options" in wrong.stderr and "['stride']" in wrong.stderr
    assert "`--reader` takes KEY=VALUE" in command(*train, "--reader", "mirrors").stderr


def test_options_that_rendering_has_no_use_for(command, w300):
    for option in (("--cache", "crops"), ("--balance", "pdb"), ("--skip-broken",), ("--reader", "stride=2")):
        run = command("train", "musica19-synth", "--render", "head.npz", *option)
        assert run.exit_code == 2 and option[0] in run.stderr and "--render" in run.stderr
    run = command("train", "musica19-300w", "--data", w300, "--backgrounds", "photos")
    assert run.exit_code == 2 and "--backgrounds" in run.stderr


def test_rendering_does_not_go_on_with_a_run_unasked(command, tmp_path):
    (tmp_path / "runs/musica19-synth").mkdir(parents=True)
    (tmp_path / "runs/musica19-synth/state.json").write_text("{}")
    run = command("train", "musica19-synth", "--render", "head.npz", "--no-resume")
    assert run.exit_code == 1 and "holds a run already" in run.stderr


def test_train_without_the_data(command):
    run = command("train", "musica19-300w", "--data", "nowhere")
    assert run.exit_code == 2
    assert "nowhere" in run.stderr
    assert "Traceback" not in run.output
