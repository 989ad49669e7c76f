"""What networks and other people's presets can hold: nothing wrong is kept, built, printed or published."""

import json

import h5py
import pytest
from typer.testing import CliRunner

import kerasalign
from kerasalign.cli import app
from kerasalign.core.weight_shapes import TooLarge, only_weights_of, stored_shapes
from kerasalign.hub import DownloadFailed, WeightsError, publish, resolve
from kerasalign.hub.folder import ENTRY, WEIGHTS, read_entry
from kerasalign.markups import get_markup, save_markup
from kerasalign.models import list_papers, read_config
from kerasalign.models.registry import get_paper
from tests.support.entries import architecture, weights_entry
from tests.support.limits import bounded

PAGE = b"<!DOCTYPE html><html><body>Log in to the network</body></html>"
ESCAPE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202etxt"


def write_preset(folder, content=b"the numbers", weights=None, **changes):
    """A preset's folder with these weights."""
    entry = {
        "paper": "tiny",
        "dataset": "drawn",
        "architecture": architecture("5"),
        "crop": {"size": 48, "scale": 1.5},
        "weights": weights_entry(content, file=WEIGHTS, source="folder") | (weights or {}),
    } | changes
    folder.mkdir()
    (folder / WEIGHTS).write_bytes(content)
    (folder / ENTRY).write_text(json.dumps({"version": 1, "name": "mine", "preset": entry}))
    save_markup(get_markup("5"), folder / "markup.json")
    return folder


def change_architecture(folder, **fields):
    content = json.loads((folder / ENTRY).read_text())
    content["preset"]["architecture"] |= fields
    (folder / ENTRY).write_text(json.dumps(content))


@pytest.fixture
def published(server, catalog, tmp_path):
    folder = write_preset(tmp_path / "mine")
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    return server, f"hf://user/name@{server.add('user/name', files)}"


@pytest.mark.parametrize("content", [PAGE, b'{"version": 1, "na', b"", b"[]"])
@pytest.mark.parametrize("file", ["preset.json", "markup.json"])
def test_what_is_not_the_file_does_not_stay_in_the_cache(published, caplog, file, content):
    server, address = published
    commit = address.partition("@")[2]
    for method in ("HEAD", "GET"):
        server.faults[f"{method} /user/name/resolve/{commit}/{file}"] = {"content": content, "times": 1}
    assert resolve(address).preset.name == "mine"
    assert f"{file} of user/name is not what the Hub has there" in caplog.text
    server.faults.clear()
    assert resolve(address).preset.name == "mine"


@pytest.mark.parametrize("file", ["preset.json", "markup.json"])
def test_a_network_that_always_answers_by_its_login_page(published, file):
    server, address = published
    server.faults[f"/{file}"] = {"content": PAGE}
    with pytest.raises(DownloadFailed, match=r"is not that file, twice.*a log-in page of the network is in the way"):
        resolve(address)
    server.faults.clear()
    assert resolve(address).preset.name == "mine"


def test_an_entry_of_the_author_that_is_wrong_is_said_to_be(server, catalog):
    address = f"hf://user/name@{server.add('user/name', {ENTRY: b'{}'})}"
    with pytest.raises(ValueError, match="A preset's entry is an object of `version` 1"):
        resolve(address)
    assert sum(ENTRY in request and "GET" in request for request in server.requests) == 1


HOSTILE = {"hidden": 30_000, "levels": [1, 0] * 400, "patches": [0, 3] * 400, "size": 4000}


@pytest.mark.parametrize("field", HOSTILE)
def test_a_network_of_another_size_than_its_weights_is_not_built(catalog, tmp_path, weights_files, field):
    folder = write_preset(tmp_path / "mine", weights_files["5"])
    assert kerasalign.load(folder).num_landmarks == 5
    change_architecture(folder, **{field: HOSTILE[field]})
    with bounded(20, 300), pytest.raises((WeightsError, ValueError), match=r"weight|crop|Received"):
        kerasalign.load(folder)


def test_variables_are_counted_before_their_memory_is_taken(tmp_path, weights_files):
    import keras

    (tmp_path / WEIGHTS).write_bytes(weights_files["5"])
    with only_weights_of(tmp_path / WEIGHTS):
        with bounded(2, 10), pytest.raises(TooLarge, match=r"shape \(100000, 100000\)"):
            keras.layers.Dense(100_000).build((None, 100_000))
        with pytest.raises(TooLarge, match="more weights than"):
            for _ in range(100_000):
                keras.Variable("zeros", shape=(8,))
    with only_weights_of(None), bounded(2, 10), pytest.raises(TooLarge, match="the most that are built without"):
        keras.layers.Dense(100_000).build((None, 100_000))
    keras.layers.Dense(8).build((None, 5000))  # outside of the block nothing is counted


def test_weights_that_are_not_in_their_file(tmp_path):
    with h5py.File(tmp_path / "sparse.weights.h5", "w") as file:
        file.create_dataset("huge", (100_000, 100_000), "float32", chunks=(100, 100))
    with h5py.File(tmp_path / "zipped.weights.h5", "w") as file:
        file.create_dataset("zeros", data=[0.0] * 100_000, compression="gzip")
    with h5py.File(tmp_path / "external.weights.h5", "w") as file:
        file.create_dataset("passwd", (100,), "uint8", external=[("/etc/passwd", 0, 100)])
    for path in tmp_path.iterdir():
        with pytest.raises(ValueError, match="are not stored in the file"):
            stored_shapes(path)


WRONG = [None, "x" * 50, [], {}, [[1]], -1, 0, 1.5, 1e308, 10**400, float("nan"), float("inf"), True, [1] * 100_000]
CLASSES = [(paper, name) for paper in list_papers() for name in get_paper(paper).models]


@pytest.mark.parametrize(("paper", "name"), CLASSES)
def test_every_field_of_a_hostile_architecture_is_checked(paper, name):
    """Each is either taken or refused by a `ValueError` of ours; nothing else is raised."""
    own = get_paper(paper).models[name]().to_json()
    refused = 0
    for field in own:
        for value in WRONG:
            try:
                assert read_config({"class": name} | own | {field: value}).crop
            except ValueError as error:
                refused += 1
                assert len(str(error)) < 1500
    assert refused > len(own)


@pytest.mark.parametrize("value", [*WRONG, [[[[]]]]], ids=range(len(WRONG) + 1))
@pytest.mark.parametrize("place", ["crop", "weights", "measured", "training_data", "name"])
def test_every_part_of_a_hostile_entry_is_checked(catalog, tmp_path, place, value):
    folder = write_preset(tmp_path / "mine")
    content = json.loads((folder / ENTRY).read_text())
    entry = content["preset"]
    match place:
        case "crop":
            entry["crop"] = {"size": value, "scale": value}
        case "weights":
            entry["weights"] |= {"bytes": value, "license": value}
        case "measured":
            entry["measured"] = [{"protocol": value, "nme": value}]
        case "training_data":
            entry["weights"]["training_data"] = [{"name": value, "terms": value, "faces": value}]
        case "name":
            entry["dataset"] = entry["notes"] = value
    try:
        text = json.dumps(content)
    except ValueError:
        return
    (folder / ENTRY).write_text(text)
    try:
        assert read_entry(folder / ENTRY)
    except ValueError as error:
        assert "preset.json" in str(error)


def test_an_entry_nested_too_deep(catalog, tmp_path):
    folder = write_preset(tmp_path / "mine")
    (folder / ENTRY).write_text('{"version": 1, "preset": ' + '{"a":' * 50_000)
    with pytest.raises(ValueError, match=r"preset\.json: .*nested too deep"):
        kerasalign.info(folder)
    with (folder / ENTRY).open("wb") as stream:
        stream.truncate(10 * 2**30)
    with bounded(2, 10), pytest.raises(ValueError, match="more than"):
        kerasalign.info(folder)


def test_escape_sequences_of_a_preset_do_not_reach_the_terminal(catalog, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    weights = {"license": ESCAPE, "training_data": [{"name": ESCAPE, "terms": ESCAPE, "faces": 1}]}
    write_preset(tmp_path / "mine", weights=weights, notes=ESCAPE, dataset=ESCAPE)
    told = [str(kerasalign.info("./mine")), CliRunner().invoke(app, ["info", "./mine"]).output]
    (tmp_path / "mine" / ENTRY).write_text(json.dumps({"version": ESCAPE}))
    told.append(CliRunner().invoke(app, ["info", "./mine"]).output)
    told.append(CliRunner().invoke(app, ["info", f"no-such-{ESCAPE}"]).output)
    for text in told:
        assert "owned" in text and "\\x1b" in text
        assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(text)


@pytest.mark.parametrize("name", [ENTRY, "markup.json", "README.md", WEIGHTS])
def test_links_are_not_published(catalog, tmp_path, name):
    folder = write_preset(tmp_path / "mine")
    (folder / "README.md").touch()
    secret = (folder / name).rename(tmp_path / "secret")
    try:
        (folder / name).symlink_to(secret)
    except OSError:
        pytest.skip("links cannot be made here")
    with pytest.raises(ValueError, match="a link is not published"):
        publish(folder, "user/name", dry_run=True)
