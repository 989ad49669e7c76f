"""Pictures of hands, other parts of bodies and heads from behind, which a detector takes for faces before it has seen
some."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from kerasalign.detection.training.backdrop import blend, paint_backdrop
from kerasalign.detection.training.body import Body, cut_body_part
from kerasalign.detection.training.crowd_config import CrowdConfig
from kerasalign.detection.training.pieces import turn_part
from kerasalign.support.files import written_beside
from kerasalign.support.progress import track

# Yaw in degrees from which on no eye is seen.
_FROM_BEHIND = (135.0, 225.0)


def cut_hand(series, head, index: int) -> np.ndarray | None:
    """A rendered hand without the head behind it.

    Args:
        series: A `Series`; its scenes give light and skin.
        head: Its head model.
        index: Number of the scene.

    Returns:
        `(h, w, 4)` uint8: color times opacity, and opacity; `None` where hardly any of it was in the picture.
    """
    from kerasalign.synth.rendering.picture import render
    from kerasalign.synth.rendering.scene import draw_scene

    bare = replace(series.scene, hair=0.0, beard=0.0, glasses=0.0, headwear=0.0)
    scene = _on_black(draw_scene(head, bare, series.seed, index))
    rendered = render(head, scene.replaced(occluders=_hand(series.seed, index, scene)), series.size)
    alone = render(head, scene.replaced(occluders=()), series.size)
    # In front of the head, and beside it.
    mask = rendered.occluded & ~alone.occluded | (rendered.alpha > alone.alpha + 0.5)
    return _cropped(rendered.image, cv2.GaussianBlur(mask.astype("float32"), (0, 0), 0.7))


def cut_head_from_behind(series, head, index: int) -> np.ndarray | None:
    """A rendered head seen from behind, as `cut_hand`."""
    from kerasalign.synth.rendering.picture import render
    from kerasalign.synth.rendering.scene import draw_scene

    scene = _on_black(draw_scene(head, series.scene, series.seed, index))
    yaw = np.random.default_rng([series.seed, index, 1]).uniform(*_FROM_BEHIND)
    rendered = render(head, scene.replaced(camera=replace(scene.camera, yaw=float(yaw)), occluders=()), series.size)
    return _cropped(rendered.image, rendered.alpha)


def write_distractors(
    series,
    count: int,
    directory: str | Path,
    *,
    backgrounds: str | Path | None = None,
    body: str | Path | None = None,
    parts: int = 200,
    seed: int = 0,
) -> int:
    """Writes pictures without faces, of rendered hands and heads from behind, as `mine_negatives` does.

    Args:
        series: A `Series`; its scene should be `pool_scene()`.
        count: Number of pictures.
        directory: Folder for them; other pictures that are there stay.
        backgrounds: Folder of photographs without faces.
        body: Folder of MakeHuman, as `Body.read` takes it, for hands, arms, legs and trunks in many poses.
        parts: Number of hands, and of heads from behind, that are rendered for them; of parts of bodies four times as
            many.
        seed: Seed of the pictures.

    Returns:
        Number of pictures.
    """
    head = series.load_head()
    cuts = [
        cut
        for index in track(range(parts), "Rendering", parts)
        for cut in (cut_hand(series, head, index), cut_head_from_behind(series, head, index))
        if cut is not None
    ]
    if body is not None:
        mesh = Body.read(body)
        cuts += [
            cut_body_part(np.random.default_rng([seed, index, 3]), mesh, series.size)
            for index in track(range(4 * parts), "Rendering", 4 * parts)
        ]
    config = CrowdConfig(backgrounds=backgrounds and str(backgrounds))
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        picture = paint_backdrop(rng, config, config.size)
        for _ in range(int(rng.integers(2, 9))):
            side = max(round(config.size * np.exp(rng.uniform(np.log(0.05), np.log(0.7)))), 8)
            turn = rng.uniform(-180, 180) if rng.random() < 0.6 else rng.normal(0, 15)
            part = turn_part(cuts[int(rng.integers(len(cuts)))], side, float(turn))
            part[..., :3] = (part[..., :3] * np.exp(rng.normal(0, 0.25))).clip(0, 255)
            x, y = (int(v) for v in rng.integers(-side // 3, config.size - side // 2, 2))
            blend(picture, part, x, y)
        with written_beside(Path(directory) / f"distractors-{seed:03d}-{number:05d}.png") as draft:
            cv2.imwrite(str(draft), picture[..., ::-1])
    return count


def _on_black(scene):
    black = replace(scene.background, photo=None, blur=0.0, brightness=0.0, shapes=0)
    return scene.replaced(background=black)


def _hand(seed: int, index: int, scene) -> tuple:
    from kerasalign.synth.appearance.occluders import draw_occluders

    rng = np.random.default_rng([seed, index, 2])
    for _ in range(30):
        hands = tuple(thing for thing in draw_occluders(rng, scene.skin) if thing.kind == "hand")
        if hands:
            return hands[:1]
    return ()


def _cropped(image: np.ndarray, cover: np.ndarray) -> np.ndarray | None:
    """What is covered, in a square."""
    rows, columns = np.nonzero(cover > 0.3)
    if len(rows) < 0.01 * cover.size:
        return None
    middle = np.array([columns.min() + columns.max(), rows.min() + rows.max()]) / 2
    half = max(np.ptp(rows), np.ptp(columns)) / 2 + 2
    cut = np.concatenate([image * cover[..., None], 255 * cover[..., None]], -1)
    x0, y0 = np.floor(middle - half).astype(int)
    side = int(2 * half)
    pad = max(-x0, -y0, x0 + side - cut.shape[1], y0 + side - cut.shape[0], 0)
    cut = cv2.copyMakeBorder(cut, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=(0, 0, 0, 0))
    return cut[y0 + pad : y0 + pad + side, x0 + pad : x0 + pad + side].round().astype("uint8")
