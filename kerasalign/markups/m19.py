"""The 19 points of AFLW without its two ears (Koestinger et al., 2011; Zhu et al., CVPR 2016)."""

from kerasalign.markups.markup import Markup, flip_from_pairs, mirrored_shape

_PAIRS = [(0, 5), (1, 4), (2, 3), (6, 11), (7, 10), (8, 9), (12, 14), (15, 17)]
_FLIP = flip_from_pairs(19, _PAIRS)

# A schematic face drawn for this library; no data set's average. The subject's right side and the midline.
_HALF = {
    0: (-0.425, -0.300),
    1: (-0.275, -0.365),
    2: (-0.108, -0.312),
    6: (-0.325, -0.190),
    7: (-0.238, -0.192),
    8: (-0.152, -0.180),
    12: (-0.092, 0.098),
    13: (0.0, 0.045),
    15: (-0.190, 0.262),
    16: (0.0, 0.272),
    18: (0.0, 0.505),
}

MARKUP_19 = Markup(
    name="19",
    num_points=19,
    parts={
        "right_brow": range(3),
        "left_brow": range(3, 6),
        "right_eye": range(6, 9),
        "left_eye": range(9, 12),
        "nose": range(12, 15),
        "mouth": range(15, 18),
        "chin": (18,),
    },
    flip=_FLIP,
    eyes={"inter_ocular": ((6,), (11,)), "inter_pupil": ((7,), (10,))},
    boundaries={
        "right_brow": range(3),
        "left_brow": range(3, 6),
        "right_eye": range(6, 9),
        "left_eye": range(9, 12),
        "nose_base": range(12, 15),
        "mouth": range(15, 18),
    },
    mean_shape=mirrored_shape(_HALF, _FLIP),
    conversions={"5": [(7,), (10,), (13,), (15,), (17,)]},
)
