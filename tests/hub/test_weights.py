"""The real Hugging Face client against a server of the test's own."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hub.entries import WEIGHTS, weights_entry

from kerasalign.hub import WeightsCorrupted, cache_dir
from kerasalign.hub.preset import Weights
from kerasalign.hub.weights import verify

REVISION = "c" * 40
FETCH = """
import json, sys
from kerasalign.hub import Weights, WeightsError, weights_path
try:
    print(weights_path(Weights(**json.loads(sys.argv[1]))).read_bytes().decode())
except WeightsError as error:
    print(type(error).__name__, error)
"""


class _Hub(BaseHTTPRequestHandler):
    content = WEIGHTS

    def do_HEAD(self):
        found = self.path == f"/user/name/resolve/{REVISION}/tiny.weights.h5"
        self.send_response(200 if found else 404)
        if found:
            self.send_header("X-Repo-Commit", REVISION)
            self.send_header("ETag", f'"{hashlib.sha256(self.content).hexdigest()}"')
        self.send_header("Content-Length", str(len(self.content) if found else 0))
        self.end_headers()
        return found

    def do_GET(self):
        if self.do_HEAD():
            self.wfile.write(self.content)

    def log_message(self, *args):
        """Keeps the test's output clean."""


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def fetch(home, endpoint, **changes):
    entry = weights_entry(source="hub", repo="user/name", revision=REVISION, **changes)
    env = os.environ | {"HF_ENDPOINT": endpoint, "KERASALIGN_HOME": str(home)}
    command = [sys.executable, "-c", FETCH, json.dumps(entry)]
    run = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=True)
    return run.stdout.strip()


def test_downloads_then_takes_the_cached_file(tmp_path, server):
    assert fetch(tmp_path, server) == WEIGHTS.decode()
    assert fetch(tmp_path, "http://127.0.0.1:9") == WEIGHTS.decode()  # nobody listens there
    assert (tmp_path / "hub").is_dir()


def test_a_wrong_download_is_refused(tmp_path, server):
    assert fetch(tmp_path, server, sha256="0" * 64).startswith("WeightsCorrupted")


def test_a_failed_download_says_what_was_asked_for(tmp_path, server):
    message = fetch(tmp_path, server, file="other.weights.h5")
    assert message.startswith("WeightsError Could not fetch other.weights.h5 of user/name")


def test_verify(tmp_path):
    weights = Weights(**weights_entry())
    path = tmp_path / "tiny.weights.h5"
    with pytest.raises(WeightsCorrupted, match="missing"):
        verify(path, weights)
    path.write_bytes(WEIGHTS[:-1])
    with pytest.raises(WeightsCorrupted, match=r"expected 11 bytes.*Received: 10 bytes"):
        verify(path, weights)
    path.write_bytes(WEIGHTS)
    verify(path, weights)


def test_cache_dir_follows_the_environment(tmp_path, monkeypatch):
    from huggingface_hub.constants import HF_HUB_CACHE

    monkeypatch.setenv("KERASALIGN_HOME", str(tmp_path))
    assert cache_dir() == tmp_path / "hub"
    monkeypatch.delenv("KERASALIGN_HOME")
    assert str(cache_dir()) == HF_HUB_CACHE
