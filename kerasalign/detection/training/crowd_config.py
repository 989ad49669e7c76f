"""Settings of composed training images."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class CrowdConfig:
    """What composed images may hold.

    Args:
        size: Side of the image in pixels, a multiple of 32.
        max_faces: Largest number of faces in an image.
        counts: Probabilities of nobody, one person, a few, and many.
        face: Range of the longer side of a face's upright box, relative to the image's longer side; its logarithm is
            drawn uniformly.
        smallest: Faces whose longer side has fewer pixels are ignored: finding them is neither right nor wrong.
        spacing: Range of the smallest distance between two faces, relative to the sum of their sides; at 0.4 heads of
            a crowd cover parts of each other.
        upright: Standard deviation of most heads' rotation, in degrees.
        turned: Probabilities of a rotation that is drawn uniformly up to 45 degrees, and up to 180 degrees.
        letterbox: Probability that the image is not square, with black beside it.
        backgrounds: Folder of photographs without faces; `None`: backgrounds are painted.
        photographs: Probability of a photograph, where there is a folder.
        negatives: Folder of hard negatives, as `mine_negatives` writes it, or `None`.
        hard: Probability of a hard negative, where there is a folder.
        pieces: Probability of clothes, hair and shuffled faces, which are no faces.
        occluders: Probability of occluders in front of faces, in addition to those of the heads themselves.
        degrade: Strength of the camera's degradations, as in `SceneConfig`.

    Raises:
        ValueError: If a number is out of its range.
    """

    size: int = 256
    max_faces: int = 10
    counts: tuple[float, float, float, float] = (0.12, 0.38, 0.25, 0.25)
    face: tuple[float, float] = (0.04, 0.98)
    smallest: float = 10.0
    spacing: tuple[float, float] = (0.42, 0.62)
    upright: float = 20.0
    turned: tuple[float, float] = (0.15, 0.25)
    letterbox: float = 0.4
    backgrounds: str | None = None
    photographs: float = 0.75
    negatives: str | None = None
    hard: float = 0.3
    pieces: float = 0.1
    occluders: float = 0.2
    degrade: float = 0.7

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
        for name in ("counts", "turned", "face", "spacing"):
            object.__setattr__(self, name, tuple(float(value) for value in getattr(self, name)))
        if min(self.counts) < 0 or abs(sum(self.counts) - 1) > 1e-6:
            raise ValueError(f"`counts` must be probabilities that add up to 1. Received: counts={self.counts!r}")

    def get_config(self) -> dict[str, Any]:
        """Plain dict, ready for JSON. Of folders it says only whether there is one: paths mean nothing elsewhere."""
        config = {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(self).items()}
        return config | {key: config[key] is not None for key in ("backgrounds", "negatives")}
