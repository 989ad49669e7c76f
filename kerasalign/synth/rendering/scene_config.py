"""The distributions that scenes are drawn from."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from kerasalign.support.ranges import Range, check_ranges

_PROBABILITIES = (
    "children",
    "expression",
    "eyes_shut",
    "lips_shut",
    "yaw_tail",
    "pitch_tail",
    "roll_tail",
    "hair",
    "beard",
    "glasses",
    "headwear",
    "occluders",
    "covered",
    "face_paint",
    "hard_light",
    "photographs",
    "environments",
    "degrade",
    "extremes",
)


@dataclass(frozen=True)
class SceneConfig:
    """Distributions that scenes are drawn from. Every `Range` is uniform; other fields are probabilities, or as named.

    Args:
        identity_spread: Factor of the head's identity scores.
        proportions: Spread of head proportions outside the head model's modes (long and broad faces).
        children: Probability of a child or an infant.
        expression: Probability that a mouth has an expression at all.
        eyes_shut: Probability that both eyes are shut.
        lips_shut: Probability that the lips touch.
        yaw: Standard deviation in degrees of the common faces.
        yaw_tail: Probability of a yaw drawn uniformly up to `yaw_limit`.
        yaw_limit: Degrees.
        pitch: Standard deviation in degrees of the common faces, about a nod of 0.65 times that.
        pitch_tail: Probability of a pitch drawn uniformly up to `pitch_limit`.
        pitch_limit: Degrees.
        roll: Standard deviation in degrees of the common faces.
        roll_tail: Probability of a roll drawn uniformly up to `roll_limit`.
        roll_limit: Degrees.
        distance: Centimeters from the camera, drawn uniformly in the logarithm.
        coverage: Longer side of the face's tight box over the picture's side.
        shift: Largest offset of that box's middle, as a fraction of the side.
        skin_detail: Strength of wrinkles, freckles, spots and make-up; 0 is plain skin.
        hair: Probability of hair that stands out from the head; others are shaved or painted.
        beard: Probability of a beard or stubble on a man's face.
        glasses: Probability of glasses.
        headwear: Probability of a hat, cap, scarf or hood.
        occluders: Probability of a hand, microphone, phone or another thing in front of the face.
        covered: Probability of a mask, a cloth, or a thing that hides about half of the face.
        face_paint: Probability of a painted face.
        hard_light: Probability of a strong lamp with a sharp shadow.
        photographs: Probability that the background is one of `backgrounds`, where that is given.
        backgrounds: Folder of photographs without faces, or None.
        environments: Probability that the light comes from one of `environment_maps`, where that is given.
        environment_maps: `.npz` of `(H, W, 3)` or `(K, H, W, 3)` linear equirectangular maps, a folder of
            `.hdr` pictures, or None.
        degrade: What the camera spoils: 0 nothing but tones, 1 everything that happens to pictures.
        extremes: Probability of a picture that is hard to see: very blurred or coarse, dark or too bright, in
            colored light, in glare, or of a wet face.

    Raises:
        ValueError: If a range is reversed or a probability is outside 0..1.
    """

    identity_spread: Range = (0.7, 1.25)
    proportions: float = 1.0
    children: float = 0.2
    expression: float = 0.85
    eyes_shut: float = 0.085
    lips_shut: float = 0.45
    yaw: float = 13.0
    yaw_tail: float = 0.24
    yaw_limit: float = 90.0
    pitch: float = 9.0
    pitch_tail: float = 0.1
    pitch_limit: float = 45.0
    roll: float = 8.0
    roll_tail: float = 0.14
    roll_limit: float = 60.0
    distance: Range = (45.0, 300.0)
    coverage: Range = (0.5, 0.62)
    shift: float = 0.04
    skin_detail: float = 1.0
    hair: float = 0.93
    beard: float = 0.6
    glasses: float = 0.24
    headwear: float = 0.14
    occluders: float = 0.14
    covered: float = 0.07
    face_paint: float = 0.03
    hard_light: float = 0.35
    photographs: float = 0.6
    backgrounds: str | None = None
    environments: float = 0.4
    environment_maps: str | None = None
    degrade: float = 1.0
    extremes: float = 0.13

    def __post_init__(self) -> None:
        check_ranges(self)
        for name in _PROBABILITIES:
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"`{name}` must be in 0..1. Received: {name}={getattr(self, name)!r}")
        for name in ("distance", "coverage"):
            if getattr(self, name)[0] <= 0:
                raise ValueError(f"`{name}` must be positive. Received: {name}={getattr(self, name)!r}")
        for name, most in (("yaw_limit", 120), ("pitch_limit", 80), ("roll_limit", 180)):
            if not 0 <= getattr(self, name) <= most:
                raise ValueError(f"`{name}` must be in 0..{most} degrees. Received: {name}={getattr(self, name)!r}")

    def get_config(self) -> dict:
        """Plain dict, ready for JSON, that rebuilds the config."""
        return {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(self).items()}

    @classmethod
    def from_config(cls, config: dict) -> SceneConfig:
        """Rebuilds a config from `get_config`."""
        fields: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in config.items()}
        return cls(**fields)

    @classmethod
    def preset(cls, name: str) -> SceneConfig:
        """A named config: `"full"`, `"frontal"` (little yaw), or `"plain"` (bare heads, no degradation).

        Raises:
            ValueError: If there is no such preset.
        """
        if name not in PRESETS:
            raise ValueError(f"`name` must be one of {list(PRESETS)}. Received: name={name!r}")
        return PRESETS[name]


PRESETS: dict[str, SceneConfig] = {
    "full": SceneConfig(),
    "frontal": SceneConfig(yaw=8.0, yaw_tail=0.0, yaw_limit=30.0, pitch=6.0, pitch_tail=0.0, roll=6.0, roll_tail=0.0),
    "plain": SceneConfig(
        skin_detail=0.0,
        hair=0.0,
        beard=0.0,
        glasses=0.0,
        headwear=0.0,
        occluders=0.0,
        covered=0.0,
        face_paint=0.0,
        hard_light=0.0,
        degrade=0.0,
        extremes=0.0,
    ),
}
