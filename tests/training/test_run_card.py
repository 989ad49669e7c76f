"""Run cards: what is written is read, and what is no run card says so."""

import json
from pathlib import Path

import numpy as np
import pytest

from kerasalign.training import RunCard

RESULTS = Path(__file__).resolve().parents[2] / "benchmarks" / "results"
CARDS = sorted(path for path in RESULTS.glob("*-run*.json") if "short" not in path.name)


def test_a_card_is_read_as_it_was_written(tmp_path):
    row = {"epoch": 1, "step": 3, "nme": 4.5, "loss": float("inf")}
    card = RunCard("aan", {"steps": np.int64(3), "sizes": (1, 2)}, {"class": "AAN"}, {"a.png": "broken"}, curve=[row])
    card.write(tmp_path / "run.json")
    again = RunCard.read(tmp_path / "run.json")
    assert again == card and again.best is None and again.seconds == 0.0
    assert again.settings == {"steps": 3, "sizes": [1, 2]} and again.curve == [row]


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.stem)
def test_the_published_cards_are_read(path):
    card = RunCard.read(path)
    assert card.best and card.best["epoch"] <= len(card.curve)
    assert card.to_json() == {"skipped": {}} | json.loads(path.read_text("utf-8"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is no run card: it is not JSON"),
        ("[]", "must be a mapping. Received: list"),
        ('{"model": {}}', r"Received: without \['recipe', 'settings'\], unknown \[\]"),
        ('{"recipe": "aan", "settings": {}, "model": {}, "sead": 1}', r"Received: without \[\], unknown \['sead'\]"),
        ('{"recipe": "aan", "settings": {}, "model": 3}', "`model` must be a mapping. Received: model=3"),
        ('{"recipe": "aan", "settings": {}, "model": {}, "curve": [1]}', "`curve` must be a list of mappings"),
        ('{"recipe": "aan", "settings": {}, "model": {}, "best": 1}', "`best` must be a mapping or null"),
    ],
)
def test_what_is_no_card_says_what_is_wrong(content, message, tmp_path):
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(ValueError, match=message) as caught:
        RunCard.read(tmp_path / "run.json")
    assert str(tmp_path / "run.json") in str(caught.value)
