"""Augmentation presets of MuSiCa."""

from kerasalign.data.augment_config import AugmentConfig

AUGMENTATION = {
    # The paper's.
    "musica": AugmentConfig(context=2.0),
    # No face is left untouched: generalizes better where training faces are few.
    "musica-calm": AugmentConfig(context=2.0, calm=0.3),
    # The paper's boxes are never smaller than the face; those of a detector are in half of the cases.
    "musica-boxes": AugmentConfig(context=2.0, calm=0.3, box_scale_x=(0.85, 1.2), box_scale_y=(0.85, 1.15)),
    # As the released code: faces of 98 points are not mirrored.
    "musica-code": AugmentConfig(context=2.0, no_flip=("98",)),
}
