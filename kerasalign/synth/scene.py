"""What one picture shows: every random number of it, drawn before anything is rendered."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace

import numpy as np

from kerasalign.support.ranges import Range, check_ranges
from kerasalign.synth.background import Background, draw_background
from kerasalign.synth.beard import Beard, draw_beard
from kerasalign.synth.brows import Brows, draw_brows
from kerasalign.synth.camera import Camera
from kerasalign.synth.clothes import Clothes, draw_clothes
from kerasalign.synth.expressions import draw_expression
from kerasalign.synth.extremes import draw_extremes
from kerasalign.synth.eyes import Eyes, draw_eyes
from kerasalign.synth.face_paint import FacePaint, draw_face_paint
from kerasalign.synth.glasses import Glasses, draw_glasses
from kerasalign.synth.hair import Hair, draw_hair, draw_hair_colour
from kerasalign.synth.head import HeadModel
from kerasalign.synth.headwear import Headwear, draw_headwear
from kerasalign.synth.lighting import Lighting, draw_lighting, read_environments
from kerasalign.synth.makeup import Makeup, draw_makeup
from kerasalign.synth.masks import Mask, draw_cover
from kerasalign.synth.occluders import Occluder, draw_occluders
from kerasalign.synth.openings import Openings, draw_openings
from kerasalign.synth.photo import Photo, draw_photo
from kerasalign.synth.proportions import Proportions, as_child, draw_proportions
from kerasalign.synth.skin import Skin, draw_skin
from kerasalign.synth.wrinkles import Wrinkles, draw_wrinkles

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
    """What a scene may hold. Every `Range` is a uniform distribution; others are probabilities or as named.

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
        distance: Centimetres from the camera, drawn uniformly in the logarithm.
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
            coloured light, in glare, or of a wet face.

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
        return cls(**{key: tuple(v) if isinstance(v, list) else v for key, v in config.items()})

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


@dataclass(frozen=True, eq=False)
class Scene:
    """One picture's worth of decisions, made by `draw_scene`; every field says what it is in its own class.

    Args:
        seed: The seed it was drawn with.
        index: Its number.
        identity: `(I,)` identity scores.
        expression: `(E,)` expression scores.
        openings: How far eyes and mouth are open.
        proportions: Change of the head's proportions.
        camera: The camera.
        skin: Skin.
        wrinkles: Folds of the skin.
        makeup: Lips and make-up.
        brows: Brows: `brow_edges` says where they are in the chart.
        eyes: Eyes.
        hair: Hair of the head.
        beard: Beard, or None.
        glasses: Glasses, or None.
        headwear: Hat, or None.
        occluders: Things in front of the face.
        mask: Mask or cloth over the face, or None.
        face_paint: Paint on the face, or None.
        clothes: Clothes.
        lighting: Light.
        background: Background.
        photo: What the camera does to the picture.
    """

    seed: int
    index: int
    identity: np.ndarray
    expression: np.ndarray
    openings: Openings
    proportions: Proportions
    camera: Camera
    skin: Skin
    wrinkles: Wrinkles
    makeup: Makeup
    brows: Brows
    eyes: Eyes
    hair: Hair
    beard: Beard | None
    glasses: Glasses | None
    headwear: Headwear | None
    occluders: tuple[Occluder, ...]
    mask: Mask | None
    face_paint: FacePaint | None
    clothes: Clothes
    lighting: Lighting
    background: Background
    photo: Photo

    def shape(self, head: HeadModel, neutral: np.ndarray | None = None) -> np.ndarray:
        """`(V, 3)` float32 vertices of the head in its own coordinates, with expression, openings and proportions.

        Args:
            head: The head that the scene was drawn for.
            neutral: `head.shape(identity)`, where it is known already.
        """
        neutral = head.shape(self.identity) if neutral is None else neutral
        return self.proportions.apply(self.openings.apply(head, head.moved(neutral, self.expression)))

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

    Raises:
        ValueError: If `seed` or `index` is negative.
    """
    if seed < 0 or index < 0:
        raise ValueError(f"`seed` and `index` must not be negative. Received: seed={seed!r}, index={index!r}")
    # Every subject has its own random numbers: another probability for hats leaves the faces as they were.
    streams = np.random.SeedSequence([seed, index]).spawn(20)
    rng = [np.random.default_rng(stream) for stream in streams]
    spread = rng[0].uniform(*config.identity_spread)
    identity = rng[0].standard_normal(len(head.identity)) * spread
    proportions = draw_proportions(rng[0], config.proportions)
    shut_lips = bool(rng[16].random() < config.lips_shut)
    expression = draw_expression(rng[1], head.expression_names, config.expression, shut_lips)
    scores = dict(zip(head.expression_names, expression.tolist()))
    openings = draw_openings(rng[16], scores, config.eyes_shut, shut_lips)
    skin = draw_skin(rng[3])
    if rng[17].random() < config.children:
        proportions, skin = as_child(rng[17], proportions, skin)
    hair_colour = draw_hair_colour(rng[4], skin)
    made_up, detail = draw_makeup(rng[5], skin), config.skin_detail
    lined = draw_wrinkles(rng[6], skin.age, scores)
    if detail != 1:
        lined = replace(lined, **{f.name: detail * getattr(lined, f.name) for f in fields(lined) if f.name != "width"})
        skin = replace(skin, freckles=detail * skin.freckles, spots=round(detail * skin.spots))
        made_up = replace(
            made_up, **{name: detail * getattr(made_up, name) for name in ("shadow", "liner", "lower_liner", "blush")}
        )
    bearded = skin.feminine < 0.5 and skin.age > 0.12 and rng[8].random() < config.beard
    hidden = rng[10].random() < config.headwear
    occluders = draw_occluders(rng[11], skin) if rng[11].random() < config.occluders else ()
    mask = None
    if rng[18].random() < config.covered:
        mask, cover = draw_cover(rng[18], skin)
        occluders += cover
    lighting = draw_lighting(
        rng[13], read_environments(config.environment_maps), config.environments, config.hard_light
    )
    photo = draw_photo(rng[15], config.degrade)
    if rng[19].random() < config.extremes:
        skin, lighting, photo = draw_extremes(rng[19], skin, lighting, photo)
    painted = rng[19].random() < config.face_paint
    return Scene(
        seed=seed,
        index=index,
        identity=identity.astype("float32"),
        expression=expression,
        openings=openings,
        proportions=proportions,
        camera=draw_camera(rng[2], config),
        skin=skin,
        wrinkles=lined,
        makeup=made_up,
        brows=draw_brows(rng[7], hair_colour, skin, proportions.child),
        eyes=draw_eyes(rng[5], skin.darkness, skin.feminine),
        hair=draw_hair(rng[4], hair_colour, skin, config.hair * (1 - 0.5 * (proportions.child > 0.7))),
        beard=draw_beard(rng[8], hair_colour, skin) if bearded else None,
        glasses=draw_glasses(rng[9]) if rng[9].random() < config.glasses else None,
        headwear=draw_headwear(rng[10], skin) if hidden else None,
        occluders=occluders,
        mask=mask,
        face_paint=draw_face_paint(rng[19]) if painted else None,
        clothes=draw_clothes(rng[12]),
        lighting=lighting,
        background=draw_background(rng[14], config.backgrounds, config.photographs),
        photo=photo,
    )


def draw_camera(rng: np.random.Generator, config: SceneConfig) -> Camera:
    """Draws a camera."""
    tail = rng.random() < config.yaw_tail
    yaw = rng.uniform(-config.yaw_limit, config.yaw_limit) if tail else rng.normal(0, config.yaw)
    pitch, roll = rng.normal(-0.65 * config.pitch, config.pitch), rng.normal(0, config.roll)
    if rng.random() < config.pitch_tail:
        pitch = rng.uniform(-config.pitch_limit, config.pitch_limit)
    if rng.random() < config.roll_tail:
        roll = rng.uniform(-config.roll_limit, config.roll_limit)
    return Camera(
        yaw=float(np.clip(yaw, -config.yaw_limit, config.yaw_limit)),
        pitch=float(np.clip(pitch, -config.pitch_limit, config.pitch_limit)),
        roll=float(np.clip(roll, -config.roll_limit, config.roll_limit)),
        distance=float(np.exp(rng.uniform(*np.log(config.distance)))),
        coverage=float(rng.uniform(*config.coverage)),
        shift=tuple(float(v) for v in rng.uniform(-config.shift, config.shift, 2)),
    )
