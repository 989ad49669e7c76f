"""Trains on a machine that is borrowed for minutes, and that files reach and leave in small pieces alone.

    python tools/gpu/kit.py pack 300W --out 300w.tar              here: a data set in one file of at most 60 MiB
    python tools/gpu/kit.py train scc-300w --pack 300w.tar --out OUT --seconds 500 -- --steps 20000
    python tools/gpu/kit.py train scc-synth --render 60000 --out OUT --seconds 500
    python tools/gpu/kit.py join OUT --to runs/scc                here: weights and run card

`train` unpacks the data or renders it on all cores, trains by `kerasalign train` under JAX, stops it cleanly before
the time is over, and writes the best weights as float16 and the run card to OUT, in pieces of at most 15 MiB.
`--keep-state` adds the state to resume from; `train --resume OUT` goes on from it, on another machine too. What stands
behind `--` goes to `kerasalign train`.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from PIL import Image

from kerasalign.support.files import sha256, write_json

MIB = 2**20
QUALITIES = (None, 92, 85, 75, 65)
INDEX = "parts.json"
COMMAND = (sys.executable, "-c", "from kerasalign.cli import app; app()")


def pack(data: Path, out: Path, most: int) -> int | None:
    """Writes a folder into a tar file of at most so many bytes.

    Where it would be larger, photos that are JPEG already are stored in lower qualities, one after the other.

    Returns:
        The quality; `None` where photos are as they were.

    Raises:
        ValueError: If it is too large in every quality.
    """
    for quality in QUALITIES:
        with tarfile.open(out, "w") as archive:
            for path in sorted(data.rglob("*")):
                if path.is_file():
                    _add(archive, path, path.relative_to(data).as_posix(), quality)
        if out.stat().st_size <= most:
            return quality
    size = out.stat().st_size
    out.unlink()
    raise ValueError(
        f"`data` must fit into {most} bytes. Received: data={str(data)!r}, {size} bytes in the lowest quality"
    )


def _add(archive: tarfile.TarFile, path: Path, name: str, quality: int | None) -> None:
    content = path.read_bytes()
    if quality is not None and path.suffix.lower() in (".jpg", ".jpeg"):
        stream = io.BytesIO()
        with Image.open(path) as image:
            image.convert("RGB").save(stream, "JPEG", quality=quality, exif=image.getexif())
        content = min(content, stream.getvalue(), key=len)
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))


def split(files: Iterable[Path], out: Path, most: int) -> None:
    """Writes files into a folder in pieces of at most so many bytes, and an index with their digests."""
    out.mkdir(parents=True, exist_ok=True)
    index = {}
    for path in files:
        content = path.read_bytes()
        pieces = [content[start : start + most] for start in range(0, max(len(content), 1), most)]
        names = [f"{path.name}.{number:03d}" for number in range(len(pieces))]
        for name, piece in zip(names, pieces):
            (out / name).write_bytes(piece)
        index[path.name] = {"sha256": sha256(path), "parts": names}
    write_json(out / INDEX, index)


def join(folder: Path, to: Path) -> list[Path]:
    """Puts files together that `split` wrote.

    Raises:
        ValueError: If a piece is missing or another one.
    """
    to.mkdir(parents=True, exist_ok=True)
    written = []
    for name, entry in json.loads((folder / INDEX).read_text("utf-8")).items():
        missing = [part for part in entry["parts"] if not (folder / part).is_file()]
        if missing:
            raise ValueError(f"Pieces of {name} are missing. Received: {folder} without {missing}")
        path = to / name
        path.write_bytes(b"".join((folder / part).read_bytes() for part in entry["parts"]))
        if sha256(path) != entry["sha256"]:
            path.unlink()
            raise ValueError(f"{name} is not what was split: copy the pieces again. Received: {folder}")
        written.append(path)
    return written


def data_folder(pack_file: Path | None, render: int, work: Path, run: Callable[[Sequence[str], float], int]) -> Path:
    """The unpacked data, or the renders; what is there already is taken."""
    folder = work / "data"
    if pack_file is not None:
        with tarfile.open(pack_file) as archive:
            archive.extractall(folder, filter="data")
    else:
        workers = str(os.cpu_count() or 1)
        run(["synth", "--out", str(folder), "--count", str(render), "--workers", workers], float("inf"))
    return folder


def run_command(arguments: Sequence[str], seconds: float) -> int:
    """Runs `kerasalign` under JAX and asks it to end after so many seconds; returns its exit code."""
    environment = {"KERAS_BACKEND": "jax"} | os.environ
    process = subprocess.Popen([*COMMAND, *arguments], env=environment)
    try:
        return process.wait(None if seconds == float("inf") else max(seconds, 1.0))
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGTERM)
        return process.wait()


def train(
    preset: str,
    work: Path,
    out: Path,
    seconds: float,
    *,
    pack_file: Path | None = None,
    render: int = 0,
    resume: Path | None = None,
    keep_state: bool = False,
    most: int = 15 * MIB,
    options: Sequence[str] = (),
    run: Callable[[Sequence[str], float], int] = run_command,
    shrink: Callable[[str, Path, Path], None] | None = None,
) -> int:
    """Trains a preset, and writes what came of it to `out` in pieces.

    Args:
        preset: Its name.
        work: Folder for data and run.
        out: Folder that is brought back.
        seconds: From the start of this program to the end of training.
        pack_file: Data that `pack` wrote.
        render: Number of pictures to render instead.
        resume: Folder of pieces with a state to go on from.
        keep_state: Whether the state comes back, too.
        most: Bytes of a piece.
        options: For `kerasalign train`.
        run: Runs `kerasalign` with arguments for so many seconds and returns its exit code.
        shrink: Writes the float16 file of a weights file: preset, source, target.

    Returns:
        The exit code of the training; that of a run that was stopped is 143.
    """
    start = time.monotonic()
    folder = work / "run"
    if resume is not None:
        join(resume, folder)
    data = data_folder(pack_file, render, work, run)
    left = seconds - (time.monotonic() - start)
    code = run(["train", preset, "--data", str(data), "--run", str(folder), *options], left)
    files = [path for path in (folder / "run.json",) if path.is_file()]
    if (folder / "best.weights.h5").is_file():
        small = work / "best.weights.h5"
        (shrink or to_float16)(preset, folder / "best.weights.h5", small)
        files.append(small)
    if keep_state:
        files += sorted(folder.glob("state*"))
    split(files, out, most)
    return code


def to_float16(preset: str, source: Path, target: Path) -> None:
    """Writes the weights of a run as float16."""
    import kerasalign
    from kerasalign.training import save_weights

    save_weights(kerasalign.load(preset, weights=source), target, "float16")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    packing = commands.add_parser("pack", help="a data set in one file")
    packing.add_argument("data", type=Path)
    packing.add_argument("--out", type=Path, required=True)
    packing.add_argument("--most-mib", type=float, default=60)
    joining = commands.add_parser("join", help="files from their pieces")
    joining.add_argument("folder", type=Path)
    joining.add_argument("--to", type=Path, required=True)
    training = commands.add_parser("train", help="train, and write pieces")
    training.add_argument("preset")
    source = training.add_mutually_exclusive_group(required=True)
    source.add_argument("--pack", type=Path, help="data that `pack` wrote")
    source.add_argument("--render", type=int, default=0, help="number of pictures to render")
    training.add_argument("--work", type=Path, default=Path("work"))
    training.add_argument("--out", type=Path, required=True)
    training.add_argument("--seconds", type=float, required=True, help="until training is asked to end")
    training.add_argument("--resume", type=Path, help="pieces with a state")
    training.add_argument("--keep-state", action="store_true")
    training.add_argument("--most-mib", type=float, default=15)
    # Of options behind `--`, argparse takes those that look like its own.
    own, options = sys.argv[1:], []
    if "--" in own:
        own, options = own[: own.index("--")], own[own.index("--") + 1 :]
    args = parser.parse_args(own)
    if args.command == "pack":
        quality = pack(args.data, args.out, int(args.most_mib * MIB))
        told = "as they were" if quality is None else f"in quality {quality}"
        print(f"{args.out}: {args.out.stat().st_size:,} bytes, photos {told}")  # noqa: T201
    elif args.command == "join":
        print(*join(args.folder, args.to), sep="\n")  # noqa: T201
    else:
        code = train(
            args.preset,
            args.work,
            args.out,
            args.seconds,
            pack_file=args.pack,
            render=args.render,
            resume=args.resume,
            keep_state=args.keep_state,
            most=int(args.most_mib * MIB),
            options=options,
        )
        sys.exit(code)


if __name__ == "__main__":
    main()
