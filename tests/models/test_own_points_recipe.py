"""A user's own points are trained on and measured like a published data set's."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

from kerasalign.datasets import make_miniature
from kerasalign.evaluation import evaluate_model
from kerasalign.evaluation.early_exit import cascade_errors
from kerasalign.markups import Markup, flip_from_pairs, register_markup
from kerasalign.metrics import Protocol
from kerasalign.models.musica import MuSiCaConfig
from kerasalign.models.musica.recipe import MuSiCaRecipe
from kerasalign.synth import SceneConfig
from kerasalign.synth.dataset.series import Series, write_series
from kerasalign.training import RunCard, crop_cache

pytestmark = pytest.mark.usefixtures("eagerly")

SEVEN = Markup(
    name="own-seven",
    num_points=7,
    parts={"eyes": (0, 1), "nose": (2,), "mouth": (3, 4, 5), "chin": (6,)},
    flip=flip_from_pairs(7, [(0, 1), (3, 4)]),
    eyes={"inter_ocular": ((0,), (1,))},
    boundaries={"mouth": (3, 5, 4)},
    mean_shape=[[-40, -40], [40, -40], [0, 0], [-20, 30], [20, 30], [0, 35], [0, 60]],
)
MODEL = MuSiCaConfig(markup="5", patches=[0, 1, 2], levels=[0], hidden=8, size=64, box_side=40)
SHORT = {"steps": 2, "steps_per_epoch": 2, "batch_size": 2, "validation": 0, "balance": "none", "schedule": "cosine"}
PROTOCOL = Protocol("own", "csv", "test", None, SEVEN.name, "inter_ocular")


@pytest.fixture(scope="module", autouse=True)
def registered():
    register_markup(SEVEN)


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """`train.csv` and `test.csv` whose photos lie elsewhere."""
    folder, rng = tmp_path_factory.mktemp("own"), np.random.default_rng(0)
    (folder / "photos").mkdir()
    (folder / "points").mkdir()
    header = ["image", *(f"{axis}{i}" for i in range(7) for axis in "xy")]
    for split in ("train", "test"):
        rows = []
        for face in range(5):
            name = f"{split}{face}.png"
            Image.fromarray(rng.integers(1, 255, (120, 120, 3)).astype("uint8")).save(folder / "photos" / name)
            points = SEVEN.mean_shape * 50 + 60 + rng.normal(0, 1, (7, 2))
            rows.append([name, *points.ravel().round(2)])
        with (folder / "points" / f"{split}.csv").open("w", newline="") as file:
            csv.writer(file).writerows([header, *rows])
    return folder


def test_own_points_are_trained_and_measured(own, tmp_path):
    options = {"images": str(own / "photos")}
    recipe = MuSiCaRecipe(MODEL.replace(markup=SEVEN.name), dataset="csv", reader_options=options, **SHORT)
    model = recipe.fit(own / "points", tmp_path / "run", verbose=0)
    assert model.markup.name == SEVEN.name
    card = json.loads((tmp_path / "run" / "run.json").read_text())
    # A card is published with the weights: it names the folder of the photos, not where that is.
    assert card["settings"]["faces"] == 5 and card["settings"]["reader_options"] == {"images": "photos"}
    report = evaluate_model(model, own / "points", [PROTOCOL], reader_options=options, n_bootstrap=1)
    assert np.isfinite(report.evaluations[0].nmes).all() and len(report.samples) == 5
    assert report.to_dict()["reader_options"] == options
    errors = cascade_errors(model, own / "points", PROTOCOL, reader_options=options)
    np.testing.assert_allclose(errors.nmes[:, -1], report.evaluations[0].nmes, rtol=1e-3)
    with pytest.raises(ValueError, match=r"takes the options .*'markup', 'images'.*Received: \['image'\]"):
        evaluate_model(model, own / "points", [PROTOCOL], reader_options={"image": "photos"})


def test_a_folder_of_renders_has_the_points_of_the_model(tmp_path):
    data = tmp_path / "renders"
    write_series(Series(seed=5, size=64, scene=SceneConfig.preset("plain")), 5, data, progress=False)
    recipe = MuSiCaRecipe(MODEL.replace(markup="98"), dataset="synth", **SHORT)
    cache = crop_cache(recipe, data, tmp_path / "cache")
    assert cache.markup == "98" and cache.landmarks.shape[1:] == (98, 2)
    model = recipe.fit(data, tmp_path / "run", cache_dir=tmp_path / "cache", verbose=0)
    assert model.output["landmarks"].shape[1:] == (98, 2)
    assert RunCard.read(tmp_path / "run" / "run.json").settings["reader_options"] == {}


def test_points_that_a_data_set_does_not_have_are_refused_early(tmp_path):
    data = make_miniature("300w", tmp_path / "300w", faces=1)
    recipe = MuSiCaRecipe(MODEL.replace(markup="98"), dataset="300w", **SHORT)
    with pytest.raises(ValueError, match="markup '98' has 98 points, but 300w is read in markup '68'"):
        recipe.fit(data, tmp_path / "run")


def test_frames_of_a_video_are_held_out_together(tmp_path):
    data = make_miniature("300vw", tmp_path / "300vw")
    recipe = MuSiCaRecipe(MODEL.replace(markup="68"), dataset="300vw", **SHORT | {"validation": 3})
    cache = crop_cache(recipe, data, tmp_path / "cache")
    trained_on = []

    class Seen(MuSiCaRecipe):
        def learned_config(self, cache, train):
            trained_on.extend(train)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Seen(recipe.model, dataset="300vw", **SHORT | {"validation": 3}).fit(
            data, tmp_path, cache_dir=tmp_path / "cache"
        )
    videos = [name.split("/")[0] for name in cache.names]
    train = {videos[i] for i in trained_on}
    held_out = {videos[i] for i in set(range(len(cache))) - set(trained_on)}
    assert train and held_out and not train & held_out
