"""Writers that are killed, and writers that meet."""

import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from kerasalign.support import drafts
from kerasalign.support.files import folder_beside, write_json, written_beside
from kerasalign.support.locks import Locked, locked

SIZE = 20_000


def write_folder(path, number):
    with folder_beside(path, "mark") as draft:
        for name in ("mark", "a", "b"):
            (draft / name).write_bytes(bytes([number]) * SIZE)


def read_folder(path):
    """What a reader finds in a folder that it has opened: the files of one writer."""
    folder = os.open(path, os.O_RDONLY)
    try:
        contents = []
        for name in ("a", "b"):
            file = os.open(name, os.O_RDONLY, dir_fd=folder)
            contents.append(os.read(file, SIZE + 1))
            os.close(file)
        return contents
    finally:
        os.close(folder)


@pytest.mark.parametrize("atomic", [True, False])
def test_writers_of_one_folder_never_mix_or_raise(tmp_path, monkeypatch, atomic):
    if not atomic:
        monkeypatch.setattr("kerasalign.support.files.exchange", lambda one, other: False)
    path = tmp_path / "made"
    write_folder(path, 1)
    with ThreadPoolExecutor(8) as pool:
        writers = [pool.submit(write_folder, path, number % 250) for number in range(200)]
        problems, read = [], 0
        while not all(writer.done() for writer in writers):
            try:
                a, b = read_folder(path)
            except FileNotFoundError as error:
                problems.append(error)
                continue
            assert len(a) == len(b) == SIZE and len({*a, *b}) == 1
            read += 1
    assert not [writer.exception() for writer in writers if writer.exception()]
    assert read and [entry.name for entry in tmp_path.iterdir()] == ["made"]


def test_readers_always_find_a_folder_where_the_system_can_exchange_names(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    if not drafts.exchange(one, other):
        pytest.skip("this system cannot exchange two names in one step")
    path = tmp_path / "made"
    write_folder(path, 1)
    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(write_folder, path, 2) for _ in range(100)]
        while not all(writer.done() for writer in writers):
            assert path.is_dir()
    with pytest.raises(FileNotFoundError):
        drafts.exchange(one, tmp_path / "missing")


def draft_of(tmp_path, pid, age, owner=None):
    """A draft of a process that was killed."""
    real = drafts.draft_path(tmp_path / "state.weights.h5").name
    _, mine, number, rest = real.split("-", 3)
    assert int(number) == os.getpid()
    path = tmp_path / f".draft-{owner or mine}-{pid}-{rest}"
    path.write_bytes(bytes(100))
    os.utime(path, (time.time() - age,) * 2)
    return path


def ended_process():
    pid = os.fork() if hasattr(os, "fork") else pytest.skip("no fork here")
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return pid


def test_drafts_of_killed_runs_are_removed_at_the_next_start(tmp_path, monkeypatch):
    ended = ended_process()
    old = draft_of(tmp_path, ended, 3600)
    fresh = draft_of(tmp_path, ended, 0)
    running = draft_of(tmp_path, os.getpid(), 3600)
    elsewhere = draft_of(tmp_path, ended, 3600, "abcdef")
    elsewhere_old = draft_of(tmp_path, ended, 3 * 86400, "abcdef")
    folder = draft_of(tmp_path, ended, 3600)
    folder.unlink()
    folder.mkdir()
    (folder / "model.onnx").write_bytes(bytes(10))
    os.utime(folder, (time.time() - 3600,) * 2)
    (tmp_path / ".draft-of-a-user.txt").touch()
    monkeypatch.setattr(drafts, "_swept", set())
    write_json(tmp_path / "state.json", {})
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {fresh.name, running.name, elsewhere.name, "state.json", ".draft-of-a-user.txt"}
    assert not {old.name, elsewhere_old.name, folder.name} & left


def test_a_draft_that_became_a_folder_is_removed(tmp_path):
    with pytest.raises(RuntimeError), written_beside(tmp_path / "a") as draft:
        draft.mkdir()
        raise RuntimeError
    assert not any(tmp_path.iterdir())


def test_a_lock_names_its_holder_and_is_free_afterwards(tmp_path):
    path = tmp_path / "run.lock"
    holder = rf"process {os.getpid()} on {socket.gethostname()} holds"
    with locked(path), pytest.raises(Locked, match=holder), locked(path, wait=False):
        pass
    with locked(path, wait=False):
        pass


def test_the_lock_of_a_killed_process_is_free(tmp_path):
    path = tmp_path / "run.lock"
    pid = os.fork() if hasattr(os, "fork") else pytest.skip("no fork here")
    if pid == 0:
        with locked(path):
            os.kill(os.getpid(), 9)
    assert os.waitpid(pid, 0)[1] == 9 and path.with_name("run.lock.holder").exists()
    with locked(path, wait=False):
        pass
