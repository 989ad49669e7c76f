"""Augmentation presets of SCC."""

from kerasalign.data.augment_config import AugmentConfig

AUGMENTATION = {
    # Turned by 40 degrees, moved by 30 of 256 px (a box is 204.8 px long there), rescaled by a tenth, half of them
    # mirrored and half covered by a fifth of the crop (arXiv 2006.11697, section 4.2; probabilities from the released
    # code).
    "scc": AugmentConfig(
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
    ),
}
