"""Training of the head that says which points are visible, on renders, which know it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit

from kerasalign.core.adaptation import places
from kerasalign.core.compiled import compiled, predict_in_batches
from kerasalign.core.landmark_model import LandmarkModel
from kerasalign.data.boxes import TRAINING_BOX, boxed_samples
from kerasalign.data.cache_build import cut_crops
from kerasalign.data.occluders import cover_faces
from kerasalign.data.split import split_indices
from kerasalign.datasets import FaceSample
from kerasalign.layers import VisibilityHead
from kerasalign.metrics import BoxSource, ProbabilityScores, probability_scores
from kerasalign.support.checks import at_least, in_range

# Boxes as a detector's, which are not those of the points.
_BOXES = BoxSource.parse("jittered:0.1")
_BATCH = 64


@dataclass(frozen=True)
class VisibilityFit:
    """A network whose confidence says which points are visible, and how well.

    Args:
        model: The network.
        slope: Factor of the logits that calibrates them; it is in the weights.
        offset: What is added to them.
        scores: Scores on faces that were held out, `"plain"` and `"covered"`, each before and after the calibration.
        faces: How many faces the head was trained on.
    """

    model: LandmarkModel
    slope: float
    offset: float
    scores: dict[str, dict[str, ProbabilityScores]]
    faces: int


def fit_visibility(
    model: LandmarkModel,
    renders: Sequence[FaceSample],
    *,
    held_out: float = 0.15,
    copies: int = 1,
    epochs: int = 25,
    learning_rate: float = 2e-3,
    seed: int = 0,
    progress: bool | None = None,
) -> VisibilityFit:
    """Trains a head that says which points are visible; all other weights, and so the landmarks, stay what they are.

    Each face is seen as it is, and in `copies` with a random thing in front of it (`cover_faces`). Part of the faces is
    held out: on all views of them, slope and offset of the logits are fitted (Platt scaling), so that of the points
    with a confidence of 0.8 four in five are visible.

    Args:
        model: A network whose config has the field `visibility`, such as LW-BAFA and SDU.
        renders: Faces in the model's markup with `visibility`, such as those that `kerasalign synth` wrote.
        held_out: Share of the faces that calibrates.
        copies: Covered copies of each face.
        epochs: Passes over the faces; the features of the frozen network are computed once.
        learning_rate: Of Adam, to begin with; it falls to 0 along a cosine.
        seed: Seed of split, covers, first weights and order.
        progress: Show a progress bar; by default where the error stream is a terminal.

    Returns:
        The new network and its scores; `model` stays as it is.

    Raises:
        ValueError: If the network cannot have the head, an argument is out of range, or faces say no visibility.

    Example:

        renders = read_faces("synth", "renders", "train", "68")
        fit = fit_visibility(kerasalign.load("lwbafa128-300w"), renders)
        fit.model.align("photo.jpg")[0].confidence
    """
    at_least(1, epochs=epochs)
    at_least(0, copies=copies)
    in_range(0.01, 0.9, held_out=held_out)
    network = with_visibility(model)
    views = face_views(network, renders, copies, seed, progress)
    train, held = split_indices(len(renders), held_out, seed)
    features, visible = (np.concatenate([part[train] for part in parts]) for parts in zip(*views))
    head = visibility_head(network)
    _train_head(head, features, visible, epochs, learning_rate, seed)
    uncalibrated = [(head_probabilities(head, view[0][held]), view[1][held]) for view in views]
    slope, offset = platt_scaling(*(np.concatenate(part) for part in zip(*uncalibrated)))
    kernel, bias = head.output_kernel, head.output_bias
    kernel.assign(slope * np.asarray(kernel))
    bias.assign(slope * np.asarray(bias) + offset)
    pairs = [(moved(p, slope, offset), truth) for p, truth in uncalibrated]
    return VisibilityFit(network, slope, offset, _scores(pairs, slope, offset), len(train))


def visibility_scores(
    model: LandmarkModel,
    renders: Sequence[FaceSample],
    slope: float = 1.0,
    offset: float = 0.0,
    *,
    seed: int = 1,
    progress: bool | None = None,
) -> dict[str, dict[str, ProbabilityScores]]:
    """Scores of a trained head on other renders, as `VisibilityFit.scores`.

    Args:
        model: A network with a head.
        renders: Faces that it has not seen.
        slope: That of its `VisibilityFit`.
        offset: That of its `VisibilityFit`.
        seed: Seed of boxes and of the things in front of faces.
        progress: As in `fit_visibility`.
    """
    head = visibility_head(model)
    views = face_views(model, renders, 1, seed, progress)
    return _scores([(head_probabilities(head, features), visible) for features, visible in views], slope, offset)


def _scores(
    pairs: Sequence[tuple[np.ndarray, np.ndarray]], slope: float, offset: float
) -> dict[str, dict[str, ProbabilityScores]]:
    """Scores of calibrated probabilities and truths, the first pair of faces as they are, others of covered ones."""
    scores = {}
    for name, some in (("plain", pairs[:1]), ("covered", pairs[1:])):
        if some:
            after, truth = (np.concatenate(part) for part in zip(*some))
            before = moved(after, 1 / slope, -offset / slope)
            scores[name] = {"before": probability_scores(before, truth), "after": probability_scores(after, truth)}
    return scores


def with_visibility(model: LandmarkModel) -> LandmarkModel:
    """A copy of a network with a `VisibilityHead`, untrained if it had none.

    Raises:
        ValueError: If the config of the network has no field `visibility`.
    """
    if not hasattr(model.config, "visibility"):
        raise ValueError(
            f"`model` must be one that can have a visibility head, as LW-BAFA and SDU. Received: {type(model).__name__}"
        )
    new = type(model)(model.config.replace(visibility=True), name=model.name)
    old = dict(zip(places(weight.path for weight in model.weights), model.weights))
    for place, weight in zip(places(weight.path for weight in new.weights), new.weights):
        if place in old:
            weight.assign(old[place])
    return new.with_origin(model.origin)


def visibility_head(model: LandmarkModel) -> VisibilityHead:
    """The head of a network.

    Raises:
        ValueError: If it has none.
    """
    head = next((layer for layer in model.layers if isinstance(layer, VisibilityHead)), None)
    if head is None:
        raise ValueError("`model` must have a visibility head. Received: a model with visibility=False")
    return head


def face_views(
    model: LandmarkModel, renders: Sequence[FaceSample], copies: int, seed: int, progress: bool | None = None
) -> list[tuple[np.ndarray, np.ndarray]]:
    """What the head reads of faces, `(F, N, C)` float16, and which points are visible, `(F, N)`.

    The first pair is of the faces as they are, the others of their covered copies.

    Raises:
        ValueError: If a face says nothing of visibility.
    """
    unknown = [face.name for face in renders if face.visibility is None]
    if unknown or not renders:
        raise ValueError(
            f"`renders` must be faces that say which points are visible. Received: {len(renders)} faces, "
            f"{len(unknown)} of them without visibility"
        )
    spec = model.crop_spec
    cut = cut_crops(boxed_samples(renders, _BOXES), spec, margin=spec.scale, box=TRAINING_BOX, progress=progress)
    visible = np.array([face.visibility for face in renders])
    reader = compiled(keras.Model(model.inputs, {"features": visibility_head(model).input}))
    views = []
    for turn in range(copies + 1):
        crops, hidden = cut.crops, np.zeros_like(visible)
        if turn:
            crops, hidden = cover_faces(cut.crops, cut.landmarks, seed * 1000 + turn)
        features = predict_in_batches(reader, crops, _BATCH)["features"]
        views.append((features.astype("float16"), visible & ~hidden))
    return views


def head_probabilities(head: VisibilityHead, features: np.ndarray) -> np.ndarray:
    """Probabilities `(F, N)` of a head, from what `face_views` gave."""
    parts = [
        np.asarray(keras.ops.convert_to_numpy(head(features[start : start + 256].astype("float32"))))
        for start in range(0, len(features), 256)
    ]
    return np.concatenate(parts)


def platt_scaling(probabilities: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Slope and offset of the logits under which the truth is likeliest.

    Truths are taken as nearly 1 and nearly 0, as in Platt (1999), so that there is an optimum where all are the same.
    """
    z, y = _logits(probabilities).ravel(), np.asarray(truth, bool).ravel()
    y = np.where(y, (y.sum() + 1) / (y.sum() + 2), 1 / ((~y).sum() + 2))

    def loss(x: np.ndarray) -> tuple[float, np.ndarray]:
        s = x[0] * z + x[1]
        error = expit(s) - y
        return float((np.logaddexp(0, s) - y * s).mean()), np.array([(error * z).mean(), error.mean()])

    slope, offset = minimize(loss, np.array([1.0, 0.0]), jac=True, method="BFGS").x
    return float(slope), float(offset)


def moved(probabilities: np.ndarray, slope: float, offset: float) -> np.ndarray:
    """Probabilities whose logits are `slope` times as large, plus `offset`."""
    return expit(slope * _logits(probabilities) + offset)


def _logits(probabilities: np.ndarray) -> np.ndarray:
    return logit(np.clip(np.asarray(probabilities, "float64"), 1e-7, 1 - 1e-7))


def _train_head(
    head: VisibilityHead, features: np.ndarray, visible: np.ndarray, epochs: int, rate: float, seed: int
) -> None:
    """Trains a head on features of mean 0 and deviation 1, which its kernel takes in afterwards."""
    mean = features.mean((0, 1), dtype="float64")
    deviation = np.maximum(features.std((0, 1), dtype="float64"), 1e-3)
    rng = np.random.default_rng([seed, 2])
    channels, units = head.kernel.shape
    twin = VisibilityHead.from_config(head.get_config() | {"trainable": True})
    inputs = keras.Input(features.shape[1:])
    network = keras.Model(inputs, twin(inputs))
    twin.kernel.assign(rng.normal(0, np.sqrt(2 / channels), (channels, units)))
    steps = -(-len(features) // _BATCH)
    schedule = keras.optimizers.schedules.CosineDecay(rate, steps * epochs)
    network.compile(keras.optimizers.AdamW(schedule, weight_decay=1e-2), loss="binary_crossentropy", jit_compile=False)
    for _ in range(epochs):
        order = rng.permutation(len(features))
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            network.train_on_batch((features[rows] - mean) / deviation, visible[rows].astype("float32"))
    kernel = np.asarray(twin.kernel) / deviation[:, None]
    head.set_weights([kernel, np.asarray(twin.bias) - (mean @ kernel)[:, None], *twin.get_weights()[2:]])
