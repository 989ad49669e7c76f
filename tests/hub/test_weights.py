"""Weights arrive whole or not at all: the real Hugging Face client against a server of the test's own."""

import errno
import json
import logging
import os
import signal
import subprocess
import sys
import threading

import pytest
from huggingface_hub import scan_cache_dir

from kerasalign.core.origin import Weights
from kerasalign.hub import DownloadFailed, WeightsCorrupted, cache_dir, weights_path
from kerasalign.hub.weights import verify
from tests.support.entries import WEIGHTS, weights_entry

REVISION = "c" * 40
FILE = "tiny.weights.h5"
GET, HEAD = (f"{method} /user/name/resolve/{REVISION}/{FILE}" for method in ("GET", "HEAD"))
FETCH = """
import json, sys
from kerasalign.hub import Weights, WeightsError, weights_path
try:
    print(weights_path(Weights.from_json(json.loads(sys.argv[1]))).read_bytes().decode())
except WeightsError as error:
    print(type(error).__name__, error)
"""


def entry(**changes):
    return weights_entry(source="hub", repo="user/name", revision=REVISION, **changes)


def fetch(**changes):
    return weights_path(Weights.from_json(entry(**changes)))


def process(**environment):
    """The same in a process of its own."""
    command = [sys.executable, "-c", FETCH, json.dumps(entry())]
    return subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def published(server):
    server.add("user/name", {FILE: WEIGHTS, "README.md": b"about"}, REVISION)
    return server


def test_downloads_then_takes_the_cached_file(published, tmp_path, monkeypatch):
    path = fetch()
    assert path.read_bytes() == WEIGHTS and tmp_path / "home" / "hub" in path.parents
    published.requests.clear()
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nobody listens there
    assert fetch() == path
    assert not published.requests


def test_every_file_is_checked_once_and_again_when_it_changes(published, caplog):
    def digests():
        return sum("Computing the SHA-256" in record.message for record in caplog.records)

    caplog.set_level(logging.DEBUG, "kerasalign.hub")
    fetch()
    path = fetch()
    assert digests() == 1
    path.resolve().write_bytes(bytes(len(WEIGHTS)))
    assert fetch().read_bytes() == WEIGHTS
    # The changed one twice (the second time with the lock held), then the new one.
    assert digests() == 4


@pytest.mark.parametrize("found", [b"the nombers", b"the num", b""])
def test_a_wrong_or_partial_cached_file_is_set_aside_and_fetched_once_more(published, found, caplog):
    path = fetch()
    path.resolve().write_bytes(found)
    with caplog.at_level(logging.WARNING):
        assert fetch().read_bytes() == WEIGHTS
    (kept,) = cache_dir().glob("models--user--name/set-aside/*.h5")
    assert kept.read_bytes() == found
    told = caplog.text
    assert "expected" in told and "Received" in told and str(kept) in told and "fetched once more" in told
    assert scan_cache_dir(cache_dir()).warnings == []


def test_a_wrong_download_is_fetched_once_more(published):
    published.faults[GET] = {"content": b"the nombers", "times": 1}
    assert fetch().read_bytes() == WEIGHTS
    assert sum(request == GET for request in published.requests) == 2


def test_a_download_that_stays_wrong_is_refused(published):
    published.faults[GET] = {"content": b"the nombers"}
    with pytest.raises(WeightsCorrupted, match=r"twice.*expected sha256 .*Received: sha256 .*Upgrade"):
        fetch()
    assert sum(request == GET for request in published.requests) == 2
    del published.faults[GET]
    assert fetch().read_bytes() == WEIGHTS


def test_a_connection_that_breaks_is_taken_up_again(published):
    published.faults[GET] = {"cut": 5, "times": 2}
    assert fetch().read_bytes() == WEIGHTS


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"status": 401}, r"private \(HTTP 401\).*hf auth login.*HF_TOKEN"),
        ({"status": 403, "code": "GatedRepo"}, "gated: accept its terms on http.*/user/name, then.*hf auth login"),
        ({"status": 404, "code": "RepoNotFound"}, r"no such repository.*HTTP 404"),
        ({"status": 404, "code": "EntryNotFound"}, "does not have this file. Upgrade kerasalign"),
        ({"status": 404, "code": "RevisionNotFound"}, "no longer has this commit. Upgrade kerasalign"),
        ({"status": 429}, r"asked too often \(HTTP 429\). Wait some minutes.*HF_TOKEN"),
        ({"status": 500}, r"has trouble \(HTTP 500\). Try again later"),
        ({"status": 503}, r"has trouble \(HTTP 503\). Try again later"),
        ({"status": 418}, "answered HTTP 418"),
    ],
)
def test_an_answer_that_is_no_file(published, fault, message):
    published.faults["/user/name/resolve"] = fault
    with pytest.raises(DownloadFailed, match=message) as caught:
        fetch()
    assert str(caught.value).startswith(f"Could not get {FILE} of user/name at {REVISION} from the Hugging Face Hub")
    assert not list(cache_dir().rglob(FILE))


def test_trouble_that_passes_is_waited_for(published):
    published.faults[HEAD] = {"status": 503, "times": 3}
    published.faults[GET] = {"status": 429, "times": 2}
    assert fetch().read_bytes() == WEIGHTS


def test_what_answers_is_not_the_hub(published, monkeypatch):
    published.faults["/user/name/resolve"] = {"status": 200}  # the log-in page of a hotel
    with pytest.raises(DownloadFailed, match=r"not the Hub. Check HF_ENDPOINT.*log-in page"):
        fetch()


def test_no_answer_in_time(published, monkeypatch):
    # The client reads the variable of this name once, when it is imported.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DOWNLOAD_TIMEOUT", 0.05)
    hold = threading.Event()
    published.faults[GET] = {"hold": hold}
    try:
        with pytest.raises(DownloadFailed, match=r"in time.*HF_HUB_ETAG_TIMEOUT"):
            fetch()
    finally:
        hold.set()


def test_nobody_answers(server, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(DownloadFailed, match=r"no connection to http://127.0.0.1:9. .*no proxy is set"):
        fetch()


def test_through_a_proxy(published, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.invalid")
    monkeypatch.setenv("HTTP_PROXY", published.url)
    assert fetch().read_bytes() == WEIGHTS
    assert published.requests[-1] == f"GET http://hub.invalid/user/name/resolve/{REVISION}/{FILE}"


def test_a_proxy_that_refuses(published, monkeypatch):
    published.faults["CONNECT"] = {"status": 407}
    monkeypatch.setenv("HF_ENDPOINT", "https://hub.invalid")
    monkeypatch.setenv("HTTPS_PROXY", published.url.replace("//", "//me:secret@"))
    with pytest.raises(DownloadFailed, match=r"proxy refused: HTTPS_PROXY is 127.0.0.1:\d+. Correct") as caught:
        fetch()
    assert "secret" not in str(caught.value)


def test_offline(published):
    run = process(HF_HUB_OFFLINE="1")
    told, _ = run.communicate(timeout=60)
    assert told.startswith("DownloadFailed") and "kerasalign download NAME --to DIR" in told
    assert not published.requests
    fetch()
    run = process(HF_HUB_OFFLINE="1")
    assert run.communicate(timeout=60)[0].strip() == WEIGHTS.decode()


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS])
def test_a_home_that_cannot_be_written(published, monkeypatch, code):
    def refuse(path, *args, **kwargs):
        raise OSError(code, os.strerror(code), str(path))

    # Root may write anywhere, and a read-only file system cannot be mounted here: the client's call fails instead.
    monkeypatch.setattr("huggingface_hub.file_download.os.makedirs", refuse)
    with pytest.raises(DownloadFailed, match=r"cannot be written. Set KERASALIGN_HOME"):
        fetch()


def test_a_home_that_is_a_file(published, tmp_path):
    (tmp_path / "home").write_text("in the way")
    with pytest.raises(DownloadFailed, match=r"cannot be written. Set KERASALIGN_HOME"):
        fetch()


def test_a_cache_that_is_only_read_serves_what_it_holds(published, monkeypatch):
    fetch()
    # Root may write anywhere: every attempt to make a folder fails the test instead.
    monkeypatch.setattr("pathlib.Path.mkdir", lambda *args, **kwargs: pytest.fail("writes"))
    monkeypatch.setattr("os.makedirs", lambda *args, **kwargs: pytest.fail("writes"))
    assert fetch().read_bytes() == WEIGHTS


def test_a_wrong_file_that_cannot_be_set_aside(published):
    path = fetch()
    path.resolve().write_bytes(b"other")
    (cache_dir() / "models--user--name" / "set-aside").write_text("in the way")
    with pytest.raises(WeightsCorrupted, match=r"expected 11 bytes.*Received: 5 bytes.*remove it by hand"):
        fetch()


def test_a_disk_that_is_too_small(published):
    with pytest.raises(
        DownloadFailed, match=r"000 bytes and .* has [\d,]+ free. Free some space, or set KERASALIGN_HOME"
    ):
        fetch(bytes=10**15)
    assert not published.requests


def test_a_disk_that_gets_full(published, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    # A disk cannot be filled here: the client's download fails as on a full one.
    monkeypatch.setattr("huggingface_hub.file_download.http_get", full)
    with pytest.raises(DownloadFailed, match=r"disk is full. Free some space, or set KERASALIGN_HOME"):
        fetch()
    assert not list(cache_dir().rglob("*.incomplete"))


def test_a_killed_download_leaves_no_file(published):
    started, hold = threading.Event(), threading.Event()
    published.faults[GET] = {"hold": hold, "started": started, "times": 1}
    run = process()
    assert started.wait(60)
    run.send_signal(signal.SIGKILL)
    run.communicate(timeout=10)
    hold.set()
    assert not list(cache_dir().rglob(FILE))
    assert fetch().read_bytes() == WEIGHTS


def test_two_processes_at_once(published):
    started, hold = threading.Event(), threading.Event()
    published.faults[GET] = {"hold": hold, "started": started, "times": 1}
    runs = [process(), process()]
    assert started.wait(60)
    hold.set()
    assert [run.communicate(timeout=60)[0].strip() for run in runs] == [WEIGHTS.decode()] * 2


def test_two_processes_mend_a_wrong_file_at_once(published):
    fetch().resolve().write_bytes(b"the nombers")
    runs = [process(), process()]
    assert [run.communicate(timeout=60)[0].strip() for run in runs] == [WEIGHTS.decode()] * 2


def test_verify(tmp_path):
    bundled = Weights.from_json(weights_entry())
    path = tmp_path / FILE
    with pytest.raises(WeightsCorrupted, match=r"missing. Install kerasalign again"):
        verify(path, bundled)
    path.write_bytes(WEIGHTS[:-1])
    with pytest.raises(WeightsCorrupted, match=r"expected 11 bytes.*Received: 10 bytes"):
        verify(path, bundled)
    path.write_bytes(WEIGHTS)
    verify(path, bundled)


def test_cache_dir_follows_the_environment(tmp_path, monkeypatch):
    from huggingface_hub.constants import HF_HUB_CACHE

    monkeypatch.setenv("KERASALIGN_HOME", str(tmp_path))
    assert cache_dir() == tmp_path / "hub"
    monkeypatch.delenv("KERASALIGN_HOME")
    assert str(cache_dir()) == HF_HUB_CACHE
