"""The faults of `faults.py`, by kind: each is injected, and says whether what the library promises was kept.

A fault gives `None` if the promise was kept, and a text that says what happened otherwise. A short error of the
library's own is a kept promise; a wrong result, a hang, or an error of another kind is not.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from kerasalign.hub.errors import WeightsError

Fault = tuple[str, Callable[[], str | None]]
# Errors that the library raises on purpose; all of them are also shown as one line by the command.
OURS = (ValueError, OSError, ImportError, WeightsError)
LONGEST_MESSAGE, LONGEST_WAIT = 2000, 20.0


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is removed afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def refused(work: Callable[[], object], may_pass: bool = False) -> str | None:
    """Runs work that should be refused; what went wrong, or `None`."""
    start = time.monotonic()
    try:
        work()
    except OURS as error:
        text = str(error)
        if not text or len(text) > LONGEST_MESSAGE:
            return f"a message of {len(text)} characters"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"[:200]
    else:
        if not may_pass:
            return "accepted"
    took = time.monotonic() - start
    return f"took {took:.0f} s" if took > LONGEST_WAIT else None


def runtime_cache(rng: random.Random) -> Iterator[Fault]:
    """Damages of cached files: bytes, zeros, swaps, cuts, and files that are gone."""
    from kerasalign.runtimes.cache import get_or_create

    contents = {f"model/iteration_{i}.onnx": rng.randbytes(50_000) for i in range(3)}

    def create(folder: Path) -> Path:
        for name, content in contents.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        return folder / "model"

    def read(path: Path) -> dict[str, bytes]:
        return {f"model/{file.name}": file.read_bytes() for file in sorted(path.iterdir())}

    def damage(folder: Path, kind: str) -> None:
        one, other = rng.sample([path for path in folder.rglob("*") if path.is_file()], 2)
        content = bytearray(one.read_bytes())
        place = rng.randrange(len(content))
        match kind:
            case "a byte":
                content[place] ^= 1 + rng.randrange(255)
            case "zeros":
                content[place : place + 4096] = bytes(min(4096, len(content) - place))
            case "a cut":
                del content[place:]
            case "more bytes":
                content += rng.randbytes(10)
            case "a swap":
                content = bytearray(other.read_bytes())
            case "gone":
                one.unlink()
                return
        one.write_bytes(content)

    def tried(kind: str) -> str | None:
        with scratch() as folder:
            get_or_create("faces", ["key"], create, read, folder)
            [entry] = folder.glob("faces-*")
            damage(entry, kind)
            return None if get_or_create("faces", ["key"], create, read, folder) == contents else "damaged file used"

    for kind in ("a byte", "zeros", "a cut", "more bytes", "a swap", "gone"):
        for _ in range(40):
            yield kind, lambda kind=kind: tried(kind)


def states(rng: random.Random) -> Iterator[Fault]:
    """Damages of the files of a training run: it goes on from a good state, or says that there is none."""
    from fault_runs import fit

    root = Path(tempfile.mkdtemp())
    wanted = fit(root / "straight", 3)
    fit(root / "two", 2)
    names = (
        "state.json",
        "state-2.weights.h5",
        "state.older.json",
        "state-1.weights.h5",
        "run.json",
        "last.weights.h5",
    )

    def tried(name: str, cut: bool) -> str | None:
        with scratch() as folder:
            run = Path(shutil.copytree(root / "two", folder / "run"))
            file = run / name
            size = file.stat().st_size
            if cut:
                os.truncate(file, rng.randrange(size))
            else:
                content = bytearray(file.read_bytes())
                place = rng.randrange(size)
                content[place : place + 64] = rng.randbytes(len(content[place : place + 64]))
                file.write_bytes(content)
            found = fit(run, 3)
            close = all(np.allclose(a, b, atol=1e-5) for a, b in zip(found, wanted))
            return None if close else "other weights than a run without a stop"

    for name in names:
        for _ in range(6):
            for cut in (True, False):
                yield f"{name} {'cut off' if cut else 'overwritten'}", lambda n=name, c=cut: tried(n, c)


def divergence(rng: random.Random) -> Iterator[Fault]:
    """Runs whose loss becomes NaN or infinite at any step, and rates without hope."""
    from fault_runs import fit

    from kerasalign.training import TrainingDiverged

    def tried(**options: object) -> str | None:
        with scratch() as folder:
            try:
                fit(folder / "run", 3, **options)
            except TrainingDiverged as error:
                if "epoch" not in str(error):
                    return f"no epoch in: {error}"
            else:
                return "no error"
            return "last weights were written" if (folder / "run" / "last.weights.h5").exists() else None

    for _ in range(20):
        place = rng.randrange(3), rng.randrange(3)
        yield "NaN in a target", lambda place=place: tried(spoilt=place)
    for power in range(20, 38):
        yield "a rate without hope", lambda power=power: tried(rate=10.0**power)


def documents(rng: random.Random) -> Iterator[Fault]:
    """Markups, presets and boxes that are cut off, overwritten, of wrong kinds, nested or huge."""
    from kerasalign.detection import GivenBoxes
    from kerasalign.markups import get_markup, load_markup
    from kerasalign.markups.files import markup_spec
    from kerasalign.support.bounded import parse_json, parse_yaml

    good = json.dumps(markup_spec(get_markup("68")))

    def markup(text: str, suffix: str = ".json", may_pass: bool = False) -> str | None:
        with scratch() as folder:
            path = folder / f"markup{suffix}"
            path.write_text(text, "utf-8")
            return refused(lambda: load_markup(path), may_pass)

    for _ in range(60):
        cut = rng.randrange(len(good) - 1)
        yield "a markup cut off", lambda cut=cut: markup(good[:cut])
        yield (
            "a markup of wrong characters",
            lambda cut=cut: markup(good[:cut] + "\x00" + good[cut + 1 :], may_pass=True),
        )
    spec = markup_spec(get_markup("68"))
    for key in spec:
        for value in WRONG:
            text = json.dumps(spec | {key: value})
            yield "a wrong kind of value", lambda text=text: markup(text, may_pass=True)
    for depth in (1000, 10_000, 100_000):
        for opening in ("[", '{"a":'):
            yield "nesting", lambda text=opening * depth: refused(lambda: parse_json(text))
            yield "nesting", lambda text=opening * depth: refused(lambda: parse_yaml(text))
    for end in (10**4, 10**6, 3 * 10**8, 10**20):
        text = json.dumps(spec | {"parts": {"face": f"0-{end}"}})
        yield "a range without an end", lambda text=text: markup(text)
    for count in (2001, 3000, 10**6):
        yield "too many boxes", lambda count=count: refused(lambda: GivenBoxes(np.ones((count, 4))))


WRONG = [None, "x", "", [], {}, [[]], -1, 0, 1.5, 1e308, 10**400, True, ["0-99999999"] * 3, [1] * 20_000, {"a": {}}]


def architectures(rng: random.Random) -> Iterator[Fault]:
    """Each field of each network with a value of a wrong kind or size."""
    from kerasalign.models import list_papers, read_config
    from kerasalign.models.registry import get_paper

    values = [*WRONG, float("nan"), float("inf"), "y" * 10_000]
    for paper in list_papers():
        for name, config in get_paper(paper).models.items():
            own = config().to_json()
            for field in own:
                for value in values:
                    entry = {"class": name} | own | {field: value}
                    yield name, lambda entry=entry: refused(lambda: read_config(entry).crop, may_pass=True)


def photos(rng: random.Random) -> Iterator[Fault]:
    """Photos that are cut off, overwritten, of other formats, pipes, devices or too large."""
    from kerasalign.support.images import load_image

    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 80, 3)).astype("uint8"))
    for kind in ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "PPM"):
        stream = BytesIO()
        noise.save(stream, kind)
        content = stream.getvalue()
        for _ in range(12):
            place = rng.randrange(len(content))
            other = content[:place] + rng.randbytes(16) + content[place + 16 :]
            yield f"{kind} overwritten", lambda other=other: refused(lambda: load_image(other), may_pass=True)
            yield f"{kind} cut off", lambda cut=content[:place]: refused(lambda: load_image(cut), may_pass=True)
    for kind in ("EPS", "PDF", "ICO", "TGA", "PCX", "SGI", "ICNS", "SPIDER", "XBM", "MSP", "IM", "JPEG2000", "DDS"):
        stream = BytesIO()
        picture = noise.resize((64, 64))
        picture = picture.convert({"XBM": "1", "MSP": "1", "SPIDER": "F"}.get(kind, "RGB"))
        picture.save(stream, kind)
        content = stream.getvalue()
        yield f"a {kind}", lambda content=content: refused(lambda: load_image(content))
    for device in ("/dev/zero", "/dev/null", "/dev/stdin"):
        yield "a device", lambda device=device: refused(lambda: load_image(device))

    def special(make: Callable[[Path], None]) -> str | None:
        with scratch() as folder:
            make(folder / "photo.jpg")
            return refused(lambda: load_image(folder / "photo.jpg"))

    yield "a pipe", lambda: special(lambda path: os.mkfifo(path))
    for size in (2**30 + 1, 40 * 2**30):
        yield "a sparse file", lambda size=size: special(lambda path: (path.touch(), os.truncate(path, size)))


def writers(rng: random.Random) -> Iterator[Fault]:
    """Writers of the same folder at once, and writers that are killed in the middle."""
    from kerasalign.support.files import folder_beside, written_beside

    def write(path: Path, number: int) -> None:
        with folder_beside(path, "mark") as draft:
            for name in ("mark", "a"):
                (draft / name).write_bytes(bytes([number % 256]) * 5000)

    def together() -> str | None:
        with scratch() as folder, ThreadPoolExecutor(8) as pool:
            jobs = [pool.submit(write, folder / "made", number) for number in range(100)]
            problems = [str(job.exception()) for job in jobs if job.exception()]
            left = [path.name for path in folder.iterdir()]
            return problems[0] if problems else None if left == ["made"] else f"left {left}"

    for _ in range(12):
        yield "100 writers of one folder", together

    def killed() -> str | None:
        with scratch() as folder:
            (folder / "file").write_bytes(b"good")
            child = os.fork()
            if child == 0:
                with written_beside(folder / "file") as draft:
                    draft.write_bytes(b"half")
                    os.kill(os.getpid(), signal.SIGKILL)
            os.waitpid(child, 0)
            return None if (folder / "file").read_bytes() == b"good" else "the good file is lost"

    for _ in range(20):
        yield "a killed writer", killed


KINDS = (runtime_cache, states, divergence, documents, architectures, photos, writers)
