"""Landmarks as a service: photos of requests that arrive together share a pass of the networks.

    pip install "kerasalign[onnx]" fastapi uvicorn
    uvicorn --app-dir examples/serving app:app
    curl --data-binary @photo.jpg http://127.0.0.1:8000/landmarks

Settings come from the environment: PRESET, RUNTIME, THREADS of a pass, MOST photos of a pass, WAIT for more photos in
milliseconds, QUEUE of photos that wait before the server answers 503, MEGABYTES of the largest photo.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
from fastapi import FastAPI, HTTPException, Request

import kerasalign
from kerasalign.inference import Faces
from kerasalign.runtimes import open_runtime


class Batcher:
    """Aligns photos of several callers together.

    While one batch is aligned in a thread, the next one gathers: the busier the server, the larger the batches.

    Args:
        align: A function from a list of photos to their faces.
        most: Largest number of photos of a batch.
        wait: Seconds to wait for more photos after the first one.
        queue: Number of photos that wait before further ones are refused.
    """

    def __init__(self, align: Callable[[list[bytes]], Sequence[Faces]], most: int, wait: float, queue: int) -> None:
        self.align, self.most, self.wait = align, most, wait
        self.waiting: asyncio.Queue[tuple[bytes, asyncio.Future[Faces]]] = asyncio.Queue(queue)

    async def __call__(self, photo: bytes) -> Faces:
        """The faces of a photo.

        Raises:
            asyncio.QueueFull: If too many photos wait.
        """
        answer: asyncio.Future[Faces] = asyncio.get_running_loop().create_future()
        self.waiting.put_nowait((photo, answer))
        return await answer

    async def run(self) -> None:
        """Works until it is cancelled."""
        while True:
            batch = await self.gather()
            try:
                results = await asyncio.to_thread(self.align, [photo for photo, _ in batch])
            except Exception as error:
                for _, answer in batch:
                    if not answer.done():
                        answer.set_exception(error)
                continue
            for (_, answer), faces in zip(batch, results, strict=True):
                if not answer.done():  # else the caller has gone
                    answer.set_result(faces)

    async def gather(self) -> list[tuple[bytes, asyncio.Future[Faces]]]:
        """The next photos: at least one, and what comes while it waits."""
        batch = [await self.waiting.get()]
        clock = asyncio.get_running_loop().time
        end = clock() + self.wait
        while len(batch) < self.most:
            try:
                batch.append(await asyncio.wait_for(self.waiting.get(), end - clock()))
            except TimeoutError:
                break
        return batch


def setting(name: str, default: str) -> str:
    return os.environ.get(name, default)


def load() -> Any:
    """The model, with its share of the cores."""
    model = kerasalign.load(setting("PRESET", "musica19-synth"), runtime=setting("RUNTIME", "onnxruntime"))
    threads = os.environ.get("THREADS")
    return open_runtime(model.source, int(threads)) if threads else model


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    model = load()
    model.align(np.zeros((64, 64, 3), "uint8"))  # opens the detector before the first request
    app.state.batcher = Batcher(
        lambda photos: model.align(photos, progress=False),
        int(setting("MOST", "16")),
        float(setting("WAIT", "2")) / 1000,
        int(setting("QUEUE", "256")),
    )
    work = asyncio.create_task(app.state.batcher.run())
    yield
    work.cancel()


app = FastAPI(lifespan=lifespan)


@app.post("/landmarks")
async def landmarks(request: Request) -> dict[str, Any]:
    """The faces of the photo in the body."""
    photo, most = bytearray(), int(float(setting("MEGABYTES", "20")) * 1e6)
    async for part in request.stream():
        photo += part
        if len(photo) > most:
            raise HTTPException(413, f"the photo has more than {most} bytes")
    try:
        faces = await request.app.state.batcher(bytes(photo))
    except asyncio.QueueFull:
        raise HTTPException(503, "too many photos are waiting", {"Retry-After": "1"}) from None
    if faces.problem:
        raise HTTPException(400, faces.problem)
    return faces.to_dict()


@app.get("/health")
async def health() -> dict[str, int]:
    """How many photos wait."""
    return {"waiting": app.state.batcher.waiting.qsize()}
