"""`kerasalign train --markup`: points of the user's own, from what a preset knows."""

import csv

import numpy as np
import pytest
from PIL import Image

import kerasalign
from kerasalign.cli.own_training import START, find_markup, own_run
from kerasalign.markups import get_markup, unregister_markup
from kerasalign.models import MuSiCa
from kerasalign.models.musica.recipe import MuSiCaRecipe
from kerasalign.training import RunCard
from tests.support.cases import set_known_weights

pytestmark = pytest.mark.usefixtures("eagerly")

SHORT = {"steps": 2, "steps_per_epoch": 2, "batch_size": 2, "validation": 0, "balance": "none", "schedule": "cosine"}
MARKUP = """
name: "eyes-and-nose"
mean_shape: [[-30, -20], [30, -20], [0, 10], [0, 40]]
flip_pairs: [[0, 1]]
eyes: {inter_ocular: [[0], [1]]}
boundaries: {midline: [2, 3]}
"""


@pytest.fixture
def own(tmp_path):
    """A markup's file, annotations and a small preset of 19 points."""
    (tmp_path / "mine.yaml").write_text(MARKUP)
    shape, rng = np.array([[-30, -20], [30, -20], [0, 10], [0, 40]]), np.random.default_rng(0)
    with (tmp_path / "points.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["image", *(f"{axis}{i}" for i in range(4) for axis in "xy")])
        for index in range(5):
            Image.fromarray(rng.integers(1, 255, (120, 120, 3)).astype("uint8")).save(tmp_path / f"{index}.png")
            writer.writerow([f"{index}.png", *(shape + 60 + rng.normal(0, 1, (4, 2))).ravel().round(2)])
    model = MuSiCa(markup="19", patches=range(0, 19, 3), levels=[0], hidden=8, size=64, box_side=40)
    set_known_weights(model)
    kerasalign.save_preset(model, tmp_path / "preset")
    yield tmp_path, model
    unregister_markup("eyes-and-nose")


def test_a_run_starts_from_the_preset_s_points(own):
    folder, model = own
    markup = find_markup(str(folder / "mine.yaml"))
    recipe = MuSiCaRecipe(model.config, **SHORT)
    made = own_run(f"{folder}/preset", recipe, markup, folder / "points.csv", {}, folder / "run", None)
    assert made.recipe.dataset == "csv" and made.recipe.split == "all" and made.weights == folder / "run" / START
    assert not made.recipe.learn and made.recipe.model.patch_places is not None
    trained = made.recipe.fit(made.sources, folder / "run", initial_weights=made.weights, verbose=0)
    assert trained.markup is get_markup("eyes-and-nose") and trained.num_landmarks == 4
    # Two steps do not move the convolutions of the preset far.
    old, new = (network.cascade[0].conv1.get_weights()[0] for network in (model, trained))
    assert np.abs(old - new).max() < 0.02
    card = RunCard.read(folder / "run" / "run.json")
    assert card.settings["learn"] is False and card.settings["faces"] == 5


def test_a_preset_without_weights_starts_anew(own):
    folder, model = own
    markup = find_markup(str(folder / "mine.yaml"))
    recipe = MuSiCaRecipe(model.config, **SHORT)
    made = own_run("musica-wflw", recipe, markup, folder / "points.csv", {}, folder / "run", None)
    assert made.weights is None and made.recipe.learn and made.recipe.model.scheme is markup
    given = own_run(f"{folder}/preset", recipe, markup, folder / "points.csv", {}, folder / "run", folder / "w.h5")
    assert given.weights == folder / "w.h5"


def test_a_markup_by_name_or_file(tmp_path):
    assert find_markup("98") is get_markup("98")
    with pytest.raises(ValueError, match="must be one of"):
        find_markup("unheard-of")
    with pytest.raises(OSError, match=r"mine\.yaml"):
        find_markup(str(tmp_path / "mine.yaml"))


def test_the_command_says_what_it_needs(command, tmp_path):
    run = command("train", "musica19-synth", "--markup", "5", "--render", tmp_path)
    assert run.exit_code == 2 and "--markup needs --data" in run.output
    run = command("train", "musica19-synth", "--data", "nowhere.csv", "--markup", "5")
    assert run.exit_code == 2 and "does not exist" in run.output
