"""Augmentation presets of LW-BAFA."""

from kerasalign.data.augment_config import AugmentConfig

AUGMENTATION = {
    # Turned by 30 degrees, moved by a tenth of the crop (which is 1.25 boxes long), half of them mirrored, a fifth
    # brighter or darker, a tenth blurred (APSIPA TSIP 12, e45, section 4.1). How faces are covered is not printed: here
    # by noise, at most a fifth of the crop; rather more than half of the rectangles fall beside it.
    "lwbafa": AugmentConfig(
        geometric=1.0,
        rotation=(-30.0, 30.0),
        shear=(0.0, 0.0),
        stretch_x=(1.0, 1.0),
        box_scale_x=(1.0, 1.0),
        box_scale_y=(1.0, 1.0),
        box_shift_x=(-0.125, 0.125),
        box_shift_y=(-0.125, 0.125),
        jet=0.0,
        occlusion=1.0,
        occlusion_side=0.2,
        gain=(0.8, 1.2),
        blur=0.1,
        grayscale=0.0,
    ),
}
