"""Ablation tables: data of the papers, and the runs that fill them."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from kerasalign.cli.main import app
from kerasalign.datasets import make_miniature
from kerasalign.evaluation.ablation import run_ablation
from kerasalign.hub import get_recipe, read_manifest
from kerasalign.metrics import get_protocol
from kerasalign.models import get_ablation, list_ablations
from kerasalign.models.aan import AANConfig
from kerasalign.models.aan.recipe import AANRecipe
from kerasalign.models.ablation import Ablation, Row

PROTOCOL = "300w-common-inter_ocular"


@pytest.mark.parametrize("name", list_ablations())
def test_every_row_is_a_network_of_its_preset_and_has_the_paper_s_number(name):
    ablation = get_ablation(name)
    recipe = get_recipe(ablation.preset)
    own = {result.protocol: result.nme for result in read_manifest()[ablation.preset].paper_results}
    for row in ablation.rows:
        plan = row.apply(recipe).resolved()
        assert plan.model.crop.size == recipe.model.crop.size and plan.batch_size
        for protocol, nme in row.paper.items():
            assert get_protocol(protocol).markup in (recipe.markup.name, "68") and 0 < nme < 100
        if not row.model and not row.recipe:
            # The table's own network is the preset: both hold the same printed number.
            assert all(own[protocol] == nme for protocol, nme in row.paper.items() if protocol in own)
    assert len({(str(row.model), str(row.recipe)) for row in ablation.rows}) >= len(ablation.rows) - 1


def test_rows_differ_in_what_they_say():
    scc, musica = get_ablation("scc-table7"), get_ablation("musica-table4")
    assert [row.apply(get_recipe("scc-wflw")).model.neighbors for row in scc.rows] == [1, 2, 3, 4, 5, 10, 20, 40, 97]
    assert musica.row("balanced by pose (PDB)").apply(get_recipe("musica-300w")).balance == "pdb"
    sdu = get_ablation("sdu-table1").row("Hourglass2-CAB").apply(get_recipe("sdu-300w")).resolved()
    assert (sdu.model.resolved().deformable, sdu.batch_size, sdu.augment) == (0, 40, "sdu")
    with pytest.raises(ValueError, match=r"of scc-table7. Received: row='k = 6'"):
        scc.row("k = 6")
    with pytest.raises(ValueError, match=r"`name` must be one of .*'scc-table5'"):
        get_ablation("scc-table9")
    with pytest.raises(ValueError, match="names of their own"):
        Ablation("x", "y", "scc-300w", (Row("a"), Row("a")))


TABLE = Ablation(
    "tiny-table1",
    "What a map buys",
    "aan-300w",
    (Row("AAN", paper={PROTOCOL: 4.0}), Row("no attention", {"attention": False}, note="read with care")),
)
RECIPE = AANRecipe(
    AANConfig(markup="68", stem=8, channels=(8,), embedding=4, size=32), steps=1, batch_size=2, validation=0
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_miniature("300w", tmp_path_factory.mktemp("data") / "300w", faces=2)


def test_rows_are_trained_alike_measured_and_not_trained_again(data, tmp_path):
    saved = []
    options = {"seeds": 2, "verbose": 0, "on_row": lambda report: saved.append(report.to_dict())}
    report = run_ablation(TABLE, RECIPE, data, tmp_path, [PROTOCOL], **options)
    assert list(report.rows) == ["AAN", "no attention"] and len(saved) == 4
    nmes = [[run["nme"][PROTOCOL] for run in row["seeds"]] for row in report.rows.values()]
    assert np.isfinite(nmes).all() and report.rows["AAN"]["parameters"] > report.rows["no attention"]["parameters"]
    table = report.table()
    assert table.rows[0][2] == f"{np.mean(nmes[0]):.2f} ± {np.std(nmes[0], ddof=1):.2f}" and table.rows[0][4] == "4.00"
    assert table.rows[1][3] == f"{100 * (np.mean(nmes[1]) / np.mean(nmes[0]) - 1):+.1f} %"
    assert "no attention: read with care" in table.notes and "steps 1" in table.notes[0]
    cards = sorted(tmp_path.glob("*/seed-*/run.json"))
    assert [json.loads(card.read_text())["settings"]["seed"] for card in cards] == [0, 1, 0, 1]
    # Done rows are read; a result of other settings is not.
    (tmp_path / "aan" / "seed-0" / "last.weights.h5").unlink()
    again = run_ablation(TABLE, RECIPE, data, tmp_path, [PROTOCOL], seeds=2, verbose=0)
    assert again.to_dict()["rows"] == report.to_dict()["rows"]
    with pytest.raises(ValueError, match=r"other settings: \['steps'"):
        run_ablation(TABLE, RECIPE.with_settings(steps=2), data, tmp_path, [PROTOCOL], rows=["no attention"])


def test_the_command_lists_and_shows_tables():
    listed = CliRunner().invoke(app, ["ablation", "--json"])
    assert {row["name"] for row in json.loads(listed.stdout)} == set(list_ablations())
    shown = CliRunner().invoke(app, ["ablation", "musica-table4"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0 and "local_attention=False" in shown.stdout and "8.72" in shown.stdout
    unknown = CliRunner().invoke(app, ["ablation", "musica-table5"])
    assert unknown.exit_code == 1
