"""Files of the face detector's network: opens them in Keras, ONNX Runtime or LiteRT, and writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import cv2
import numpy as np

from kerasalign.hub import Manifest, read_manifest, weights_path
from kerasalign.runtimes.cache import DETECTOR, get_or_create
from kerasalign.runtimes.crops import PORTRAIT
from kerasalign.runtimes.errors import ParityError
from kerasalign.runtimes.litert.reader import open_runner
from kerasalign.runtimes.litert.writer import write_litert
from kerasalign.runtimes.onnx.reader import open_session
from kerasalign.runtimes.onnx.writer import write_onnx
from kerasalign.support.files import sha256, written_beside
from kerasalign.support.images import load_image

if TYPE_CHECKING:
    from kerasalign.detection.own.network import FaceDetector

#: A function from images `(B, S, S, 3)` uint8 to the network's maps `(B, S / 8, S / 8, 17)` float32.
Maps = Callable[[np.ndarray], np.ndarray]

RUNTIMES = ("keras", "onnxruntime", "litert")
SUFFIXES = {"onnxruntime": ".onnx", "litert": ".tflite"}
# Largest accepted difference of a file's maps from those of Keras, relative to their largest value or to 1. For a face
# that fills an image of 256 px this is less than a quarter of a pixel.
_TOLERANCE = 1e-3
# The detector never gives the network more images at once.
_LARGEST_BATCH = 64


@dataclass(frozen=True)
class NetworkFiles:
    """A weights file of the detector's network, and what belongs to it.

    Args:
        weights: The `.weights.h5` file.
        onnx: The same network as a file for ONNX Runtime, where there is one.
        build: Builds the untrained network that the weights are for; `None`: `FaceDetector` as it is by default.
    """

    weights: Path
    onnx: Path | None = None
    build: Callable[[], FaceDetector] | None = None

    @classmethod
    def with_exported(cls, weights: Path, digests: Mapping[str, str]) -> NetworkFiles:
        """A weights file with the `detector.onnx` that lies beside it, if its SHA-256 is the one in `digests`."""
        onnx = weights.with_name("detector.onnx")
        return cls(weights, onnx if onnx.is_file() and sha256(onnx) == digests.get(onnx.name) else None)

    def load(self) -> FaceDetector:
        """The network in Keras with these weights."""
        from kerasalign.core.finite import non_finite
        from kerasalign.detection.own.network import FaceDetector

        network = FaceDetector(dtype="float32") if self.build is None else self.build()
        network.load_weights(self.weights)
        if spoilt := non_finite(network.weights):
            raise ValueError(f"The weight {spoilt} of the detector holds NaN or infinity. Received: {self.weights}")
        return network

    def open(self, runtime: str, size: int, cache_dir: Path | None = None) -> Maps:
        """The network in a runtime; see `open_network`."""
        if runtime == "keras":
            return keras_maps(self.load())
        if runtime == "onnxruntime" and self.onnx is not None:
            return open_file(self.onnx)
        return _open_cached(self.load, sha256(self.weights), runtime, size, cache_dir)


def bundled_network(manifest: Manifest | None = None) -> NetworkFiles:
    """The network that comes with the library, with its file for ONNX Runtime, which needs no TensorFlow.

    Args:
        manifest: The manifest that describes it; by default that of this installation.

    Raises:
        ValueError: If this version comes without one.
        WeightsCorrupted: If the file is not the one that the manifest describes.
    """
    entry = (read_manifest() if manifest is None else manifest).detector
    if entry is None:
        raise ValueError(
            "No weights of the detector come with this version: train them with `kerasalign detector "
            "train` and give the file, or use detector='mtcnn'. Received: detector='kerasalign'"
        )
    return NetworkFiles.with_exported(weights_path(entry.weights), entry.exported)


def open_network(network: Any, runtime: str, size: int, cache_dir: Path | None = None) -> Maps:
    """Opens a network as a function from images to maps.

    Args:
        network: As in `KerasAlignDetector`.
        runtime: One of `RUNTIMES`. A file that is exported already, and a function, are used as they are.
        size: S, the side of the images. A file for ONNX Runtime takes any size, one for LiteRT only this one.
        cache_dir: Folder for files of other runtimes; by default that of `kerasalign.runtimes.cache`.

    Raises:
        ValueError: If `network` is none of these.
        ParityError: If an exported file gives other maps than Keras.
    """
    if network is None:
        # Detectors of all sizes share it in Keras and ONNX Runtime.
        return _open_bundled(runtime, size if runtime == "litert" else 256, cache_dir)
    if isinstance(network, (str, Path)):
        path = Path(network)
        return (
            open_file(path) if path.suffix in SUFFIXES.values() else NetworkFiles(path).open(runtime, size, cache_dir)
        )
    if isinstance(network, NetworkFiles):
        return network.open(runtime, size, cache_dir)
    from kerasalign.detection.own.network import FaceDetector

    if isinstance(network, FaceDetector):
        return keras_maps(network) if runtime == "keras" else _open_cached(lambda: network, None, runtime, size)
    if callable(network):
        return cast(Maps, network)
    raise ValueError(
        f"`network` must be a file, a FaceDetector or a function from images to maps. Received: network={network!r}"
    )


@cache
def _open_bundled(runtime: str, size: int, cache_dir: Path | None) -> Maps:
    """The bundled network, opened once per process."""
    return bundled_network().open(runtime, size, cache_dir)


def _open_cached(
    load: Callable[[], FaceDetector], digest: str | None, runtime: str, size: int, cache_dir: Path | None = None
) -> Maps:
    """A network in another runtime, from the cache; without a digest of its weights it is not cached."""

    def create(folder: Path) -> Path:
        return write_file(load(), folder / f"model{SUFFIXES[runtime]}", size, digest or "")

    # A file for ONNX Runtime does not depend on the size.
    key = [runtime, digest, size] if runtime == "litert" else [runtime, digest]
    return get_or_create(DETECTOR, key if digest else None, create, open_file, cache_dir)


def open_file(path: str | Path, threads: int | None = None) -> Maps:
    """Opens a file that `write_file` wrote.

    Args:
        path: The `.onnx` or `.tflite` file.
        threads: Number of threads of one pass; `None`: the runtime decides.
    """
    if Path(path).suffix == ".onnx":
        session = open_session(path, threads, spinning=False)
        return lambda images: np.asarray(session.run(["maps"], {"pictures": images.astype("float32")})[0])
    runner = open_runner(path, threads)
    return lambda images: runner(pictures=images.astype("float32"))["maps"]


def keras_maps(network: FaceDetector) -> Maps:
    """A network in Keras as a function from images to maps."""
    from kerasalign.core.compiled import compiled, predict_in_batches

    forward = compiled(network)
    return lambda images: predict_in_batches(forward, images, _LARGEST_BATCH)["maps"]


def write_file(
    network: FaceDetector, path: str | Path, size: int = 256, digest: str = "", tolerance: float = _TOLERANCE
) -> Path:
    """Writes the network for ONNX Runtime (`.onnx`) or LiteRT (`.tflite`); it is kept if it gives the same maps.

    Args:
        network: The network; one in mixed precision is written as float32.
        path: The file; its suffix decides.
        size: Side of the images in pixels: a file for LiteRT takes this one only.
        digest: SHA-256 of the weights file, for the file's metadata.
        tolerance: Largest accepted difference of the maps, relative to their largest value or to 1.

    Returns:
        The path.

    Raises:
        ParityError: If the maps of a photo differ from those of Keras; the file is not kept.
        ValueError: If the suffix is none of these, or Keras runs on another backend than TensorFlow.
    """
    import keras

    path = Path(path)
    if path.suffix not in SUFFIXES.values():
        raise ValueError(f"The file must end in one of {sorted(SUFFIXES.values())}. Received: {str(path)!r}")
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
            images = keras.Input((size, size, 3), name="pictures")
            write_litert(keras.Model(images, network(images)), draft, metadata)
        photos = _comparison_photos(size)
        expected, actual = keras_maps(network)(photos), np.asarray(open_file(draft)(photos))
        difference = float(np.abs(actual - expected).max() / max(np.abs(expected).max(), 1.0))
        if not difference <= tolerance:
            raise ParityError(
                f"{path} was not kept: its maps differ from those of Keras. Received: a difference of "
                f"{difference:.3g} of their largest value"
            )
    return path


def _in_float32(network: FaceDetector) -> FaceDetector:
    if network.policy == "float32":
        return network
    twin = type(network).from_config(network.get_config() | {"dtype": "float32"})
    twin.set_weights(network.get_weights())
    return twin


def _comparison_photos(size: int) -> np.ndarray:
    """Two images to compare a file with Keras on: the bundled portrait, and the same upside down."""
    photo = cv2.resize(load_image(PORTRAIT), (size, size), interpolation=cv2.INTER_AREA)
    return np.stack([photo, photo[::-1]])
