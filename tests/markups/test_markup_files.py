import json
from dataclasses import replace

import numpy as np
import pytest

from kerasalign.markups import get_markup, list_markups, load_markup, save_markup

FOUR = {
    "name": "eyes-4",
    "mean_shape": [[-3, 0], [-1, 0.5], [1, 0.5], [3, 0]],
    "flip_pairs": [[0, 3], [1, 2]],
    "parts": {"right_eye": "0-1", "left_eye": [2, 3]},
    "eyes": {"inter_ocular": [[0], [3]]},
    "boundaries": {"right_eye": [0, 1], "left_eye": ["2-3"]},
    "conversions": {"two": [[0, 1], [2, 3]]},
}
YAML = """
name: eyes-4
mean_shape: [[-3, 0], [-1, 0.5], [1, 0.5], [3, 0]]
flip_pairs: [[0, 3], [1, 2]]
parts: {right_eye: 0-1, left_eye: [2, 3]}
eyes: {inter_ocular: [[0], [3]]}
boundaries: {right_eye: [0, 1], left_eye: [2-3]}
conversions: {two: [[0, 1], [2, 3]]}
"""


def save(tmp_path, spec):
    path = tmp_path / "markup.json"
    path.write_text(json.dumps(spec))
    return path


@pytest.mark.parametrize("suffix", ["json", "yaml", "yml"])
def test_markup_from_a_file(tmp_path, suffix):
    path = tmp_path / f"markup.{suffix}"
    path.write_text(json.dumps(FOUR) if suffix == "json" else YAML)
    markup = load_markup(path)
    assert (markup.name, markup.num_points, tuple(markup.flip)) == ("eyes-4", 4, (3, 2, 1, 0))
    assert tuple(markup.parts["right_eye"]) == (0, 1)
    assert markup.eye_groups("inter_ocular") == ((0,), (3,))
    assert markup.edges == ((0, 1), (2, 3))
    assert np.ptp(markup.mean_shape[:, 0]) == 1
    np.testing.assert_allclose(markup.convert(np.float64(FOUR["mean_shape"]), "two"), [[-2, 0.25], [2, 0.25]])


def test_three_keys_are_enough(tmp_path):
    markup = load_markup(save(tmp_path, {key: FOUR[key] for key in ("name", "mean_shape", "flip_pairs")}))
    assert dict(markup.parts) == {"face": (0, 1, 2, 3)}
    assert markup.edges == ()


def test_a_markup_without_parts_stays_without(tmp_path):
    bare = replace(load_markup(save(tmp_path, FOUR)), parts={})
    save_markup(bare, tmp_path / "bare.json")
    assert load_markup(tmp_path / "bare.json").same_as(bare)


@pytest.mark.parametrize("name", ["68", "98", "29", "19", "5"])
def test_a_registered_markup_survives_a_file(tmp_path, name):
    markup = get_markup(name)
    spec = {
        "name": "copy",
        "mean_shape": markup.mean_shape.tolist(),
        "flip_pairs": [[a, b] for a, b in enumerate(markup.flip) if a < b],
        "parts": {key: list(points) for key, points in markup.parts.items()},
        "eyes": {key: [list(side) for side in sides] for key, sides in markup.eyes.items()},
        "boundaries": {key: list(points) for key, points in markup.boundaries.items()},
    }
    copy = load_markup(save(tmp_path, spec))
    assert copy.edges == markup.edges
    assert tuple(copy.flip) == tuple(markup.flip)
    np.testing.assert_allclose(copy.mean_shape, markup.mean_shape)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"flip_pairs": None}, "`flip_pairs` must hold a list"),
        ({"flip_pairs": [[0, 9]]}, r"`flip_pairs` must name points in 0\.\.3"),
        ({"flip_pairs": [[0, 1, 2]]}, "pairs of points"),
        ({"flip_pairs": [[0, 1], [1, 2]]}, "swapped with one other"),
        ({"mean_shape": [[0, 1]]}, "`mean_shape`"),
        ({"mean_shape": "average.npy"}, "`mean_shape`"),
        ({"mean_shape": [[-3, 0], [-1, "a"], [1, 0], [3, 0]]}, "could not convert"),
        ({"mean_shape": [[-3, 0], [-1, None], [1, 0], [3, 0]]}, "mean_shape"),
        ({"parts": {"eye": [0, 4]}}, r"`parts` must name points in 0\.\.3"),
        ({"parts": {"eye": [0.5]}}, "whole number"),
        ({"parts": {"eye": "all"}}, "whole number"),
        ({"parts": [0, 1]}, "`parts` must be a mapping"),
        ({"eyes": {"inter_ocular": [[0]]}}, "right points, left points"),
        ({"boundaries": {"eye": []}}, "`boundaries` must name points"),
        ({"pairs": []}, r"unknown: \['pairs'\]"),
    ],
)
def test_what_is_wrong_is_named_with_the_file(tmp_path, changes, reason):
    path = save(tmp_path, {**FOUR, **changes})
    with pytest.raises(ValueError, match=reason) as caught:
        load_markup(path)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("m.json", "{", "not a markup file"),
        ("m.yaml", "a: [", "not a markup file"),
        ("m.yaml", "", "a mapping of keys. Received: NoneType"),
        ("m.json", "[1, 2]", "a mapping of keys. Received: list"),
        ("m.json", '{"name": "x"}', r"missing: \['mean_shape', 'flip_pairs'\]"),
        ("m.txt", "{}", r"\.json, \.yaml or \.yml"),
    ],
)
def test_a_file_that_is_no_markup(tmp_path, file, content, reason):
    (tmp_path / file).write_text(content)
    with pytest.raises(ValueError, match=reason):
        load_markup(tmp_path / file)


@pytest.mark.parametrize("name", list_markups())
def test_save_markup_writes_what_load_markup_reads(tmp_path, name):
    markup = get_markup(name)
    save_markup(markup, tmp_path / "saved.json")
    again = load_markup(tmp_path / "saved.json")
    assert again.same_as(markup) and np.array_equal(again.mean_shape, markup.mean_shape)
    assert {key: list(map(tuple, groups)) for key, groups in again.conversions.items()} == {
        key: list(map(tuple, groups)) for key, groups in markup.conversions.items()
    }
