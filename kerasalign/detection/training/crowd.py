"""Composed training images: heads of a pool in front of backgrounds, with the labels of their faces."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from kerasalign.detection.own.coding import FACE
from kerasalign.detection.training.backdrop import clutter, cover, paint_backdrop
from kerasalign.detection.training.crowd_config import CrowdConfig
from kerasalign.detection.training.pieces import scatter
from kerasalign.detection.training.pool import MARKUPS, HeadPool
from kerasalign.geometry import about, apply_affine, box_center, box_size, compose, invert, rotation, tight_box
from kerasalign.markups import get_markup
from kerasalign.synth.rendering.photo import draw_photo, expose

_NOBODY = 255
# Left, top, right and bottom of the part of the square that an image fills.
Frame = tuple[int, int, int, int]


class Person(NamedTuple):
    """A person in a scene.

    Args:
        head: Index of the head in the pool.
        mirrored: Whether it is mirrored.
        turn: Rotation in degrees, clockwise, in addition to the head's own.
        side: Longer side of the face's upright box, in pixels.
        center: `(x, y)` center of that box.
    """

    head: int
    mirrored: bool
    turn: float
    side: float
    center: np.ndarray


class Crowd:
    """Composes scenes from a pool of heads. Scene i of a seed is always the same.

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
        """An image and its faces, as `FaceDetector` is trained on them.

        Args:
            index: Number of the scene.

        Returns:
            `(S, S, 3)` uint8 RGB, and `(max_faces, 17)` float32; rows of NaN are no face.
        """
        config = self.config
        rng = np.random.default_rng([self.seed, int(index)])
        size, frame = config.size, _frame(rng, config)
        picture = paint_backdrop(rng, config, size)
        if rng.random() < 0.4:
            clutter(rng, picture)
        if rng.random() < config.pieces:
            scatter(rng, self.pool, picture)
        owner = np.full((size, size), _NOBODY, "uint8")
        people = [
            self.place_person(rng, picture, owner, number, person)
            for number, person in enumerate(self._people(rng, frame))
        ]
        if people and rng.random() < config.occluders:
            for _ in range(int(rng.integers(1, 4))):
                box = people[int(rng.integers(len(people)))][1]
                cover(rng, picture, owner, box)
        picture = _take_photo(rng, picture, config.degrade)
        left, top, right, bottom = frame
        outside = np.ones((size, size), bool)
        outside[top:bottom, left:right] = False
        picture[outside], owner[outside] = 0, _NOBODY
        faces = np.full((config.max_faces, FACE + 1), np.nan, "float32")
        rows = [
            row
            for number, (face, box, filled) in enumerate(people)
            if (row := self.label_face(face, box, filled, owner == number, frame)) is not None
        ]
        faces[: len(rows)] = np.array(rows, "float32").reshape(-1, FACE + 1)
        return picture, faces

    def _people(self, rng: np.random.Generator, frame: Frame) -> list[Person]:
        """The persons of a scene, the smallest, which is the rearmost, first."""
        config = self.config
        left, top, right, bottom = frame
        long = max(right - left, bottom - top)
        kind = rng.choice(4, p=config.counts)
        count = (0, 1, int(rng.integers(2, 5)), int(rng.integers(4, max(config.max_faces, 4) + 1)))[kind]
        low, high = config.face
        high = (high, high, min(high, 0.45), min(high, 0.22))[kind]
        spacing = rng.uniform(*config.spacing)
        people: list[Person] = []
        for _ in range(min(count, config.max_faces)):
            side = long * np.exp(rng.uniform(np.log(min(low, high)), np.log(high)))
            for _ in range(8):
                slack = side / 2 - 0.2 * side
                middle = np.array([_within(rng, left, right, slack), _within(rng, top, bottom, slack)])
                if all(np.hypot(*(middle - other.center)) > spacing * (side + other.side) for other in people):
                    draw = rng.random()
                    if draw < config.turned[1]:
                        turn = rng.uniform(-180, 180)
                    elif draw < sum(config.turned):
                        turn = rng.uniform(-45, 45)
                    else:
                        turn = np.clip(rng.normal(0, config.upright), -45, 45)
                    head, mirrored = int(rng.integers(len(self.pool))), rng.random() < 0.5
                    people.append(Person(head, mirrored, float(turn), side, middle))
                    break
        return sorted(people, key=lambda person: person.side)

    def place_person(
        self, rng: np.random.Generator, picture: np.ndarray, owner: np.ndarray, number: int, person: Person
    ) -> tuple[np.ndarray, np.ndarray, float]:
        """Draws a person into an image, in place.

        Args:
            rng: Random numbers.
            picture: `(S, S, 3)` uint8 RGB.
            owner: `(S, S)` uint8: number of the person that a pixel shows.
            number: Number of this person.
            person: The person.

        Returns:
            The face `(16,)` in pixels, the tight box around its points, and the share of that box that the head covers.
        """
        pool, head = self.pool, person.head
        points, box, angle = pool.points[head].astype("float64"), pool.boxes[head], pool.angles[head]
        cut = np.asarray(pool[head])
        width = cut.shape[1]
        if person.mirrored:
            cut = cut[:, ::-1]
            mirror = np.array([[-1.0, 0.0, width - 1.0], [0.0, 1.0, 0.0]])
            points, angle = apply_affine(mirror, points)[self._flip], -angle
            box = tight_box(points[: self._count], angle)
        scale = person.side / box_size(box).max()
        matrix = about(box_center(box), scale * rotation(person.turn), person.center)
        points, angle = apply_affine(matrix, points), angle + person.turn
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
        return face, around, float(here.mean()) if here.size else 0.0

    def label_face(
        self, face: np.ndarray, box: np.ndarray, filled: float, mask: np.ndarray, frame: Frame
    ) -> np.ndarray | None:
        """The label `(17,)` of a face; `None` for one that is almost invisible.

        Args:
            face: The face `(16,)` in pixels.
            box: Tight box around its points.
            filled: Share of the box that the head covers without occluders.
            mask: `(S, S)` bool, True where a pixel shows this person.
            frame: Left, top, right and bottom of the image in the square.
        """
        longer = face[2:4].max()
        left, top, right, bottom = frame
        inside = left <= face[0] < right and top <= face[1] < bottom
        visible = mask[_window(box, len(mask))].sum() / max(filled * box_size(box).prod(), 1.0)
        if longer < 0.4 * self.config.smallest or visible < 0.1:
            return None
        must_be_found = inside and longer >= self.config.smallest and visible > 0.5
        return np.append(face, float(must_be_found))


def _frame(rng: np.random.Generator, config: CrowdConfig) -> Frame:
    """Left, top, right and bottom of the part of the square that the image fills."""
    size = config.size
    if rng.random() >= config.letterbox:
        return 0, 0, size, size
    aspect = np.exp(rng.uniform(np.log(0.5), np.log(2.0)))
    width, height = round(size * min(aspect, 1)), round(size * min(1 / aspect, 1))
    part = rng.choice([0.0, 0.5, 1.0], p=(0.15, 0.7, 0.15))
    left, top = int(part * (size - width)), int(part * (size - height))
    return left, top, left + width, top + height


def _within(rng: np.random.Generator, low: float, high: float, slack: float) -> float:
    """A random position between two edges, at least `slack` from both; near their middle where there is no room."""
    if high - low <= 2 * slack:
        return (low + high) / 2 + rng.uniform(-0.15, 0.15) * slack
    return rng.uniform(low + slack, high - slack)


def _window(box: np.ndarray, size: int) -> tuple[slice, slice]:
    """The slices of a square image that a box covers."""
    x0, y0, x1, y1 = np.clip(np.rint(box), 0, size).astype(int)
    return slice(y0, max(y1, y0)), slice(x0, max(x1, x0))


def _paste(
    rng: np.random.Generator,
    picture: np.ndarray,
    owner: np.ndarray,
    number: int,
    cut: np.ndarray,
    matrix: np.ndarray,
    scale: float,
) -> None:
    """Draws a cut-out into an image, in place; its last row, if it shows anything, is repeated below it, as clothes."""
    size = len(picture)
    height, width = cut.shape[:2]
    corners = apply_affine(matrix, np.array([[0, 0], [width, 0], [-1, 3 * height], [width, 3 * height]], "float64"))
    low = np.clip(np.floor(corners.min(0)) - 1, 0, size).astype(int)
    high = np.clip(np.ceil(corners.max(0)) + 2, 0, size).astype(int)
    if (high <= low).any():
        return
    # A head that was cut out all around has no clothes below it.
    below = 0 if cut[-1, :, 3].any() else 1
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
    # Transparent beside and above the head; below it the last row is repeated.
    cut = cv2.copyMakeBorder(cut, 1, below, 1, 1, cv2.BORDER_CONSTANT, value=(0, 0, 0, 0))
    shift = np.array([[1.0, 0.0, -1.0], [0.0, 1.0, -1.0]])
    placed = compose(shift, matrix, np.array([[1.0, 0.0, -low[0]], [0.0, 1.0, -low[1]]]))
    span = tuple(int(v) for v in high - low)
    drawn = cv2.warpAffine(cut, placed, span, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    cover = drawn[..., 3]
    window = slice(low[1], high[1]), slice(low[0], high[0])
    # The background's light differs from that of the rendered head.
    gain = np.exp(rng.normal(0, 0.18)) * np.exp(rng.normal(0, 0.05, 3))
    table = np.clip(np.arange(256)[:, None] * gain, 0, 255)
    table = np.concatenate([table, np.arange(256)[:, None]], 1).round().astype("uint8")
    drawn = cv2.LUT(drawn, table.reshape(1, 256, 4))[..., :3]
    behind = cv2.multiply(picture[window], cv2.merge([255 - cover] * 3), scale=1 / 255)
    # A gain above 1 must not make a soft edge brighter than what it covers.
    cv2.add(behind, drawn, dst=behind)
    picture[window] = behind
    owner[window][cover > 127] = number


def _take_photo(rng: np.random.Generator, picture: np.ndarray, degrade: float) -> np.ndarray:
    """The image as a camera takes it."""
    photo = draw_photo(rng, degrade)
    tone = (np.arange(256)[:, None] / 255 * photo.exposure * np.asarray(photo.tint)).clip(0, 1)
    table = np.rint(255 * tone**photo.gamma).astype("uint8").reshape(1, 256, 3)
    return expose(rng, cv2.LUT(picture, table).astype("float32") * np.float32(1 / 255), photo)
