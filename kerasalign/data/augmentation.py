"""Random augmentation of one face: parameters drawn once, one resampling, then color.

The order of MuSiCa's sample pipeline (arXiv 2108.00377): mirror, affine map about the center, color jetting,
occlusion, noisy box, crop, grayscale. The maps are composed, so that the image is resampled once.
Colors change in the final crop, which gives the same result at a lower cost.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from kerasalign.data.augment_config import AugmentConfig
from kerasalign.data.exposure import expose
from kerasalign.data.photometric import recolor
from kerasalign.geometry import (
    CropSpec,
    about,
    apply_affine,
    box_center,
    box_from_center,
    box_size,
    compose,
    rotation,
    tight_box,
)
from kerasalign.markups.markup import Markup


@dataclass(frozen=True)
class AugmentParams:
    """Augmentation parameters of one face; `apply_augment` applies them to image, box and points.

    Args:
        flip: Whether to mirror first.
        geometric: Whether to use `linear` and the box noise.
        linear: `(2, 2)` map of the picture about its center.
        box_scale: Factors of the box's width and height.
        box_shift: Shift of the box in x, in box heights, and in y, in box widths.
        jet: `(2, 3)` low and high ends per channel, or `None`.
        occlusion: Rectangle `(x, y, width, height)`, center and sides as fractions of the transformed
            picture, or `None`.
        on_crop: Whether the rectangle's fractions refer to the model's crop instead.
        noise_seed: Seed of the rectangle's noise, or of its color.
        plain: Whether the rectangle has one color instead of noise.
        gain: Factor of the brightness.
        blur: Standard deviation of a blur in pixels; 0 for none.
        gamma: Exponent of the pixels.
        grayscale: Whether to convert to gray at the end.
    """

    flip: bool = False
    geometric: bool = False
    linear: np.ndarray | None = None
    box_scale: tuple[float, float] = (1.0, 1.0)
    box_shift: tuple[float, float] = (0.0, 0.0)
    jet: np.ndarray | None = None
    occlusion: np.ndarray | None = None
    on_crop: bool = False
    noise_seed: int = 0
    plain: bool = False
    gain: float = 1.0
    blur: float = 0.0
    gamma: float = 1.0
    grayscale: bool = False


def draw(config: AugmentConfig, rng: np.random.Generator, markup: Markup) -> AugmentParams:
    """Draws the parameters of one face.

    It always takes the same number of random numbers, so that the parameters of one face do not depend on those of
    another.
    """
    chance = rng.random(26)

    def pick(limits: tuple[float, float], index: int) -> float:
        return limits[0] + (limits[1] - limits[0]) * chance[index]

    flip = bool(chance[0] < config.flip) and markup.name not in config.no_flip
    grayscale = bool(chance[1] < config.grayscale)
    if chance[2] >= config.geometric:
        if not config.calm:
            return AugmentParams(flip=flip, grayscale=grayscale)
        config = config.reduced
    shear = np.array([[1.0, pick(config.shear, 4)], [pick(config.shear, 5), 1.0]])
    stretch = np.diag([pick(config.stretch_x, 6), pick(config.stretch_y, 7)])
    jet = occlusion = None
    if chance[12] < config.jet:
        jet = np.array(
            [[pick(config.jet_low, 14 + c) for c in range(3)], [pick(config.jet_high, 17 + c) for c in range(3)]]
        )
    if chance[13] < config.occlusion:
        sides = config.occlusion_side * chance[22:24]
        if config.occlusion_area:
            aspect = 0.4 + 2.1 * chance[22]
            sides = np.sqrt(config.occlusion_area) * np.array([aspect**0.5, aspect**-0.5])
        occlusion = np.array([*chance[20:22], *sides])
    gain, blur, zoom, gamma = 1.0, 0.0, 1.0, 1.0
    if config.blur or any(limits != (1.0, 1.0) for limits in (config.gain, config.zoom, config.gamma)):
        # A generator of its own: gain, blur, zoom and gamma change none of the other parameters.
        more = np.random.default_rng(int(chance[25] * 2**53)).random(5)
        gain = config.gain[0] + (config.gain[1] - config.gain[0]) * more[0]
        gamma = config.gamma[0] + (config.gamma[1] - config.gamma[0]) * more[4]
        if more[1] < config.blur:
            blur = config.blur_sigma[0] + (config.blur_sigma[1] - config.blur_sigma[0]) * more[2]
        zoom = config.zoom[0] + (config.zoom[1] - config.zoom[0]) * more[3]
    return AugmentParams(
        flip=flip,
        geometric=True,
        linear=zoom * stretch @ shear @ rotation(pick(config.rotation, 3)),
        box_scale=(pick(config.box_scale_x, 8), pick(config.box_scale_y, 9)),
        box_shift=(pick(config.box_shift_x, 10), pick(config.box_shift_y, 11)),
        jet=jet,
        occlusion=occlusion,
        on_crop=config.occlusion_area > 0,
        noise_seed=int(chance[24] * 2**53),
        plain=config.occlusion_fill == "color",
        gain=gain,
        blur=blur,
        gamma=gamma,
        grayscale=grayscale,
    )


def apply_augment(
    params: AugmentParams,
    crop: np.ndarray,
    landmarks: np.ndarray,
    box: np.ndarray,
    markup: Markup,
    crop_spec: CropSpec,
    rebox: str = "landmarks",
) -> tuple[np.ndarray, np.ndarray]:
    """Applies drawn parameters; see `augment`."""
    height, width = crop.shape[:2]
    mirror = np.array([[-1.0, 0.0, width - 1.0], [0.0, 1.0, 0.0]]) if params.flip else np.eye(2, 3)
    matrix = mirror
    points = np.asarray(landmarks, "float64")
    if params.flip:
        points = markup.mirror(points, width)
        box = np.array([width - 1 - box[2], box[1], width - 1 - box[0], box[3]])
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    canvas = box_from_center(middle, np.array([width, height]))
    if params.geometric and params.linear is not None:
        turn = about(middle, params.linear)
        moved = apply_affine(turn, points)
        box = _noisy(_rebox(points, moved, box, rebox), params)
        matrix, points = compose(mirror, turn), moved
        # The tight box of the transformed picture.
        canvas = box_from_center(middle, np.abs(params.linear) @ box_size(canvas))
    cut = crop_spec.transform(box)
    points = apply_affine(cut, points)
    image = expose(_resample(crop, compose(matrix, cut), crop_spec.size), params.gain, params.blur, params.gamma)
    rectangle = None
    if params.occlusion is not None:
        # Sides run from one pixel up, as a fraction of the canvas, and the rectangle may leave the picture.
        if params.on_crop:
            canvas, cut = box_from_center(np.full(2, (crop_spec.size - 1) / 2), crop_spec.size), np.eye(2, 3)
        size = np.maximum(params.occlusion[2:] * box_size(canvas), 1.0)
        place = canvas[:2] + params.occlusion[:2] * box_size(canvas)
        rectangle = apply_affine(cut, box_from_center(place, size).reshape(2, 2)).ravel()
    image = recolor(image, params.jet, rectangle, params.noise_seed, params.grayscale, params.plain)
    return image, points.astype("float32")


def augment(
    crop: np.ndarray,
    landmarks: np.ndarray,
    box: np.ndarray,
    config: AugmentConfig,
    markup: Markup,
    crop_spec: CropSpec,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Makes one training sample out of a cached crop.

    Args:
        crop: `(M, M, 3)` uint8, wider than the model's crop; (0, 0, 0) outside the photo.
        landmarks: `(N, 2)`, x then y, in pixels of `crop`; NaN marks a point that is not annotated.
        box: `(x0, y0, x1, y1)` of the face in pixels of `crop`.
        config: Ranges to draw from.
        markup: Scheme of the landmarks; its `flip` swaps left and right.
        crop_spec: How the (noisy) box becomes the model's crop.
        rng: Source of the parameters.

    Returns:
        `(S, S, 3)` uint8 picture, (0, 0, 0) outside the photo and nowhere else, and `(N, 2)` float32
        landmarks in its pixels. NaN stays NaN.
    """
    return apply_augment(draw(config, rng, markup), crop, landmarks, box, markup, crop_spec, config.rebox)


def _rebox(before: np.ndarray, after: np.ndarray, box: np.ndarray, rebox: str) -> np.ndarray:
    if rebox == "fixed":
        return box
    tight = tight_box(after)
    if rebox == "landmarks":
        return tight
    original = tight_box(before)
    offset = (box_center(box) - box_center(original)) / box_size(original)
    ratio = box_size(box) / box_size(original)
    return box_from_center(box_center(tight) + offset * box_size(tight), ratio * box_size(tight))


def _noisy(box: np.ndarray, params: AugmentParams) -> np.ndarray:
    size = box_size(box)
    # The swapped axes are MuSiCa's: x moves by box heights, y by box widths.
    return box_from_center(
        box_center(box) + np.asarray(params.box_shift) * size[::-1], np.asarray(params.box_scale) * size
    )


def _resample(crop: np.ndarray, matrix: np.ndarray, size: int) -> np.ndarray:
    """Bilinear; zero stays zero (`geometry.warp` would take the crop's outside for black and lift it).

    Three channels, or four after a warp: OpenCV warps four in half the time of three, to the same values, and
    `recolor` goes on from there.
    """
    sign = matrix[0, 0]
    shift = np.rint(matrix[:, 2])
    if abs(matrix - np.array([[np.sign(sign), 0.0, shift[0]], [0.0, 1.0, shift[1]]])).max() < 1e-6:
        # Whole pixels: a slice, which is what an evaluation crop is.
        x, y = (-shift).astype(int) if sign > 0 else (int(shift[0]) - size + 1, int(-shift[1]))
        if min(x, y) >= 0 and x + size <= crop.shape[1] and y + size <= crop.shape[0]:
            view = crop[y : y + size, x : x + size]
            return np.ascontiguousarray(view if sign > 0 else view[:, ::-1])
    return cv2.warpAffine(
        cv2.cvtColor(crop, cv2.COLOR_RGB2RGBA),
        matrix,
        (size, size),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(0, 0, 0, 0),
    )
