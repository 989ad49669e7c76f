"""Writes the page of the demo: static files that any web server can serve."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kerasalign._version import __version__
from kerasalign.cli.web.files import PAGE, source_folder
from kerasalign.cli.web.runtime import BINARY, SCRIPT, onnxruntime_web, pinned_version
from kerasalign.datasets import example_photos
from kerasalign.detection.own.files import bundled_network
from kerasalign.inference import KerasAlignDetector
from kerasalign.runtimes.runtime_model import RuntimeModel

# Photos that the page offers to try, of those that come with the library.
_SAMPLES = {"samples/portraits/T000483.jpg": "A portrait", "samples/group.jpg": "A group"}


def write_page(folder: Path, model: RuntimeModel, runtime: Path | None = None, home: str = "") -> Path:
    """Writes the page with its networks.

    Args:
        folder: The folder to write into; it may hold other files.
        model: The landmark network in ONNX Runtime, as `load(name, runtime="onnxruntime")` gives it.
        runtime: Folder of ONNX Runtime Web, see `onnxruntime_web`.
        home: Address of a page about this one; empty: none.

    Returns:
        The folder.

    Raises:
        ValueError: If the model has no ONNX files or no markup.
        FileNotFoundError: If a file is missing.
        OSError: If ONNX Runtime Web is not there and cannot be fetched.
    """
    networks = _onnx_files(model)
    web = onnxruntime_web(runtime)
    for name in ("models", "ort"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name in PAGE:
        _copy(source_folder() / name, folder / name)
    for name in (SCRIPT, BINARY):
        _copy(web / name, folder / "ort" / name)
    detector = bundled_network().onnx
    if detector is None:
        raise FileNotFoundError("This installation of kerasalign is incomplete: detector.onnx is missing or changed")
    _copy(detector, folder / "models" / detector.name)
    for path in networks:
        _copy(path, folder / "models" / path.name)
    example_photos(folder / "samples")
    samples = [{"file": file, "title": title} for file, title in _SAMPLES.items()]
    content = _describe(model, [path.name for path in networks]) | {"samples": samples, "home": home}
    (folder / "demo.json").write_text(json.dumps(content), "utf-8")
    return folder


def _onnx_files(model: RuntimeModel) -> list[Path]:
    """The files of a network: one, or one for each iteration of a cascade."""
    source = Path(model.source)
    if source.is_dir():
        return sorted(source.glob("iteration_*.onnx"), key=lambda path: int(path.stem.rpartition("_")[2]))
    if source.suffix != ".onnx" or not source.is_file():
        raise ValueError(f"`model` must be a network in ONNX Runtime. Received: model={model!r}")
    return [source]


def _describe(model: RuntimeModel, files: Sequence[str]) -> dict[str, Any]:
    """What the page needs to know of its networks."""
    if model.markup is None:
        raise ValueError(f"`model` must have a markup. Received: model={model!r}")
    detector, calibration = KerasAlignDetector(), model.error_calibration
    return {
        "kerasalign": __version__,
        "onnxruntime_web": pinned_version(),
        "preset": model.name,
        "license": model.metadata.get("license", ""),
        "model": {
            "files": [f"models/{name}" for name in files],
            "crop": model.crop_spec.get_config(),
            "calibration": calibration and asdict(calibration),
        },
        "markup": {
            "name": model.markup.name,
            "mean_shape": model.markup.mean_shape.tolist(),
            "edges": model.markup.edges,
        },
        "detector": {
            "file": "models/detector.onnx",
            "size": detector.size,
            "min_score": detector.min_score,
            "max_overlap": detector.max_overlap,
        },
    }


def _copy(source: Path, target: Path) -> None:
    # The documentation's build has already put the page's files there.
    if source.resolve() != target.resolve():
        shutil.copyfile(source, target)
