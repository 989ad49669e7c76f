"""The example of a server: requests that arrive together get the answers that they would get alone."""

import asyncio
import importlib.util
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("fastapi")
testclient = pytest.importorskip("fastapi.testclient")

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "serving" / "app.py"
PHOTOS = sorted((EXAMPLE.parents[2] / "kerasalign/datasets/example_photos/portraits").glob("*.jpg"))[:4]


@pytest.fixture(scope="module")
def server():
    spec = importlib.util.spec_from_file_location("serving_example", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_requests_at_once_get_their_own_answers(server, monkeypatch):
    bodies = [path.read_bytes() for path in PHOTOS * 2] + [b"no photo"]
    asked = []
    monkeypatch.setenv("WAIT", "100")
    with testclient.TestClient(server.app) as web, ThreadPoolExecutor(len(bodies)) as pool:
        align = server.app.state.batcher.align
        monkeypatch.setattr(
            server.app.state.batcher, "align", lambda photos: asked.append(len(photos)) or align(photos)
        )
        answers = list(pool.map(lambda body: web.post("/landmarks", content=body), bodies))
        monkeypatch.setenv("MEGABYTES", "0.001")
        large, health = web.post("/landmarks", content=bodies[0]), web.get("/health")
    model = server.load()
    for answer, path in zip(answers, PHOTOS * 2, strict=False):
        alone = model.align(path)
        assert answer.json()["faces"][0]["landmarks"][30] == pytest.approx(alone[0].landmarks[30].tolist(), abs=0.01)
    assert answers[-1].status_code == 400 and "not an image" in answers[-1].json()["detail"]
    assert max(asked) > 1 and sum(asked) == len(answers)
    assert large.status_code == 413 and health.json() == {"waiting": 0}


def test_a_full_queue_and_an_error_are_answered(server):
    async def ask():
        batcher = server.Batcher(lambda photos: 1 / 0, 4, 0, 1)
        first = asyncio.ensure_future(batcher(b"a"))
        await asyncio.sleep(0)
        with pytest.raises(asyncio.QueueFull):
            await batcher(b"b")
        work = asyncio.ensure_future(batcher.run())
        with pytest.raises(ZeroDivisionError):
            await first
        work.cancel()

    asyncio.run(ask())


def test_eight_threads_get_what_one_gets(server):
    model = server.load()
    alone = [model.align(path)[0].landmarks for path in PHOTOS]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda path: model.align(path)[0].landmarks, PHOTOS * 4))
    np.testing.assert_allclose(found, alone * 4, atol=0.01)
