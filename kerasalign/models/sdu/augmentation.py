"""Augmentation presets of SDU."""

from dataclasses import replace

from kerasalign.data.augment_config import AugmentConfig

_SDU = AugmentConfig(
    geometric=1.0,
    rotation=(-40.0, 40.0),
    shear=(0.0, 0.0),
    stretch_x=(1.0, 1.0),
    zoom=(0.8, 1.2),
    rebox="fixed",
    box_scale_x=(1.0, 1.0),
    box_scale_y=(1.0, 1.0),
    box_shift_x=(0.0, 0.0),
    box_shift_y=(0.0, 0.0),
    jet=0.0,
    occlusion=0.0,
    grayscale=0.0,
)

AUGMENTATION = {
    # Turned by 40 degrees and scaled by a fifth about the crop's middle (arXiv 1812.01936, section 4.2). The released
    # code draws the scale from a normal distribution, clipped to that range.
    "sdu": _SDU,
    # For networks whose training pairs mirror faces.
    "sdu-pairs": replace(_SDU, flip=0.0),
}
