"""The network of the library's own detector in Keras, ONNX Runtime and LiteRT: a function from pictures to maps."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kerasalign.runtimes.litert.reader import open_runner
from kerasalign.runtimes.onnx.reader import open_session
from kerasalign.support.files import sha256, written_beside

if TYPE_CHECKING:
    from kerasalign.detection.own.network import FaceDetector

RUNTIMES = ("keras", "onnxruntime", "litert")

_SUFFIXES = {"onnxruntime": ".onnx", "litert": ".tflite"}
# Largest difference of a file's maps from those of Keras, in units of the largest value or of 1: of a face that fills
# a picture of 256 px a place differs by less than a quarter of a pixel then.
_TOLERANCE = 1e-3
# Pictures that go through Keras together, no more than the detector ever gives.
_MOST = 64


def open_network(network, runtime: str, size: int) -> Callable[[np.ndarray], np.ndarray]:
    """A function from `(B, S, S, 3)` uint8 to the maps `(B, S / 8, S / 8, 17)`.

    Args:
        network: As in `KerasAlignDetector`.
        runtime: One of `RUNTIMES`; what is exported already, and a function, is used as it is.
        size: S. A file for ONNX Runtime is for all sizes, one for LiteRT for this alone.

    Raises:
        ValueError: If `network` is none of these.
        ParityError: If what was exported does not give the network's maps.
    """
    if network is None:
        # In Keras and ONNX Runtime detectors of all sizes share it.
        return _bundled(bundled_weights(), runtime, size if runtime == "litert" else 0)
    if isinstance(network, (str, Path)):
        if (path := Path(network)).suffix in _SUFFIXES.values():
            return open_file(path)
        return _of_weights(path, runtime, size)
    from kerasalign.detection.own.network import FaceDetector

    if isinstance(network, FaceDetector):
        return _compiled(network) if runtime == "keras" else _made_once(None, runtime, size, lambda: network)
    if callable(network):
        return network
    raise ValueError(
        f"`network` must be a file, a FaceDetector or a function from pictures to maps. Received: network={network!r}"
    )


def write_file(network: FaceDetector, path: Path, size: int = 256, digest: str = "") -> Path:
    """Writes the detector for ONNX Runtime (`.onnx`) or LiteRT (`.tflite`); it is kept if it gives the same maps.

    Args:
        network: The network; in mixed precision it is written as float32.
        path: The file; its suffix decides.
        size: Side of the pictures: LiteRT's file takes this one only.
        digest: SHA-256 of the weights file, for the file to tell.

    Returns:
        The path.

    Raises:
        ParityError: If the maps of a photo differ from Keras'; the file is not kept.
        ValueError: If the suffix is none of these, or Keras runs on another backend than TensorFlow.
    """
    import keras

    from kerasalign.runtimes.errors import ParityError
    from kerasalign.runtimes.litert.writer import write_litert
    from kerasalign.runtimes.onnx.writer import write_onnx

    path = Path(path)
    if path.suffix not in _SUFFIXES.values():
        raise ValueError(f"The file must end in one of {sorted(_SUFFIXES.values())}. Received: {str(path)!r}")
    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            "Export goes through TensorFlow: set KERAS_BACKEND=tensorflow. "
            f"Received: backend {keras.backend.backend()!r}"
        )
    network = _in_float32(network)
    metadata = {"network": type(network).__name__, "weights_sha256": digest}
    with written_beside(path) as draft:
        if path.suffix == ".onnx":
            write_onnx(network, draft, metadata)
        else:
            pictures = keras.Input((size, size, 3), name="pictures")
            write_litert(keras.Model(pictures, network(pictures)), draft, metadata)
        photos = _photos(size)
        wanted, found = (np.asarray(maps(photos)) for maps in (_compiled(network), open_file(draft)))
        far = float(np.abs(found - wanted).max() / max(np.abs(wanted).max(), 1.0))
        if not far <= _TOLERANCE:
            raise ParityError(
                f"{path} was not kept: its maps differ from those of Keras. Received: a difference of "
                f"{far:.3g} of their largest value"
            )
    return path


def open_file(path: str | Path, threads: int | None = None) -> Callable[[np.ndarray], np.ndarray]:
    """The network of a file that `write_file` wrote; `threads` are those of one pass."""
    if Path(path).suffix == ".onnx":
        session = open_session(path, threads, spinning=False)
        return lambda pictures: session.run(["maps"], {"pictures": pictures.astype("float32")})[0]
    runner = open_runner(path, threads)
    return lambda pictures: runner(pictures=pictures.astype("float32"))["maps"]


def bundled_weights() -> Path:
    """The weights file that comes with the library, as the manifest describes it.

    Beside it lies the same network for ONNX Runtime, so that it needs no TensorFlow even in the first process.

    Raises:
        ValueError: If none does.
        WeightsCorrupted: If it is not the manifest's.
    """
    from kerasalign.hub import read_manifest, weights_path

    entry = read_manifest().detector
    if entry is None:
        raise ValueError(
            "No weights of the detector come with this version: train them with `kerasalign detector "
            "train` and give the file, or use detector='mtcnn'. Received: detector='kerasalign'"
        )
    return weights_path(entry.weights)


@cache
def _bundled(weights: Path, runtime: str, size: int) -> Callable:
    """The network that comes with the library, opened once per process."""
    if runtime == "onnxruntime" and (ready := _ready_made(weights)):
        return open_file(ready)
    return _of_weights(weights, runtime, size)


def _ready_made(weights: Path) -> Path | None:
    """The file for ONNX Runtime that comes beside the weights; `None` unless it is the manifest's."""
    from kerasalign.hub import read_manifest

    file, entry = weights.with_name("detector.onnx"), read_manifest().detector
    known = entry and file.is_file() and sha256(file) == entry.exported.get(file.name)
    return file if known else None


def _of_weights(path: Path, runtime: str, size: int) -> Callable:
    if runtime == "keras":
        return _compiled(_load(path))
    return _made_once(sha256(path), runtime, size, partial(_load, path))


def _made_once(digest: str | None, runtime: str, size: int, make: Callable[[], FaceDetector]) -> Callable:
    """The network in another runtime, from the cache where its file is there."""
    from kerasalign.runtimes.cache import DETECTOR, made_once

    def write(folder: Path) -> Path:
        return write_file(make(), folder / f"model{_SUFFIXES[runtime]}", size or 256, digest or "")

    content = [runtime, digest, size] if runtime == "litert" else [runtime, digest]
    return made_once(DETECTOR, digest and content, write, open_file)


def _load(path: Path) -> FaceDetector:
    from kerasalign.detection.own.network import FaceDetector

    network = FaceDetector(dtype="float32")
    network.load_weights(path)
    return network


def _in_float32(network: FaceDetector) -> FaceDetector:
    if network.policy == "float32":
        return network
    twin = type(network).from_config(network.get_config() | {"dtype": "float32"})
    twin.set_weights(network.get_weights())
    return twin


def _compiled(network: FaceDetector) -> Callable:
    from keras import ops

    from kerasalign.core.compiled import bucket, compiled
    from kerasalign.core.landmark_model import pad_rows

    forward = compiled(network)

    def maps(pictures: np.ndarray) -> np.ndarray:
        padded = pad_rows(pictures, bucket(len(pictures), _MOST))
        return ops.convert_to_numpy(forward(padded)["maps"])[: len(pictures)]

    return maps


def _photos(size: int) -> np.ndarray:
    """Two pictures to compare a file with Keras on: the bundled portrait, and it upside down."""
    import cv2

    from kerasalign.runtimes.crops import PORTRAIT
    from kerasalign.support.images import load_image

    photo = cv2.resize(load_image(PORTRAIT), (size, size), interpolation=cv2.INTER_AREA)
    return np.stack([photo, photo[::-1]])
