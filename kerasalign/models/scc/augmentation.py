"""Augmentation presets of SCC."""

from dataclasses import replace

from kerasalign.data.augment_config import AugmentConfig

_SCC = AugmentConfig(
    geometric=1.0,
    rotation=(-40.0, 40.0),
    shear=(0.0, 0.0),
    stretch_x=(1.0, 1.0),
    zoom=(0.9, 1.1),
    rebox="fixed",
    box_scale_x=(1.0, 1.0),
    box_scale_y=(1.0, 1.0),
    box_shift_x=(-0.146, 0.146),
    box_shift_y=(-0.146, 0.146),
    jet=0.0,
    occlusion=0.5,
    occlusion_area=0.2,
    occlusion_fill="color",
    grayscale=0.0,
)

AUGMENTATION = {
    # Turned by 40 degrees, moved by 30 of 256 px (a box is 204.8 px long there), rescaled by a tenth, half of them
    # mirrored and half covered by a fifth of the crop (arXiv 2006.11697, section 4.2; probabilities from the released
    # code).
    "scc": _SCC,
    # For renders, whose colors, light and sharpness are narrower than those of photos.
    "scc-renders": replace(
        _SCC,
        zoom=(0.85, 1.15),
        box_shift_x=(-0.1, 0.1),
        box_shift_y=(-0.1, 0.1),
        jet=0.5,
        jet_low=(0.0, 0.25),
        jet_high=(0.75, 1.0),
        gamma=(0.6, 1.6),
        blur=0.25,
        blur_sigma=(0.5, 2.0),
        grayscale=0.2,
    ),
}
