"""The 29 points of LFPW and COFW (Burgos-Artizzu et al., ICCV 2013)."""

from kerasalign.markups.markup import Markup, flip_from_pairs, mirrored_shape

_PAIRS = [
    (0, 1),
    (2, 3),
    (4, 6),
    (5, 7),
    (8, 9),
    (10, 11),
    (12, 14),
    (13, 15),
    (16, 17),
    (18, 19),
    (22, 23),
]
_FLIP = flip_from_pairs(29, _PAIRS)

# A schematic face drawn for this library; no data set's average. The subject's right side and the midline.
_HALF = {
    0: (-0.425, -0.300),
    2: (-0.105, -0.310),
    4: (-0.275, -0.378),
    5: (-0.275, -0.342),
    8: (-0.325, -0.190),
    10: (-0.152, -0.180),
    12: (-0.240, -0.225),
    13: (-0.240, -0.160),
    16: (-0.238, -0.192),
    18: (-0.092, 0.098),
    20: (0.0, 0.045),
    21: (0.0, 0.128),
    22: (-0.190, 0.262),
    24: (0.0, 0.225),
    25: (0.0, 0.256),
    26: (0.0, 0.287),
    27: (0.0, 0.340),
    28: (0.0, 0.505),
}

MARKUP_29 = Markup(
    name="29",
    num_points=29,
    parts={
        "right_brow": (0, 2, 4, 5),
        "left_brow": (1, 3, 6, 7),
        "right_eye": (8, 10, 12, 13, 16),
        "left_eye": (9, 11, 14, 15, 17),
        "nose": range(18, 22),
        "mouth": range(22, 28),
        "chin": (28,),
    },
    flip=_FLIP,
    eyes={"inter_ocular": ((8,), (9,)), "inter_pupil": ((16,), (17,))},
    boundaries={
        "right_brow_upper": (0, 4, 2),
        "right_brow_lower": (0, 5, 2),
        "left_brow_upper": (3, 6, 1),
        "left_brow_lower": (3, 7, 1),
        "nose_bridge": (20, 21),
        "nose_base": (18, 21, 19),
        "right_eye_upper": (8, 12, 10),
        "right_eye_lower": (8, 13, 10),
        "left_eye_upper": (11, 14, 9),
        "left_eye_lower": (11, 15, 9),
        "upper_lip_outer": (22, 24, 23),
        "upper_lip_inner": (22, 25, 23),
        "lower_lip_inner": (22, 26, 23),
        "lower_lip_outer": (22, 27, 23),
    },
    mean_shape=mirrored_shape(_HALF, _FLIP),
    conversions={"5": [(16,), (17,), (20,), (22,), (23,)]},
)
