"""Augmentation presets of LW-BAFA."""

from kerasalign.data.augment_config import AugmentConfig

AUGMENTATION = {
    # Turned by 30 degrees about the crop's middle, moved by a tenth of the crop (which is 1.25 boxes long), half of
    # them mirrored, a fifth brighter or darker, a tenth blurred (APSIPA TSIP 12, e45, section 4.1). Brightness is an
    # exponent, because the network standardizes its crops, which undoes a factor. How faces are covered is not printed:
    # here, as in SCC, half of them by a fifth of the crop.
    "lwbafa": AugmentConfig(
        geometric=1.0,
        rotation=(-30.0, 30.0),
        shear=(0.0, 0.0),
        stretch_x=(1.0, 1.0),
        rebox="fixed",
        box_scale_x=(1.0, 1.0),
        box_scale_y=(1.0, 1.0),
        box_shift_x=(-0.125, 0.125),
        box_shift_y=(-0.125, 0.125),
        jet=0.0,
        occlusion=0.5,
        occlusion_area=0.2,
        gamma=(0.8, 1.2),
        blur=0.1,
        grayscale=0.0,
    ),
}
