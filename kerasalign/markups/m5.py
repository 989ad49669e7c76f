"""The five points that most detectors give: eye centers, nose tip, mouth corners."""

from kerasalign.markups.markup import Markup, mirrored_shape

_FLIP = (1, 0, 2, 4, 3)

MARKUP_5 = Markup(
    name="5",
    num_points=5,
    parts={"right_eye": (0,), "left_eye": (1,), "nose": (2,), "mouth": (3, 4)},
    flip=_FLIP,
    eyes={"inter_ocular": ((0,), (1,)), "inter_pupil": ((0,), (1,))},
    boundaries={"eyes": (0, 1), "mouth": (3, 4)},
    mean_shape=mirrored_shape({0: (-0.238, -0.19), 2: (0.0, 0.045), 3: (-0.19, 0.262)}, _FLIP),
)
