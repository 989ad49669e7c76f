"""SDU's Table 1 (arXiv 1812.01936): NME on IBUG and on COFW with 68 points, size and time of 16 networks."""

from __future__ import annotations

from kerasalign.models.ablation import Ablation, Row
from kerasalign.models.sdu.table1 import TABLE_1 as NETWORKS

# IBUG, COFW, megabytes and milliseconds on a Titan X Pascal, as printed.
_PRINTED = {
    "Hourglass1-Resnet": (7.32, 6.26, 13, 26),
    "Hourglass2-Resnet": (7.22, 6.18, 26, 49),
    "Hourglass2-Inception-Resnet": (7.07, 6.08, 38, 57),
    "Hourglass2-HPM": (6.98, 5.81, 48, 47),
    "Hourglass2-CAB": (6.93, 5.77, 46, 52),
    "Hourglass2-HPM (3 steps)": (6.95, 5.82, 38, 39),
    "Hourglass2-CAB (3 steps)": (6.91, 5.78, 37, 41),
    "U-Net2-CAB": (7.17, 6.12, 36, 37),
    "DLA2-CAB": (6.92, 5.75, 103, 61),
    "SAT(I)2-CAB": (7.05, 5.91, 131, 63),
    "SAT(II)2-CAB (3 steps)": (7.02, 5.89, 83, 47),
    "SAT(III)2-CAB (3 steps)": (6.88, 5.74, 38, 41),
    "Dense U-Net + STN": (6.81, 5.70, 116, 49),
    "Dense U-Net + Inside": (6.77, 5.63, 49, 45),
    "Dense U-Net + Outside": (6.80, 5.62, 38, 41),
    "Dense U-Net + Dual": (6.73, 5.55, 49, 45),
}

TABLE_1 = Ablation(
    "sdu-table1",
    "Topologies, blocks and transformers",
    "sdu-300w",
    tuple(
        Row(
            name,
            NETWORKS[name],
            paper={"300w-challenging-inter_pupil": ibug, "cofw68-test-inter_pupil": cofw},
            printed={"size, MB": size, "ms": milliseconds},
        )
        for name, (ibug, cofw, size, milliseconds) in _PRINTED.items()
    ),
    {"CVPR 2018, as quoted": {"300w-challenging-inter_pupil": 7.02, "cofw68-test-inter_pupil": 5.77}},
)
ABLATIONS = (TABLE_1,)
