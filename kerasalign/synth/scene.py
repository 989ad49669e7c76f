"""What one picture shows: every random number of it, drawn before anything is rendered."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from kerasalign.synth.camera import Camera
from kerasalign.synth.expressions import draw_expression
from kerasalign.synth.head import HeadModel
from kerasalign.synth.proportions import Proportions, draw_proportions

Range = tuple[float, float]


@dataclass(frozen=True)
class SceneConfig:
    """What a scene may hold. Every `Range` is a uniform distribution; others are probabilities or as named.

    Args:
        identity_spread: Factor of the head's identity scores.
        proportions: Spread of head proportions outside the head model's modes (children, long faces).
        expression: Probability that a face has an expression at all.
        yaw: Standard deviation in degrees of the common faces.
        yaw_tail: Probability of a yaw drawn uniformly up to `yaw_limit`.
        yaw_limit: Degrees.
        pitch: Standard deviation in degrees.
        roll: Standard deviation in degrees.
        distance: Centimetres from the camera, drawn uniformly in the logarithm.
        coverage: Longer side of the face's tight box over the picture's side.
        shift: Largest offset of that box's middle, as a fraction of the side.
    """

    identity_spread: Range = (0.7, 1.25)
    proportions: float = 1.0
    expression: float = 0.85
    yaw: float = 18.0
    yaw_tail: float = 0.25
    yaw_limit: float = 90.0
    pitch: float = 10.0
    roll: float = 10.0
    distance: Range = (45.0, 300.0)
    coverage: Range = (0.5, 0.62)
    shift: float = 0.04


@dataclass(frozen=True, eq=False)
class Scene:
    """One picture's worth of decisions, made by `draw_scene`.

    Args:
        seed: The seed it was drawn with.
        index: Its number.
        identity: `(I,)` identity scores.
        expression: `(E,)` expression scores.
        proportions: Change of the head's proportions.
        camera: The camera.
    """

    seed: int
    index: int
    identity: np.ndarray
    expression: np.ndarray
    proportions: Proportions
    camera: Camera

    def rng(self, purpose: int) -> np.random.Generator:
        """Random numbers of one purpose, such as strands of hair: the same for the same scene."""
        return np.random.default_rng([self.seed, self.index, 1 + purpose])

    def replaced(self, **changes) -> Scene:
        """A copy with other fields."""
        return replace(self, **changes)


def draw_scene(head: HeadModel, config: SceneConfig, seed: int, index: int) -> Scene:
    """Draws scene `index` of a series: the same for the same head, config and seed, however many there are.

    Args:
        head: The head.
        config: What may be drawn.
        seed: Seed of the series, not negative.
        index: Number of the scene, not negative.
    """
    rng = np.random.default_rng([seed, index])
    identity = rng.standard_normal(len(head.identity)) * rng.uniform(*config.identity_spread)
    tail = rng.random() < config.yaw_tail
    yaw = rng.uniform(-config.yaw_limit, config.yaw_limit) if tail else rng.normal(0, config.yaw)
    camera = Camera(
        yaw=float(np.clip(yaw, -config.yaw_limit, config.yaw_limit)),
        pitch=float(np.clip(rng.normal(0, config.pitch), -30, 30)),
        roll=float(np.clip(rng.normal(0, config.roll), -40, 40)),
        distance=float(np.exp(rng.uniform(*np.log(config.distance)))), coverage=float(rng.uniform(*config.coverage)),
        shift=tuple(float(v) for v in rng.uniform(-config.shift, config.shift, 2)),
    )  # fmt: skip
    return Scene(
        seed=seed, index=index, identity=identity.astype("float32"),
        expression=draw_expression(rng, head.expression_names, config.expression),
        proportions=draw_proportions(rng, config.proportions), camera=camera,
    )  # fmt: skip
