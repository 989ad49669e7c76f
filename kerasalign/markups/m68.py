"""The 68 points of Multi-PIE as 300W uses them (Sagonas et al., ICCVW 2013)."""

from kerasalign.markups.markup import Markup, flip_from_pairs, mirrored_shape

_PAIRS = [(i, 16 - i) for i in range(8)] + [
    (17, 26), (18, 25), (19, 24), (20, 23), (21, 22), (31, 35), (32, 34),
    (36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46),
    (48, 54), (49, 53), (50, 52), (55, 59), (56, 58), (60, 64), (61, 63), (65, 67),
]  # fmt: skip
_FLIP = flip_from_pairs(68, _PAIRS)

# A schematic face drawn for this library; no data set's average. The subject's right side and the midline.
_HALF = {
    0: (-0.500, -0.150), 1: (-0.490, -0.020), 2: (-0.472, 0.110), 3: (-0.440, 0.232), 4: (-0.375, 0.335),
    5: (-0.290, 0.415), 6: (-0.195, 0.472), 7: (-0.095, 0.497), 8: (0.0, 0.505),
    17: (-0.425, -0.300), 18: (-0.360, -0.355), 19: (-0.275, -0.368), 20: (-0.190, -0.350), 21: (-0.110, -0.315),
    27: (0.0, -0.205), 28: (0.0, -0.120), 29: (0.0, -0.037), 30: (0.0, 0.045),
    31: (-0.092, 0.098), 32: (-0.048, 0.115), 33: (0.0, 0.128),
    36: (-0.325, -0.190), 37: (-0.272, -0.220), 38: (-0.208, -0.219), 39: (-0.152, -0.180),
    40: (-0.210, -0.165), 41: (-0.274, -0.163),
    48: (-0.190, 0.262), 49: (-0.120, 0.233), 50: (-0.045, 0.216), 51: (0.0, 0.225),
    57: (0.0, 0.340), 58: (-0.052, 0.338), 59: (-0.125, 0.312),
    60: (-0.162, 0.263), 61: (-0.048, 0.252), 62: (0.0, 0.256), 66: (0.0, 0.287), 67: (-0.048, 0.283),
}  # fmt: skip

MARKUP_68 = Markup(
    name="68",
    num_points=68,
    parts={
        "jaw": range(17),
        "right_brow": range(17, 22),
        "left_brow": range(22, 27),
        "nose": range(27, 36),
        "right_eye": range(36, 42),
        "left_eye": range(42, 48),
        "mouth": range(48, 68),
    },
    flip=_FLIP,
    eyes={"inter_ocular": ((36,), (45,)), "inter_pupil": (range(36, 42), range(42, 48))},
    boundaries={
        "jaw": range(17),
        "right_brow": range(17, 22),
        "left_brow": range(22, 27),
        "nose_bridge": range(27, 31),
        "nose_base": range(31, 36),
        "right_eye_upper": (36, 37, 38, 39),
        "right_eye_lower": (39, 40, 41, 36),
        "left_eye_upper": (42, 43, 44, 45),
        "left_eye_lower": (45, 46, 47, 42),
        "upper_lip_outer": range(48, 55),
        "upper_lip_inner": range(60, 65),
        "lower_lip_inner": (60, 67, 66, 65, 64),
        "lower_lip_outer": (48, 59, 58, 57, 56, 55, 54),
    },
    mean_shape=mirrored_shape(_HALF, _FLIP),
    conversions={"5": (range(36, 42), range(42, 48), (30,), (48,), (54,))},
)
