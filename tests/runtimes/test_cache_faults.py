"""The cache of runtime files: a damaged file is never opened, and a file is made once, whoever needs it."""

import errno
import json
import multiprocessing
import os
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from kerasalign.runtimes.cache import cached_runtimes, get_or_create
from kerasalign.runtimes.onnx.reader import open_session


class Network:
    """A "network" of two files; notes how often it is written."""

    def __init__(self, cache):
        self.cache, self.written = cache, []

    def create(self, folder):
        self.written.append(folder)
        (folder / "model").mkdir(parents=True)
        for number in range(2):
            (folder / "model" / f"iteration_{number}.onnx").write_bytes(bytes([number]) * 10_000)
        return folder / "model"

    def open(self, path):
        return b"".join((path / f"iteration_{number}.onnx").read_bytes() for number in range(2))

    def get(self, key="weights"):
        return get_or_create("faces", [key], self.create, self.open, self.cache)

    @property
    def folder(self):
        [folder] = self.cache.glob("faces-*")
        return folder / "model"


GOOD = bytes(10_000) + b"\1" * 10_000


@pytest.fixture
def network(tmp_path):
    network = Network(tmp_path / "cache")
    assert network.get() == GOOD and network.get() == GOOD and len(network.written) == 1
    return network


def swap(folder):
    one, two = folder / "iteration_0.onnx", folder / "iteration_1.onnx"
    content = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(content)


def write_at(position, content):
    def damage(folder):
        with (folder / "iteration_1.onnx").open("rb+") as stream:
            stream.seek(position)
            stream.write(content)

    return damage


DAMAGES = {
    "two files swapped": swap,
    "4 KB of zeros": write_at(4096, bytes(4096)),
    "one bit": write_at(9_999, b"\0"),
    "longer": write_at(10_000, b"more"),
    "cut off": lambda folder: os.truncate(folder / "iteration_1.onnx", 5_000),
    "empty": lambda folder: os.truncate(folder / "iteration_0.onnx", 0),
    "a file missing": lambda folder: (folder / "iteration_1.onnx").unlink(),
    "a file more": lambda folder: (folder / "iteration_2.onnx").write_bytes(b"x"),
    "no digests": lambda folder: (folder.parent / "digests.json").unlink(),
    "digests cut off": lambda folder: os.truncate(folder.parent / "digests.json", 30),
    "digests of a list": lambda folder: (folder.parent / "digests.json").write_text("[]"),
    "digests without files": lambda folder: (folder.parent / "digests.json").write_text("{}"),
    "all files gone": shutil.rmtree,
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_file_is_never_opened_but_made_anew(network, name, caplog):
    DAMAGES[name](network.folder)
    assert network.get() == GOOD and len(network.written) == 2 and "made anew" in caplog.text
    assert network.get() == GOOD and len(network.written) == 2


def test_files_of_other_weights_are_not_opened(network, tmp_path):
    """Somebody copied one entry over the other."""
    first = network.folder.parent
    network.get("others")
    [second] = {*network.cache.glob("faces-*")} - {first}
    shutil.rmtree(second)
    shutil.copytree(first, second)
    network.get("others")
    assert len(network.written) == 3


def test_files_without_the_promised_metadata(network):
    """What one version wrote and another cannot open is made anew once, and then the error is raised."""

    def refuse(path):
        raise ValueError("no metadata")

    with pytest.raises(ValueError, match="no metadata"):
        get_or_create("faces", ["weights"], network.create, refuse, network.cache)
    assert len(network.written) == 2


def test_too_little_memory_is_no_damage(network, tmp_path, monkeypatch):
    def bad_alloc(path):
        raise MemoryError

    with pytest.raises(MemoryError):
        get_or_create("faces", ["weights"], network.create, bad_alloc, network.cache)
    assert len(network.written) == 1

    import onnxruntime

    def raises(*arguments, **options):
        raise RuntimeError(
            "[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : Exception during initialization: std::bad_alloc"
        )

    monkeypatch.setattr(onnxruntime, "InferenceSession", raises)
    (tmp_path / "model.onnx").touch()
    with pytest.raises(MemoryError, match="not enough memory to open"):
        open_session(tmp_path / "model.onnx")


@pytest.mark.parametrize("code", ["ENOSPC", "EDQUOT", "EROFS", "EACCES"])
def test_a_full_or_locked_disk_gives_a_temporary_file_and_a_warning(tmp_path, caplog, code):
    network = Network(tmp_path / "cache")

    def create(folder):
        path = network.create(folder)
        if network.cache in folder.parents:
            raise OSError(getattr(errno, code), "No space left on device")
        return path

    assert get_or_create("faces", ["weights"], create, network.open, network.cache) == GOOD
    assert "set KERASALIGN_HOME to a folder that can be written and has space" in caplog.text
    assert not [path for path in network.cache.iterdir() if path.name != ".locks"]


def test_other_errors_of_the_writer_are_raised(tmp_path):
    def create(folder):
        raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(OSError, match="Input/output error"):
        get_or_create("faces", ["weights"], create, str, tmp_path)


def test_a_killed_writer_leaves_nothing_that_is_opened(tmp_path):
    network = Network(tmp_path / "cache")

    def killed(folder):
        network.create(folder)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get_or_create("faces", ["weights"], killed, network.open, network.cache)
    assert network.get() == GOOD and len(network.written) == 2


def test_names_do_not_lead_out_of_the_cache(tmp_path):
    network = Network(tmp_path / "cache")
    for name in ("../../out", "team/faces"):
        get_or_create(name, ["x"], network.create, network.open, network.cache)
    assert {folder.parent for folder in network.written} == {network.cache}


def test_threads_make_one_file(tmp_path):
    network = Network(tmp_path / "cache")
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: network.get(), range(8))) == {GOOD}
    assert len(network.written) == 1


def _export_slowly(cache, log, start):
    """Runs in another process: both begin at the same time."""
    import time

    network = Network(cache)

    def create(folder):
        with log.open("a") as stream:
            stream.write(f"{os.getpid()}\n")
        time.sleep(0.3)
        return network.create(folder)

    start.wait()
    assert get_or_create("faces", ["weights"], create, network.open, cache) == GOOD


def test_of_two_processes_one_writes_and_the_other_waits(tmp_path):
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(2)
    arguments = (tmp_path / "cache", tmp_path / "log", start)
    processes = [context.Process(target=_export_slowly, args=arguments) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert len((tmp_path / "log").read_text().splitlines()) == 1


def test_damaged_entries_are_still_listed_and_counted(network, monkeypatch):
    monkeypatch.setenv("KERASALIGN_HOME", str(network.cache.parent))
    network.cache.rename(network.cache.with_name("runtimes"))
    [entry] = cached_runtimes()
    assert entry.preset == "faces" and entry.bytes > 20_000
    assert json.loads((entry.path / "digests.json").read_text())["files"].keys() == {
        "model/iteration_0.onnx",
        "model/iteration_1.onnx",
    }
