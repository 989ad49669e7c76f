"""More faults of `faults.py`, by kind: annotations, the network, signals, terminals and files of others."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from fault_kinds import Fault, refused, scratch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the loopback Hub of the tests

CELLS = ["1e300", "-1e300", "1e9", "1e5", "-1e5", "1e400", "nan", "inf", "x", "0x10", "1,5", "9" * 5000, "\0"]
LONG = ["x" * 5000, "x" * 200_000, "../" * 2000, "/dev/zero", "\0", "写" * 3000]


def annotations(rng: random.Random) -> Iterator[Fault]:
    """Cells and values that no photo can have, in any place of CSV and COCO files; the other faces are read."""
    from kerasalign.datasets import DatasetError, make_miniature, read_dataset

    root = Path(tempfile.mkdtemp())
    folders = {name: make_miniature(name, root / name) for name in ("csv", "coco")}

    def read(name: str, folder: Path) -> str | None:
        problem = refused(lambda: read_dataset(name, folder), may_pass=True)
        if problem:
            return problem
        try:
            faces = read_dataset(name, folder, on_error="skip")
        except DatasetError as error:
            return f"no face is left: {error}"[:200]
        points = np.concatenate([face.landmarks for face in faces])
        return None if len(faces) >= 2 and not (np.abs(points) >= 1e5).any() else "a wrong face was read"

    def csv_cell(column: int, value: str) -> str | None:
        with scratch() as folder:
            copy = Path(shutil.copytree(folders["csv"], folder / "csv"))
            lines = (copy / "train.csv").read_text().splitlines()
            cells = lines[2].split(",")
            cells[column % len(cells)] = value
            lines[2] = ",".join(cells)
            (copy / "train.csv").write_text("\n".join(lines))
            return read("csv", copy)

    for _ in range(90):
        column, value = rng.randrange(1000), rng.choice(CELLS)
        yield "a CSV cell", lambda c=column, v=value: csv_cell(c, v)
    for value in LONG:
        yield "a CSV name", lambda v=value: csv_cell(0, v)

    def coco(change) -> str | None:
        with scratch() as folder:
            copy = Path(shutil.copytree(folders["coco"], folder / "coco"))
            content = json.loads((copy / "train.json").read_text())
            change(content)
            (copy / "train.json").write_text(json.dumps(content))
            return read("coco", copy)

    values = [10**400, 1e300, 1e9, 1e5, -1e5, None, "x", [], {}, True, "9" * 5000]
    for key in ("keypoints", "bbox", "image_id", "id"):
        for value in values:

            def change(content, key=key, value=value):
                annotation = content["annotations"][1]
                if isinstance(annotation.get(key), list):
                    annotation[key][rng.randrange(len(annotation[key]))] = value
                else:
                    annotation[key] = value

            yield f"COCO {key}", lambda change=change: coco(change)
    for value in LONG:
        yield "COCO file_name", lambda v=value: coco(lambda content: content["images"][1].update(file_name=v))


def network(rng: random.Random) -> Iterator[Fault]:
    """Answers of a network for the files of a preset: log-in pages, cuts, other bytes, once or always."""
    import logging

    from huggingface_hub import constants

    from kerasalign.hub import resolve
    from kerasalign.markups import get_markup, save_markup
    from tests.support.entries import architecture, weights_entry
    from tests.support.loopback import LoopbackHub

    logging.getLogger("huggingface_hub").setLevel(logging.CRITICAL)
    constants.HF_HUB_DISABLE_XET = True
    hub = LoopbackHub()
    os.environ["HF_ENDPOINT"] = hub.url
    folder = Path(tempfile.mkdtemp())
    save_markup(get_markup("5"), folder / "markup.json")
    content = rng.randbytes(1000)
    entry = {
        **{"paper": "tiny", "dataset": "drawn", "architecture": architecture("5"), "crop": {"size": 48, "scale": 1.5}},
        "weights": weights_entry(content, file="model.weights.h5", source="folder"),
    }
    files = {
        "preset.json": json.dumps({"version": 1, "name": "mine", "preset": entry}).encode(),
        "markup.json": (folder / "markup.json").read_bytes(),
        "model.weights.h5": content,
    }
    address = f"hf://user/name@{hub.add('user/name', files)}"

    def tried(file: str, other: bytes, always: bool) -> str | None:
        with scratch() as home:
            os.environ["KERASALIGN_HOME"] = str(home)
            hub.faults[f"GET /user/name/resolve/{address[-40:]}/{file}"] = {"content": other} | (
                {} if always else {"times": 1}
            )
            problem = refused(lambda: resolve(address).weights_path(), may_pass=not always)
            hub.faults.clear()
            if problem is None and resolve(address).weights_path().read_bytes() != content:
                return "wrong weights"
            return problem

    page = b"<!DOCTYPE html><html>log in</html>"
    for file, good in files.items():
        for always in (False, True):
            for other in (page, good[: rng.randrange(len(good))], rng.randbytes(len(good)), b"", b"{}", b"[]"):
                how = "always" if always else "once"
                yield f"{file}, {how}", lambda f=file, o=other, a=always: tried(f, o, a)


def signals(rng: random.Random) -> Iterator[Fault]:
    """SIGTERM, SIGHUP and Ctrl-C at any photo, result or drawing of a run: what was found is in the file."""
    from kerasalign.inference import Face, Faces
    from kerasalign.inference.exporters import JsonSink
    from kerasalign.support.stopping import stops_cleanly

    def tried(number: int, count: int, again: bool) -> str | None:
        with scratch() as folder:
            path = folder / "landmarks.json"
            try:
                with stops_cleanly(), JsonSink(path) as sink:
                    for index in range(50):
                        sink.write(Faces([Face(np.zeros((5, 2)), [0, 0, 1, 1], "5")], "5", f"{index}.jpg", (9, 9)))
                        if index + 1 == count:
                            signal.raise_signal(number)
            except BaseException as error:
                if isinstance(error, SystemExit) and error.code != 128 + number:
                    return f"exit code {error.code}"
            else:
                return "it went on"
            found = len(json.loads(path.read_text()))
            return None if found == count and len([*folder.iterdir()]) == 1 else f"{found} of {count} are there"

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        for _ in range(20):
            count = rng.randrange(1, 51)
            yield signal.Signals(number).name, lambda n=number, c=count: tried(n, c, False)


def terminals(rng: random.Random) -> Iterator[Fault]:
    """Control characters in what is printed: none reaches the terminal."""
    from kerasalign.support.tables import Table, printable

    kept = {"\n", "\t"}
    for code in [*range(32), *range(127, 160), 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]:
        character = chr(code)
        if character in kept:
            continue

        def tried(character: str = character) -> str | None:
            text = f"a{character}b"
            printed = printable(text) + str(Table(text, (text,), [(text,)], (text,)))
            return "printed raw" if character in printed else None

        yield "a control character", tried


MORE = (annotations, network, signals, terminals)
