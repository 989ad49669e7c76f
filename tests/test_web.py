"""Photos from http addresses: within limits, and never a way into this machine's network."""

import io
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from PIL import Image

from kerasalign.support.images import ImageError, load_image
from kerasalign.support.web import WebError, fetch, is_address


class Site(BaseHTTPRequestHandler):
    """A picture, and what goes wrong with one."""

    def do_GET(self):
        path, _, rest = self.path.partition("?")
        if path == "/to":
            self.send_response(302)
            self.send_header("Location", rest)
            self.end_headers()
            return
        body = picture()
        self.send_response(404 if path == "/nowhere" else 200)
        self.send_header("Content-Length", str(len(body) + (9 if path == "/cut" else 0)))
        self.end_headers()
        if path == "/slow":
            for byte in body[:50]:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(0.02)
        elif path != "/nowhere":
            self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def picture():
    stream = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 30, 3)).astype("uint8")).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture(scope="module")
def site():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_photo_behind_an_address(site):
    assert load_image(f"{site}/photo.png?size=1").shape == (20, 30, 3)
    assert load_image(f"{site}/to?{site}/photo.png").shape == (20, 30, 3)
    assert is_address("HTTPS://x.org/a.jpg") and not is_address("a.jpg") and not is_address(b"http://x")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("nowhere", "the server answers 404"),
        ("cut", "the connection ended after"),
        ("to?ftp://x.org/a.png", "redirects to something that is no http address"),
        ("to?file:///etc/passwd", "Redirection to url 'file:///etc/passwd' is not allowed"),
    ],
)
def test_what_goes_wrong_is_said(site, path, reason):
    with pytest.raises(ImageError, match=reason):
        load_image(f"{site}/{path}")


def test_an_endless_circle_of_redirects_ends(site):
    with pytest.raises(ImageError, match=r"302|redirect"):
        load_image(f"{site}/to?/to?/to")


def test_limits_of_size_and_time(site):
    with pytest.raises(WebError, match="it is larger than 100 bytes"):
        fetch(f"{site}/photo.png", most_bytes=100)
    start = time.monotonic()
    with pytest.raises(WebError, match=r"it did not come within 0\.2 seconds"):
        fetch(f"{site}/slow", seconds=0.2)
    assert time.monotonic() - start < 2


def test_a_public_address_does_not_lead_into_this_network(site):
    port = site.rpartition(":")[2]

    def resolve(host):
        return ["93.184.216.34"] if host == "localhost" else [host]

    outside = f"http://localhost:{port}"
    assert fetch(f"{outside}/photo.png", resolve=resolve) == picture()
    with pytest.raises(WebError, match="redirects to an address of this machine or its network"):
        fetch(f"{outside}/to?{site}/photo.png", resolve=resolve)
    for local in ("10.0.0.1", "169.254.169.254", "[::1]", "192.168.1.1"):
        with pytest.raises(WebError, match="this machine or its network"):
            fetch(f"{outside}/to?http://{local}/", resolve=lambda host: resolve(host))


def test_a_host_that_is_not_known():
    def resolve(host):
        raise OSError("no such host")

    with pytest.raises(WebError, match="its host is not known"):
        fetch("http://nowhere.invalid/a.jpg", resolve=resolve)
