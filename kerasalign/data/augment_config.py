"""The ranges of random augmentation, and named presets of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property

from kerasalign.support.checks import in_range, one_of, positive
from kerasalign.support.ranges import Range, check_ranges

_TOWARDS_ZERO = ("rotation", "shear", "box_shift_x", "box_shift_y", "jet_low")
_TOWARDS_ONE = ("stretch_x", "stretch_y", "zoom", "box_scale_x", "box_scale_y", "jet_high")
_FRACTIONS = (
    *("geometric", "flip", "jet", "occlusion", "blur", "grayscale"),
    *("occlusion_side", "occlusion_area", "calm"),
)
_POSITIVE = ("stretch_x", "stretch_y", "zoom", "box_scale_x", "box_scale_y", "blur_sigma", "gamma")


@dataclass(frozen=True)
class AugmentConfig:
    """Distributions of the augmentation parameters. Every `Range` is a uniform distribution; lengths are relative.

    The defaults are MuSiCa's (arXiv 2108.00377 and its published code): with probability `geometric` a face
    is turned, sheared, stretched, re-boxed with noise, color-jetted and partly covered; otherwise the data
    set's box is used untouched. Mirroring and the loss of color come on top, for every face.

    Args:
        geometric: Probability of the geometric branch, which color jetting and occlusion belong to.
        rotation: Degrees.
        shear: Both off-diagonal elements of the shear matrix, drawn independently.
        stretch_x: Factor of x after rotation and shear.
        stretch_y: Factor of y.
        zoom: Factor of both. It has an effect with `rebox="fixed"` only; other boxes follow the face.
        rebox: The box of a transformed face: `"landmarks"`, the tight box of its points, or `"relative"`,
            a box in the same relation to that tight box as the data set's box to the original one, or `"fixed"`, the
            data set's box where it was: the picture turns about the crop's center and keeps its scale.
        box_scale_x: Noise: factor of the box's width.
        box_scale_y: Noise: factor of the box's height.
        box_shift_x: Noise: shift of the box in x, in units of its HEIGHT (as MuSiCa's code has it).
        box_shift_y: Noise: shift in y, in units of its WIDTH.
        flip: Probability of a mirrored face.
        no_flip: Names of markups whose faces are not mirrored.
        jet: Probability of color jetting, given the geometric branch.
        jet_low: Values of a channel below this fraction of white become black; drawn for each channel.
        jet_high: Values above this fraction become white; drawn for each channel.
        occlusion: Probability of a rectangle of noise, given the geometric branch.
        occlusion_side: Largest side of that rectangle as a fraction of the transformed picture's side.
        occlusion_area: Where above 0, the rectangle is drawn in the model's crop: its center anywhere there, its area
            this fraction of the crop's, its aspect 0.4 to 2.5 (SCC).
        occlusion_fill: `"noise"`, or `"color"`: one random color.
        gain: Factor of the brightness.
        blur: Probability of a blurred picture.
        blur_sigma: Standard deviation of the blur in pixels of the crop.
        grayscale: Probability of a gray picture.
        gamma: Exponent of the pixels in 0..1, below 1 brighter. Unlike a gain it survives a network that standardizes
            its crops.
        context: Side of what is shown of a photo, in units of the box's longer side: beyond is black, as in MuSiCa's
            code, which crops twice the box before it warps. `None`: all that the photo has.
        calm: Augmentation of the faces outside the geometric branch: this fraction of its ranges of geometry, box noise
            and color, and no occlusion. With 0, MuSiCa's choice, these faces stay unchanged, and a network
            overfits small training sets.

    Raises:
        ValueError: If a range is reversed or a probability is outside 0..1.
    """

    geometric: float = 0.5
    rotation: Range = (-30.0, 30.0)
    shear: Range = (-0.3, 0.3)
    stretch_x: Range = (0.6, 1.4)
    stretch_y: Range = (1.0, 1.0)
    zoom: Range = (1.0, 1.0)
    rebox: str = "landmarks"
    box_scale_x: Range = (1.0, 1.2)
    box_scale_y: Range = (1.0, 1.1)
    box_shift_x: Range = (-0.2, 0.2)
    box_shift_y: Range = (-0.2, 0.2)
    flip: float = 0.5
    no_flip: tuple[str, ...] = ()
    jet: float = 1.0
    jet_low: Range = (0.0, 0.4)
    jet_high: Range = (0.6, 1.0)
    occlusion: float = 1.0
    occlusion_side: float = 0.5
    occlusion_area: float = 0.0
    occlusion_fill: str = "noise"
    gain: Range = (1.0, 1.0)
    gamma: Range = (1.0, 1.0)
    context: float | None = None
    blur: float = 0.0
    blur_sigma: Range = (0.5, 2.0)
    grayscale: float = 0.5
    calm: float = 0.0

    def __post_init__(self) -> None:
        check_ranges(self)
        in_range(0, 1, **{name: getattr(self, name) for name in _FRACTIONS})
        positive(**{name: getattr(self, name) for name in _POSITIVE})
        if self.gain[0] <= 0.5:
            raise ValueError(f"`gain` must be above 0.5. Received: gain={self.gain!r}")
        if max(map(abs, self.shear)) >= 1:
            raise ValueError(f"`shear` must be inside (-1, 1). Received: shear={self.shear!r}")
        if self.jet_low[1] > self.jet_high[0]:
            raise ValueError(
                "`jet_low` must end before `jet_high` begins. "
                f"Received: jet_low={self.jet_low!r}, jet_high={self.jet_high!r}"
            )
        if self.context is not None:
            positive(context=self.context)
        one_of("rebox", self.rebox, ("landmarks", "relative", "fixed"))
        one_of("occlusion_fill", self.occlusion_fill, ("noise", "color"))
        object.__setattr__(self, "no_flip", tuple(self.no_flip))

    @cached_property
    def reduced(self) -> AugmentConfig:
        """Config of the faces outside the geometric branch: ranges reduced to the fraction `calm`, no occlusion."""
        narrow = {name: tuple(self.calm * v for v in getattr(self, name)) for name in _TOWARDS_ZERO}
        narrow |= {name: tuple(1 + self.calm * (v - 1) for v in getattr(self, name)) for name in _TOWARDS_ONE}
        return replace(self, occlusion=0.0, **narrow)

    def get_config(self) -> dict:
        """Plain dict, ready for JSON, that rebuilds the config."""
        return {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(self).items()}

    @classmethod
    def from_config(cls, config: dict) -> AugmentConfig:
        """Rebuilds a config from `get_config`."""
        return cls(**config)

    @classmethod
    def preset(cls, name: str) -> AugmentConfig:
        """A config by its name: `"none"`, `"mild"` (upright faces, nothing covered), or one that a paper registers.

        `import kerasalign.models` registers those of the five papers: `"musica"`, `"musica-calm"`, `"musica-boxes"`,
        `"musica-code"`, `"scc"`, `"scc-renders"`, `"lwbafa"`, `"sdu"` and
        `"sdu-pairs"`.

        Raises:
            ValueError: If there is no such preset.
        """
        one_of("name", name, _PRESETS, "(`import kerasalign.models` registers those of the papers)")
        return _PRESETS[name]


_PRESETS: dict[str, AugmentConfig] = {
    "none": AugmentConfig(geometric=0.0, flip=0.0, grayscale=0.0),
    # For networks that MuSiCa's distortions overwhelm, such as AAN.
    "mild": AugmentConfig(
        geometric=1.0,
        rotation=(-15.0, 15.0),
        shear=(0.0, 0.0),
        stretch_x=(0.95, 1.05),
        stretch_y=(0.95, 1.05),
        box_scale_x=(0.95, 1.1),
        box_scale_y=(0.95, 1.1),
        box_shift_x=(-0.05, 0.05),
        box_shift_y=(-0.05, 0.05),
        jet=0.0,
        occlusion=0.0,
        grayscale=0.0,
    ),
}


def register_presets(presets: Mapping[str, AugmentConfig]) -> None:
    """Makes augmentation presets known by their names, such as those of a paper.

    Raises:
        ValueError: If a name is taken by another config.
    """
    taken = sorted(name for name, config in presets.items() if _PRESETS.get(name, config) != config)
    if taken:
        raise ValueError(f"Other augmentation presets have these names already. Received: {taken}")
    _PRESETS.update(presets)


def list_presets() -> list[str]:
    """Names of the registered augmentation presets."""
    return list(_PRESETS)
