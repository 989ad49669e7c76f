"""The arguments of MuSiCa."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from kerasalign.core.config import ModelConfig
from kerasalign.core.transfer import Transfer, near_weights
from kerasalign.geometry import CropSpec
from kerasalign.markups import Markup
from kerasalign.models.musica.exit_rule import check_threshold
from kerasalign.support.checks import in_range, one_of, positive, shown

#: Most iterations of a cascade; the paper has three.
MOST_ITERATIONS = 16


@dataclass(frozen=True, kw_only=True)
class MuSiCaConfig(ModelConfig):
    """The arguments of `MuSiCa`; the defaults are the paper's.

    Args:
        markup: Point scheme, by name or as a `Markup`; `None` with `num_landmarks` builds a network without
            one, which cannot be trained here.
        patches: Indices of the landmarks that get a patch; `None` means all.
        patch_places: `(P, 2)` places of the patches on the mean face in crop pixels, where they are not at their
            landmarks: they then follow the landmarks near them. So a network keeps its patches for other points.
        levels: Pyramid level of each iteration; level l is 2^l times coarser than the crop.
        hidden: Size of the recurrent state.
        patch_size: Side of a patch in pixels.
        local_attention: Whether patches attend to their own features (section 3.1).
        extractor: `"conv"`, or the ablation `"inverted_bottleneck"` (section 5).
        global_attention: `"none"`, or the ablations `"fc"` and `"gcn"`: patches weighed by what the others show.
        size: Side of the crop in pixels.
        box_side: Longer side of the face box in crop pixels.
        mean_shape: `(N, 2)` initial shape in crop pixels, x then y; by default the markup's schematic face.
            A recipe puts the mean of its training faces here.
        success_threshold: T_s in percent: a face whose estimate is below it is finished. `None`: all iterations run.
        failure_threshold: T_f in percent: a face whose last estimate is above it has failed. `None`: no face fails.
        landmark_loss: `"l1"` (rectified, the paper's) or `"rwing"`.
        error_weight: Share of the error estimate in the loss, 0.05 in the authors' code.
        error_norm: Unit of the estimate: `"l1"`, the L1 distance over the L1 distance of the eyes (authors' code), or
            `"nme"`, the inter-ocular NME.
        error_gradient: What the estimate's loss teaches: `"both"` the estimate and the landmarks (authors' code), or
            the `"estimate"` alone.
        num_landmarks: Number of landmarks N; needed where there is no markup.
        dtype: Name of the dtype policy of the layers, such as `"mixed_float16"`; landmarks are float32 in any case.

    Raises:
        ValueError: If a field is out of range.
    """

    network: ClassVar[str] = "kerasalign.models.musica.network:MuSiCa"

    patches: tuple[int, ...] | None = None
    patch_places: tuple[tuple[float, ...], ...] | None = None
    levels: tuple[int, ...] = (2, 1, 0)
    hidden: int = 512
    patch_size: int = 14
    local_attention: bool = True
    extractor: str = "conv"
    global_attention: str = "none"
    size: int = 228
    box_side: float = 142
    mean_shape: tuple[tuple[float, ...], ...] | None = None
    success_threshold: float | None = None
    failure_threshold: float | None = None
    landmark_loss: str = "l1"
    error_weight: float = 0.05
    error_norm: str = "l1"
    error_gradient: str = "both"

    def __post_init__(self) -> None:
        super().__post_init__()
        points = self.num_points
        patches = self.patches
        if patches is not None and (not patches or min(patches) < 0 or max(patches) >= points):
            raise ValueError(f"`patches` must be landmark indices in 0..{points - 1}. Received: patches={patches}")
        places = None if self.patch_places is None else np.shape(self.patch_places)
        if places is not None and (patches is None or places != (len(patches), 2)):
            raise ValueError(f"`patch_places` must be (P, 2), one for each of `patches`. Received: shape {places}")
        if not self.levels or min(self.levels) < 0:
            raise ValueError(f"`levels` must be pyramid levels, 0 the finest. Received: levels={shown(self.levels)}")
        if len(self.levels) > MOST_ITERATIONS:
            raise ValueError(f"`levels` must be at most {MOST_ITERATIONS}. Received: {len(self.levels)} levels")
        one_of("extractor", self.extractor, ("conv", "inverted_bottleneck"))
        one_of("global_attention", self.global_attention, ("none", "fc", "gcn"))
        positive(box_side=self.box_side)
        in_range(0, 1, error_weight=self.error_weight)
        one_of("error_norm", self.error_norm, ("l1", "nme"))
        one_of("error_gradient", self.error_gradient, ("both", "estimate"))
        one_of("landmark_loss", self.landmark_loss, ("l1", "rwing"))
        shape = None if self.mean_shape is None else np.shape(self.mean_shape)
        if shape not in (None, (points, 2)):
            raise ValueError(f"`mean_shape` must be ({points}, 2). Received: shape {shape}")
        for name in ("success_threshold", "failure_threshold"):
            check_threshold(name, getattr(self, name))

    @property
    def crop(self) -> CropSpec:
        """The crop, in which the longer side of the landmarks' box is `box_side` pixels long."""
        return CropSpec(size=self.size, scale=self.size / self.box_side, shift=self.crop_shift)

    def resolved(self) -> Self:
        """As in `ModelConfig`; all patches and the schematic mean shape are written out."""
        patches = range(self.num_points) if self.patches is None else self.patches
        mean_shape = self.mean_shape
        if mean_shape is None:
            unit = np.zeros((self.num_points, 2)) if self.scheme is None else self.scheme.mean_shape
            mean_shape = unit * self.box_side + (self.size - 1) / 2
        return super().resolved().replace(patches=patches, mean_shape=mean_shape)

    def mean_face(self) -> np.ndarray | None:
        """As in `ModelConfig`; the shape that the cascade starts at."""
        return super().mean_face() if self.mean_shape is None else np.array(self.mean_shape)

    def for_markup(self, markup: Markup, landmarks: np.ndarray | None = None, transfer: Transfer | None = None) -> Self:
        """As in `ModelConfig`; patches stay where they are in the crop, and follow the new points near them."""
        transfer = transfer or self.transfer(markup, landmarks)
        if transfer is None:
            count = min(self.num_points if self.patches is None else len(self.patches), markup.num_points)
            patches = np.linspace(0, markup.num_points - 1, count).round().astype(int)
            return self.replace(markup=markup, num_landmarks=None, patches=patches, mean_shape=None, patch_places=None)
        shape = np.round(transfer.shape, 2)
        places = np.array(self.resolved_places())
        return self.replace(
            markup=markup,
            num_landmarks=None,
            patches=near_weights(places, shape, 1).argmax(1),
            patch_places=np.round(places, 2),
            mean_shape=shape,
            box_side=round(self.size / transfer.scale, 3),
            crop_shift=tuple(round(value, 4) + 0.0 for value in transfer.shift),
        )

    def resolved_places(self) -> np.ndarray:
        """`(P, 2)` places of the patches on the mean face, in crop pixels."""
        if self.patch_places is not None:
            return np.array(self.patch_places)
        shape = self.mean_face()
        assert shape is not None
        return shape if self.patches is None else shape[list(self.patches)]
