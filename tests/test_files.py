import json

import pytest

from kerasalign.support.files import folder_beside, sha256, write_json, written_beside


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


def test_drafts_of_killed_processes_are_in_nobodys_way(tmp_path):
    """A container's only process always has the same number."""
    path = tmp_path / "made"
    drafts = set()
    for _ in range(2):
        with folder_beside(path, "mark") as draft:
            drafts.add(draft)
            (draft / "mark").touch()
        drafts.update(tmp_path.glob(".*"))
        draft.mkdir()
    assert len(drafts) == 2 and (path / "mark").is_file()


def test_names_as_long_as_a_disk_allows(tmp_path):
    path = tmp_path / ("写" * 83 + ".png")
    with written_beside(path) as draft:
        assert draft.suffix == ".png"
        draft.write_text("whole")
    assert path.read_text() == "whole"


def test_sha256(tmp_path):
    (tmp_path / "x").write_bytes(b"abc")
    assert sha256(tmp_path / "x") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
