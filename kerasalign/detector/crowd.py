"""Pictures of nobody, somebody or many: heads of a pool in front of backgrounds, and where their faces are."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import cv2
import numpy as np

from kerasalign.detector.backdrop import clutter, cover, paint_backdrop
from kerasalign.detector.coding import FACE
from kerasalign.detector.pieces import scatter
from kerasalign.detector.pool import MARKUPS, HeadPool
from kerasalign.geometry import about, apply_affine, box_center, box_size, compose, invert, rotation, tight_box
from kerasalign.markups import get_markup
from kerasalign.synth.rendering.photo import draw_photo, expose

_NOBODY = 255


@dataclass(frozen=True)
class CrowdConfig:
    """What a picture may hold.

    Args:
        size: Side of the picture in pixels, a multiple of 32.
        max_faces: Most faces of a picture.
        counts: Probabilities of nobody, one person, a few, and many.
        face: Longer side of a face's upright box over the picture's longer side, drawn uniformly in the logarithm.
        smallest: Faces whose longer side is fewer pixels do not matter: they are neither to be found nor nothing.
        upright: Standard deviation in degrees of most heads' rotation.
        turned: Probabilities of a rotation drawn uniformly up to 45 degrees, and up to 180.
        letterbox: Probability that the picture is not square, with black beside it.
        backgrounds: Folder of photographs without faces, or `None`: painted ones.
        photographs: Probability of a photograph, where there is a folder.
        negatives: Folder of pictures that were taken for faces, as `mine_negatives` writes it, or `None`.
        hard: Probability of one of them, where there is a folder.
        pieces: Probability of clothes, hair and mixed-up faces, which are no faces.
        occluders: Probability of things in front of faces, beside those of the heads themselves.
        degrade: What the camera spoils, as in `SceneConfig`.

    Raises:
        ValueError: If a number is out of its range.
    """

    size: int = 256
    max_faces: int = 10
    counts: tuple[float, float, float, float] = (0.14, 0.46, 0.24, 0.16)
    face: tuple[float, float] = (0.045, 0.95)
    smallest: float = 10.0
    upright: float = 20.0
    turned: tuple[float, float] = (0.2, 0.05)
    letterbox: float = 0.6
    backgrounds: str | None = None
    photographs: float = 0.75
    negatives: str | None = None
    hard: float = 0.15
    pieces: float = 0.3
    occluders: float = 0.2
    degrade: float = 1.0

    def __post_init__(self) -> None:
        if self.size < 32 or self.size % 32:
            raise ValueError(f"`size` must be a multiple of 32. Received: size={self.size!r}")
        if not 0 < self.face[0] <= self.face[1]:
            raise ValueError(f"`face` must be (low, high), both positive. Received: face={self.face!r}")
        if self.max_faces < 1:
            raise ValueError(f"`max_faces` must be at least 1. Received: max_faces={self.max_faces!r}")
        for name in ("letterbox", "photographs", "hard", "pieces", "occluders", "degrade"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"`{name}` must be in 0..1. Received: {name}={getattr(self, name)!r}")
        for name in ("counts", "turned", "face"):
            object.__setattr__(self, name, tuple(float(value) for value in getattr(self, name)))
        if min(self.counts) < 0 or abs(sum(self.counts) - 1) > 1e-6:
            raise ValueError(f"`counts` must be probabilities that add up to 1. Received: counts={self.counts!r}")

    def get_config(self) -> dict:
        """Plain dict, ready for JSON; folders stay out of it, since paths mean nothing elsewhere."""
        config = {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(self).items()}
        return config | {key: config[key] is not None for key in ("backgrounds", "negatives")}


class Crowd:
    """Composes scenes from a pool of heads; scene i of a seed is the same whenever it is asked for.

    Args:
        pool: The heads.
        config: What a scene may hold.
        seed: Seed of the scenes.

    Example:

        picture, faces = Crowd(HeadPool("heads"), CrowdConfig(backgrounds="photos")).scene(0)
    """

    def __init__(self, pool: HeadPool, config: CrowdConfig | None = None, seed: int = 0) -> None:
        self.pool, self.config, self.seed = pool, config or CrowdConfig(), int(seed)
        flips = [np.asarray(get_markup(name).flip) for name in MARKUPS]
        self._count = len(flips[0])
        self._flip = np.concatenate([flips[0], flips[1] + self._count])

    def scene(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """A picture `(S, S, 3)` uint8 RGB and its faces `(max_faces, 17)` float32, as `FaceDetector` takes them."""
        config = self.config
        rng = np.random.default_rng([self.seed, int(index)])
        size, frame = config.size, _frame(rng, config)
        picture = paint_backdrop(rng, config, size)
        if rng.random() < 0.4:
            clutter(rng, picture)
        if rng.random() < config.pieces:
            scatter(rng, self.pool, picture)
        owner = np.full((size, size), _NOBODY, "uint8")
        people = [self._place(rng, picture, owner, number, *who) for number, who in enumerate(self._people(rng, frame))]
        if people and rng.random() < config.occluders:
            for _ in range(int(rng.integers(1, 4))):
                box = people[int(rng.integers(len(people)))][1]
                cover(rng, picture, owner, box)
        picture = _taken(rng, picture, config.degrade)
        left, top, right, bottom = frame
        outside = np.ones((size, size), bool)
        outside[top:bottom, left:right] = False
        picture[outside], owner[outside] = 0, _NOBODY
        faces = np.full((config.max_faces, FACE + 1), np.nan, "float32")
        rows = [
            row
            for number, (face, box, filled) in enumerate(people)
            if (row := self._label(face, box, filled, owner == number, frame)) is not None
        ]
        faces[: len(rows)] = np.array(rows, "float32").reshape(-1, FACE + 1)
        return picture, faces

    def _people(self, rng: np.random.Generator, frame) -> list[tuple[int, bool, float, float, np.ndarray]]:
        """Head, whether it is mirrored, rotation, longer side in pixels and middle of each person, rear ones first."""
        config = self.config
        left, top, right, bottom = frame
        long = max(right - left, bottom - top)
        kind = rng.choice(4, p=config.counts)
        count = (0, 1, int(rng.integers(2, 5)), int(rng.integers(4, max(config.max_faces, 4) + 1)))[kind]
        low, high = config.face
        high = (high, high, min(high, 0.45), min(high, 0.22))[kind]
        found = []
        for _ in range(min(count, config.max_faces)):
            side = long * np.exp(rng.uniform(np.log(min(low, high)), np.log(high)))
            for _ in range(8):
                slack = side / 2 - 0.2 * side
                middle = np.array([_within(rng, left, right, slack), _within(rng, top, bottom, slack)])
                if all(np.hypot(*(middle - other[4])) > 0.62 * (side + other[3]) for other in found):
                    draw = rng.random()
                    if draw < config.turned[1]:
                        turn = rng.uniform(-180, 180)
                    elif draw < sum(config.turned):
                        turn = rng.uniform(-45, 45)
                    else:
                        turn = np.clip(rng.normal(0, config.upright), -45, 45)
                    found.append((int(rng.integers(len(self.pool))), rng.random() < 0.5, float(turn), side, middle))
                    break
        return sorted(found, key=lambda who: who[3])

    def _place(self, rng, picture, owner, number, head, mirrored, turn, side, middle):
        """Puts a person into a picture; returns face `(16,)`, box around its points, and how much of it is the head."""
        pool = self.pool
        points, box, angle = pool.points[head].astype("float64"), pool.boxes[head], pool.angles[head]
        cut = np.asarray(pool[head])
        width = cut.shape[1]
        if mirrored:
            cut = cut[:, ::-1]
            mirror = np.array([[-1.0, 0.0, width - 1.0], [0.0, 1.0, 0.0]])
            points, angle = apply_affine(mirror, points)[self._flip], -angle
            box = tight_box(points[: self._count], angle)
        scale = side / box_size(box).max()
        matrix = about(box_center(box), scale * rotation(turn), middle)
        points, angle = apply_affine(matrix, points), angle + turn
        _paste(rng, picture, owner, number, cut, matrix, scale)
        upright = tight_box(points[: self._count], angle)
        radians = np.deg2rad(angle)
        face = np.concatenate(
            [
                box_center(upright),
                box_size(upright),
                [np.cos(radians), np.sin(radians)],
                points[self._count :].ravel(),
            ]
        )
        around = tight_box(points[: self._count])
        here = owner[_window(around, len(picture))] == number
        return face, around, here.mean() if here.size else 0.0

    def _label(self, face, box, filled, mask, frame) -> np.ndarray | None:
        """The face's row, `None` for one that can hardly be seen."""
        longer = face[2:4].max()
        left, top, right, bottom = frame
        inside = left <= face[0] < right and top <= face[1] < bottom
        seen = mask[_window(box, len(mask))].sum() / max(filled * box_size(box).prod(), 1.0)
        if longer < 0.4 * self.config.smallest or seen < 0.1:
            return None
        wanted = inside and longer >= self.config.smallest and seen > 0.5
        return np.append(face, float(wanted))


def _frame(rng, config) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the part of the square that the picture fills."""
    size = config.size
    if rng.random() >= config.letterbox:
        return 0, 0, size, size
    aspect = np.exp(rng.uniform(np.log(0.5), np.log(2.0)))
    width, height = round(size * min(aspect, 1)), round(size * min(1 / aspect, 1))
    part = rng.choice([0.0, 0.5, 1.0], p=(0.15, 0.7, 0.15))
    left, top = int(part * (size - width)), int(part * (size - height))
    return left, top, left + width, top + height


def _within(rng, low: float, high: float, slack: float) -> float:
    """A place between two edges, a little nearer than `slack` to none of them where there is room."""
    if high - low <= 2 * slack:
        return (low + high) / 2 + rng.uniform(-0.15, 0.15) * slack
    return rng.uniform(low + slack, high - slack)


def _window(box, size: int) -> tuple[slice, slice]:
    """The part of a square picture that a box covers."""
    x0, y0, x1, y1 = np.clip(np.rint(box), 0, size).astype(int)
    return slice(y0, max(y1, y0)), slice(x0, max(x1, x0))


def _paste(rng, picture, owner, number, cut, matrix, scale) -> None:
    """Draws a cut-out into a picture, in place; clothes go on below it."""
    size = len(picture)
    height, width = cut.shape[:2]
    corners = apply_affine(matrix, np.array([[0, 0], [width, 0], [-1, 3 * height], [width, 3 * height]], "float64"))
    low = np.clip(np.floor(corners.min(0)) - 1, 0, size).astype(int)
    high = np.clip(np.ceil(corners.max(0)) + 2, 0, size).astype(int)
    if (high <= low).any():
        return
    reduce = int(1 / scale)
    if reduce >= 2:
        target = max(width // reduce, 1), max(height // reduce, 1)
        half = np.array(
            [
                [target[0] / width, 0.0, 0.5 * target[0] / width - 0.5],
                [0.0, target[1] / height, 0.5 * target[1] / height - 0.5],
            ]
        )
        cut, matrix = cv2.resize(cut, target, interpolation=cv2.INTER_AREA), compose(invert(half), matrix)
    # Nothing beside and above the picture of the head; below it the last row goes on.
    cut = cv2.copyMakeBorder(cut, 1, 0, 1, 1, cv2.BORDER_CONSTANT, value=(0, 0, 0, 0))
    shift = np.array([[1.0, 0.0, -1.0], [0.0, 1.0, -1.0]])
    placed = compose(shift, matrix, np.array([[1.0, 0.0, -low[0]], [0.0, 1.0, -low[1]]]))
    span = tuple(int(v) for v in high - low)
    drawn = cv2.warpAffine(cut, placed, span, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    cover = drawn[..., 3]
    window = slice(low[1], high[1]), slice(low[0], high[0])
    # Light of the place: a head's own is not the background's.
    gain = np.exp(rng.normal(0, 0.18)) * np.exp(rng.normal(0, 0.05, 3))
    table = np.clip(np.arange(256)[:, None] * gain, 0, 255)
    table = np.concatenate([table, np.arange(256)[:, None]], 1).round().astype("uint8")
    drawn = cv2.LUT(drawn, table.reshape(1, 256, 4))[..., :3]
    behind = cv2.multiply(picture[window], cv2.merge([255 - cover] * 3), scale=1 / 255)
    # A gain above 1 must not make a soft edge brighter than what it covers.
    cv2.add(behind, drawn, dst=behind)
    picture[window] = behind
    owner[window][cover > 127] = number


def _taken(rng, picture: np.ndarray, degrade: float) -> np.ndarray:
    """What a camera makes of it."""
    photo = draw_photo(rng, degrade)
    tone = (np.arange(256)[:, None] / 255 * photo.exposure * np.asarray(photo.tint)).clip(0, 1)
    table = np.rint(255 * tone**photo.gamma).astype("uint8").reshape(1, 256, 3)
    return expose(rng, cv2.LUT(picture, table).astype("float32") * np.float32(1 / 255), photo)
