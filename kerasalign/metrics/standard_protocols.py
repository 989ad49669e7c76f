"""The protocols that the papers report, registered when `kerasalign.metrics` is imported.

Subset sizes are checked by the published failure rates: each is an integer count of faces over them.
"""

from typing import Any

from kerasalign.metrics.protocol import Protocol, register_protocol

_W300 = "Sagonas et al., ICCVW 2013; common = HELEN 330 + LFPW 224, challenging = IBUG 135"
_W300_PRIVATE = "Sagonas et al., Image and Vision Computing 2016; the challenge's own 300 indoor and 300 outdoor photos"
_W300VW = "Shen et al., ICCVW 2015; every frame counts as a face"
_CELEBA = "Liu et al., ICCV 2015"
_WFLW = "Wu et al., CVPR 2018; the subsets overlap"
_COFW = "Burgos-Artizzu et al., ICCV 2013"
_COFW68 = "Ghiasi and Fowlkes, arXiv 1506.08347; their own script divides by the eye-center distance"
_AFLW = "Zhu et al. (CCL), CVPR 2016; 19 points, 20000/4386"
_AFLW3D = "Zhu et al. (3DDFA), CVPR 2016; their tables print the mean of three bins: |yaw| up to 30, up to 60, beyond"
_MENPO2D = "Zafeiriou et al., CVPRW 2017; semi-frontal faces"

_WFLW_SIZES = {
    "full": 2500,
    "pose": 326,
    "expression": 314,
    "illumination": 698,
    "makeup": 206,
    "occlusion": 736,
    "blur": 773,
}


def _register(dataset: str, subset: str, num_faces: int | None, markup: str, normalizer: str, **options: Any) -> None:
    name = f"{dataset.lower()}-{subset}-{normalizer}"
    if options.get("points") == "visible":
        name += "-visible"
    register_protocol(Protocol(name, dataset, subset, num_faces, markup, normalizer, **options))


for _eyes in ("inter_pupil", "inter_ocular"):
    for _subset, _size in (("common", 554), ("challenging", 135), ("full", 689)):
        _register("300W", _subset, _size, "68", _eyes, reference=_W300)
    for _subset, _size in (("private", 600), ("private_indoor", 300), ("private_outdoor", 300)):
        _register("300W", _subset, _size, "68", _eyes, reference=_W300_PRIVATE)
    _register("COFW", "test", 507, "29", _eyes, reference=_COFW)
    _register("COFW68", "test", 507, "68", _eyes, reference=_COFW68)
    for _category in ("category1", "category2", "category3"):
        _register("300VW", _category, None, "68", _eyes, reference=_W300VW)

for _subset, _size in _WFLW_SIZES.items():
    _register("WFLW", _subset, _size, "98", "inter_ocular", reference=_WFLW)

_register("CelebA", "test", 19962, "5", "inter_ocular", box_source="dataset", reference=_CELEBA)

for _points in ("all", "visible"):
    for _length in ("box_size", "box_diagonal", "box_width"):
        _register(
            "AFLW",
            "full",
            4386,
            "19",
            _length,
            normalizer_box="dataset",
            box_source="dataset",
            points=_points,
            reference=_AFLW,
        )

# The second length is that of SDU's released code, which says box size and divides by the diagonal.
for _length in ("box_size", "box_diagonal"):
    _register("AFLW2000-3D", "full", 2000, "68", _length, reference=_AFLW3D)
    _register("AFLW2000-3D", "yaw_balanced", 2000, "68", _length, strata="yaw_bin", reference=_AFLW3D)
    for _subset in ("yaw0_30", "yaw30_60", "yaw60_90"):
        _register("AFLW2000-3D", _subset, None, "68", _length, reference=_AFLW3D)

_register("Menpo2D", "test", 5535, "68", "box_diagonal", reference=_MENPO2D)

# SDU's released code takes an eye's center to be midway between its corners; its paper takes the mean of its points.
_register("300W", "challenging", 135, "68", "corner_midpoint", reference=_W300)
_register("COFW68", "test", 507, "68", "corner_midpoint", reference=_COFW68)
