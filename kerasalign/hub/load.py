"""Models by name: built, with their weights."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Unpack, overload

from kerasalign.core.adaptation import adapt
from kerasalign.core.align_mixin import AlignOptions
from kerasalign.hub.catalog import Catalog, current_catalog
from kerasalign.hub.choose import choose_weights
from kerasalign.hub.errors import WeightsError
from kerasalign.hub.preset import Preset
from kerasalign.hub.resolve import resolve
from kerasalign.hub.runtimes import open_cached
from kerasalign.runtimes.cache import RUNTIMES
from kerasalign.support.checks import one_of
from kerasalign.support.forks import ForkedNetwork
from kerasalign.support.signatures import with_options

if TYPE_CHECKING:
    from kerasalign.core.align_mixin import AlignMixin, Batch, Faces, Photo
    from kerasalign.core.landmark_model import LandmarkModel
    from kerasalign.markups import Markup
    from kerasalign.runtimes.reader import RuntimeModel

logger = logging.getLogger(__name__)

M = TypeVar("M")
# Dtype policies that `load` takes.
DTYPES = ("float32", "mixed_bfloat16", "mixed_float16")


@overload
def load(
    name: str | Path,
    weights: str | Path | None = "auto",
    markup: str | Markup | None = None,
    landmarks: Any = None,
    runtime: Literal["keras"] = "keras",
    quantize: Literal["none"] = "none",
    dtype: str | None = None,
) -> LandmarkModel: ...


@overload
def load(
    name: str | Path,
    weights: str | Path | None = "auto",
    markup: None = None,
    landmarks: None = None,
    *,
    runtime: Literal["onnxruntime", "litert"],
    quantize: str = "none",
) -> RuntimeModel: ...


@overload
def load(
    name: str | Path,
    weights: str | Path | None = "auto",
    markup: str | Markup | None = None,
    landmarks: Any = None,
    runtime: str = "keras",
    quantize: str = "none",
    dtype: str | None = None,
) -> LandmarkModel | RuntimeModel: ...


def load(
    name: str | Path,
    weights: str | Path | None = "auto",
    markup: str | Markup | None = None,
    landmarks: Any = None,
    runtime: str = "keras",
    quantize: str = "none",
    dtype: str | None = None,
) -> LandmarkModel | RuntimeModel:
    """Builds a preset's network and loads its weights.

    Args:
        name: Name of a preset, as `list_models` gives it; its folder (`"./my-faces"`, as `save_preset` and
            `kerasalign download` write it); or a repository of the Hugging Face Hub, `"hf://user/repo@commit"`.
        weights: `"auto"` for the preset's weights (bundled with the library, in the folder KERASALIGN_WEIGHTS, in the
            package kerasalign-weights, cached, or from the Hub), the path of a `.weights.h5` file, or `None` for the
            untrained network. If the `run.json` of a training run lies beside the file, the network is built as that
            card says. If that is another network than the preset's, a log message of level INFO says so. What an
            entry has as its weights' `caution` is logged as a warning.
        markup: Another point scheme, to fine-tune the network on: each new point starts from the old ones near it, as
            in `kerasalign.adapt`. `model.adaptation` lists what was kept.
        landmarks: With `markup`: annotations `(F, N, 2)` in pixels of photos or crops, NaN where a point is not
            annotated. Mean shape, graph and the like are made from them; by default from the markup's mean shape.
        runtime: `"keras"`; or `"onnxruntime"` or `"litert"`: the network is exported once, compared with Keras, and
            cached by its content. After that it opens without Keras and TensorFlow.
        quantize: In another runtime: `"float16"` or `"int8"` store large weights in fewer bytes, as in
            `kerasalign.export`; landmarks then differ a little.
        dtype: Dtype policy of the network in Keras: `"float32"`, `"mixed_bfloat16"` or `"mixed_float16"`; by default
            the preset's, which mostly is Keras' global policy. Weights and landmarks are float32 in each.

    Returns:
        A `LandmarkModel`: a `keras.Model` with `align(photo)` and Keras' own `fit`, `evaluate`, `save`. Its `origin`
        says which preset and weights it has. In another runtime, a `RuntimeModel` with the same `align` and
        `predict_crops`.

    Raises:
        UnknownPreset: If no preset has that name.
        WeightsNotPublished: If `weights="auto"` and nobody has published weights for this preset.
        WeightsNotInstalled: If they are in the package kerasalign-weights, which is not installed.
        DownloadFailed: If a file cannot be downloaded from the Hub.
        WeightsCorrupted: If the file is not the one that the manifest names.
        WeightsError: If a file does not fit the network.
        FileNotFoundError: If `name` or `weights` is a path and nothing is there.
        ValueError: If a folder's entry is wrong, `landmarks` do not fit `markup`, or the runtime, its `quantize` or the
            `dtype` is unknown.
        ImportError: If the runtime is not installed.

    Example:

        model = kerasalign.load("musica19-synth")
        faces = model.align("group.jpg")
    """
    _check_options(markup, landmarks, runtime, quantize, dtype)
    resolved = resolve(name)
    chosen = choose_weights(resolved, weights)
    if chosen.published is not None and chosen.published.caution:
        logger.warning("%s: %s", chosen.preset.name, chosen.published.caution)

    def keras_model() -> LandmarkModel:
        model = build_network(chosen.preset, dtype, chosen.file)
        if chosen.file is not None:
            _load_weights(model, chosen.file, name)
        origin = chosen.origin(resolved.address, model.origin)
        return model.with_origin(origin).with_error_calibration(chosen.calibration)

    if runtime != "keras":
        opened = open_cached(chosen.preset, chosen.digest(), runtime, quantize, keras_model)
        # A file of the cache may be older than the manifest's calibration.
        opened.error_calibration = chosen.calibration
        return opened
    return keras_model() if markup is None else adapt(keras_model(), markup, landmarks)


def _check_options(markup: str | Markup | None, landmarks: Any, runtime: str, quantize: str, dtype: str | None) -> None:
    if dtype is not None:
        one_of("dtype", dtype, DTYPES)
        if runtime != "keras":
            raise ValueError(f"`dtype` is of a network in Keras. Received: dtype={dtype!r}, runtime={runtime!r}")
    if landmarks is not None and markup is None:
        raise ValueError("`landmarks` are those of a new `markup`. Received: landmarks without a markup")
    if runtime not in ("keras", *RUNTIMES):
        raise ValueError(f"`runtime` must be one of {('keras', *RUNTIMES)}. Received: runtime={runtime!r}")
    if runtime != "keras" and markup is not None:
        raise ValueError(f"A network is fine-tuned in Keras. Received: markup={markup!r}, runtime={runtime!r}")
    if runtime == "keras" and quantize != "none":
        raise ValueError(f"`quantize` is for other runtimes. Received: quantize={quantize!r}, runtime='keras'")


def build_network(preset: Preset, dtype: str | None = None, file: Path | None = None) -> LandmarkModel:
    """Builds the untrained network of a preset.

    Args:
        preset: The preset.
        dtype: Dtype policy instead of the preset's.
        file: The weights file that will be loaded. A network with other weights than its own is not built to the end,
            so that a wrong entry takes no memory.

    Raises:
        WeightsError: If the file does not hold weights of this network.
        ValueError: If no network can be built from the entry's architecture.
    """
    from kerasalign.core.weight_shapes import TooLarge, only_weights_of  # loads Keras
    from kerasalign.models import build

    try:
        with only_weights_of(file):
            return build({**preset.architecture, **({} if dtype is None else {"dtype": dtype})})
    except (TooLarge, OSError) as error:
        raise WeightsError(f"{file} does not hold weights of '{preset.name}': {error}") from error
    except (ForkedNetwork, ImportError, MemoryError):
        raise
    except Exception as error:  # an entry of others can hold what no check thinks of, and Keras raises what it likes
        raise ValueError(
            f"No network can be built from the architecture of '{preset.name}' ({type(error).__name__}: {error})"
        ) from error


def _load_weights(model: LandmarkModel, file: Path, name: str | Path) -> None:
    try:
        model.load_weights(str(file))
    except (ValueError, OSError, KeyError) as error:
        raise WeightsError(f"{file} does not hold weights of '{name}': {error}") from error


@overload
def as_model(model: str | Path | None = None) -> LandmarkModel: ...


@overload
def as_model(model: M) -> M: ...


def as_model(model: Any = None) -> Any:
    """Returns a model as it is, or loads it by name.

    The last four models by name stay loaded.

    Args:
        model: A model, or the `name` that `load` takes; by default the manifest's default preset.
    """
    if model is None or isinstance(model, (str, Path)):
        catalog = current_catalog()
        return _loaded(model or catalog.manifest.default, catalog)
    return model


@lru_cache(maxsize=4)
def _loaded(name: str | Path, catalog: Catalog) -> LandmarkModel:
    """`load(name)`; in another catalog the same name may be another preset."""
    return load(name)


@overload
def align(photo: Photo, model: str | Path | AlignMixin | None = None, **options: Unpack[AlignOptions]) -> Faces: ...


@overload
def align(
    photo: Sequence[Photo], model: str | Path | AlignMixin | None = None, **options: Unpack[AlignOptions]
) -> Batch: ...


@overload
def align(
    photo: Iterator[Photo], model: str | Path | AlignMixin | None = None, **options: Unpack[AlignOptions]
) -> Iterator[Faces]: ...


@with_options(AlignOptions)
def align(photo: Any, model: str | Path | AlignMixin | None = None, **options: Any) -> Any:
    """Finds the faces of a photo and their landmarks.

    Args:
        photo: A photo (path, bytes, binary file, PIL image, array), a list or folder of photos, or an iterator, as
            for `LandmarkModel.align`.
        model: A model, or the name of one as for `load`; by default the manifest's default preset. The last four
            models by name stay loaded.
        **options: Passed on to `LandmarkModel.align`, for example `boxes` or `detector`.

    Returns:
        What `LandmarkModel.align` returns: `Faces` for one photo.
    """
    aligner: Any = as_model(model)
    return aligner.align(photo, **options)
