"""Scenes: every random choice of a picture, drawn before it is rendered."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from kerasalign.synth.appearance.beard import Beard, draw_beard
from kerasalign.synth.appearance.brows import Brows, draw_brows
from kerasalign.synth.appearance.children import as_child
from kerasalign.synth.appearance.clothes import Clothes, draw_clothes
from kerasalign.synth.appearance.eyes import Eyes, draw_eyes
from kerasalign.synth.appearance.face_paint import FacePaint, draw_face_paint
from kerasalign.synth.appearance.glasses import Glasses, draw_glasses
from kerasalign.synth.appearance.hair import Hair, draw_hair, draw_hair_color
from kerasalign.synth.appearance.headwear import Headwear, draw_headwear
from kerasalign.synth.appearance.makeup import Makeup, draw_makeup
from kerasalign.synth.appearance.masks import Mask, draw_cover
from kerasalign.synth.appearance.occluders import Occluder, draw_occluders
from kerasalign.synth.appearance.skin import Skin, draw_skin
from kerasalign.synth.appearance.wrinkles import Wrinkles, draw_wrinkles
from kerasalign.synth.head.expressions import draw_expression
from kerasalign.synth.head.model import HeadModel
from kerasalign.synth.head.openings import Openings, draw_openings
from kerasalign.synth.head.proportions import Proportions, draw_proportions
from kerasalign.synth.rendering.background import Background, draw_background
from kerasalign.synth.rendering.camera import Camera
from kerasalign.synth.rendering.extremes import draw_extremes
from kerasalign.synth.rendering.lighting import Lighting, draw_lighting, read_environments
from kerasalign.synth.rendering.photo import Photo, draw_photo
from kerasalign.synth.rendering.scene_config import SceneConfig


@dataclass(frozen=True, eq=False)
class Scene:
    """Every random choice of one picture, made by `draw_scene`. The fields' classes describe them.

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
        """A random generator for one purpose, such as strands of hair; the same numbers for the same scene."""
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
    hair_color = draw_hair_color(rng[4], skin)
    made_up, detail = draw_makeup(rng[5], skin), config.skin_detail
    lined = draw_wrinkles(rng[6], skin.age, scores)
    if detail != 1:
        skin, made_up, lined = _with_detail(detail, skin, made_up, lined)
    bearded = skin.feminine < 0.5 and skin.age > 0.12 and rng[8].random() < config.beard
    hidden = rng[10].random() < config.headwear
    mask, occluders = _draw_covering(rng[11], rng[18], config, skin)
    lighting = draw_lighting(
        rng[13], read_environments(config.environment_maps), config.environments, config.hard_light
    )
    photo = draw_photo(rng[15], config.degrade)
    last = rng[-1]
    if last.random() < config.extremes:
        skin, lighting, photo = draw_extremes(last, skin, lighting, photo)
    painted = last.random() < config.face_paint
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
        brows=draw_brows(rng[7], hair_color, skin, proportions.child),
        eyes=draw_eyes(rng[5], skin.darkness, skin.feminine),
        hair=draw_hair(rng[4], hair_color, skin, config.hair * (1 - 0.5 * (proportions.child > 0.7))),
        beard=draw_beard(rng[8], hair_color, skin) if bearded else None,
        glasses=draw_glasses(rng[9]) if rng[9].random() < config.glasses else None,
        headwear=draw_headwear(rng[10], skin) if hidden else None,
        occluders=occluders,
        mask=mask,
        face_paint=draw_face_paint(last) if painted else None,
        clothes=draw_clothes(rng[12]),
        lighting=lighting,
        background=draw_background(rng[14], config.backgrounds, config.photographs),
        photo=photo,
    )


def _draw_covering(
    things: np.random.Generator, masks: np.random.Generator, config: SceneConfig, skin: Skin
) -> tuple[Mask | None, tuple[Occluder, ...]]:
    """Draws a mask, and all that lies in front of the face."""
    occluders = draw_occluders(things, skin) if things.random() < config.occluders else ()
    if masks.random() >= config.covered:
        return None, occluders
    mask, cover = draw_cover(masks, skin)
    return mask, occluders + cover


def _with_detail(detail: float, skin: Skin, makeup: Makeup, wrinkles: Wrinkles) -> tuple[Skin, Makeup, Wrinkles]:
    """Scales freckles, spots, make-up and wrinkles by `SceneConfig.skin_detail`."""
    lines = {f.name: detail * getattr(wrinkles, f.name) for f in fields(wrinkles) if f.name != "width"}
    worn = {name: detail * getattr(makeup, name) for name in ("shadow", "liner", "lower_liner", "blush")}
    skin = replace(skin, freckles=detail * skin.freckles, spots=round(detail * skin.spots))
    return skin, replace(makeup, **worn), replace(wrinkles, **lines)


def draw_camera(rng: np.random.Generator, config: SceneConfig) -> Camera:
    """Draws a camera."""
    tail = rng.random() < config.yaw_tail
    yaw = rng.uniform(-config.yaw_limit, config.yaw_limit) if tail else rng.normal(0, config.yaw)
    pitch, roll = rng.normal(-0.65 * config.pitch, config.pitch), rng.normal(0, config.roll)
    if rng.random() < config.pitch_tail:
        pitch = rng.uniform(-config.pitch_limit, config.pitch_limit)
    if rng.random() < config.roll_tail:
        roll = rng.uniform(-config.roll_limit, config.roll_limit)
    distance, coverage = np.exp(rng.uniform(*np.log(config.distance))), rng.uniform(*config.coverage)
    across, down = rng.uniform(-config.shift, config.shift, 2)
    return Camera(
        yaw=float(np.clip(yaw, -config.yaw_limit, config.yaw_limit)),
        pitch=float(np.clip(pitch, -config.pitch_limit, config.pitch_limit)),
        roll=float(np.clip(roll, -config.roll_limit, config.roll_limit)),
        distance=float(distance),
        coverage=float(coverage),
        shift=(float(across), float(down)),
    )
