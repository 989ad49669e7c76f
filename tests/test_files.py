import json

import pytest

from kerasalign.files import sha256, write_json, written_beside


def test_a_failed_write_leaves_the_good_file_and_no_draft(tmp_path):
    path = tmp_path / "deep" / "a.json"
    write_json(path, {"good": 1})
    with pytest.raises(RuntimeError), written_beside(path) as draft:
        draft.write_text("half")
        raise RuntimeError("killed")
    assert json.loads(path.read_text()) == {"good": 1}
    assert [p.name for p in path.parent.iterdir()] == ["a.json"]


def test_a_writer_that_writes_nothing_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError), written_beside(tmp_path / "a.txt"):
        pass


def test_sha256(tmp_path):
    (tmp_path / "x").write_bytes(b"abc")
    assert sha256(tmp_path / "x") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
