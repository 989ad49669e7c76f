"""SCC's ablation tables (arXiv 2006.11697, Tables 5 to 8): NME on the full test set of WFLW."""

from __future__ import annotations

from typing import Any

from kerasalign.models.ablation import Ablation, Row

_L1 = {"loss": "l1"}


def _row(name: str, nme: float, **model: Any) -> Row:
    return Row(name, model, paper={"wflw-full-inter_ocular": nme})


TABLE_5 = Ablation(
    "scc-table5",
    "The parts of SCC",
    "scc-wflw",
    (
        _row("FC, L1", 5.95, head="fc", **_L1),
        _row("graph", 4.64, levels=[5], **_L1),
        _row("graph, fusion", 4.53, **_L1),
        _row("graph, Soft Wing", 4.52, levels=[5]),
        _row("without dynamic weights", 4.47, dynamic=False),
        _row("SCC", 4.40),
    ),
)
TABLE_6 = Ablation(
    "scc-table6",
    "Attention and levels of the fusion, with L1",
    "scc-wflw",
    (
        _row("self attention", 4.61, attention="self", **_L1),
        _row("semantic-guided attention", 4.53, **_L1),
        _row("F5", 4.64, levels=[5], **_L1),
        _row("F4, F5", 4.57, levels=[4, 5], **_L1),
        _row("F2 to F5", 4.56, levels=[2, 3, 4, 5], **_L1),
    ),
)
TABLE_7 = Ablation(
    "scc-table7",
    "Neighbors k of the graph",
    "scc-wflw",
    tuple(
        _row(f"k = {k}", nme, neighbors=k)
        for k, nme in {
            1: 4.44,
            2: 4.43,
            3: 4.40,
            4: 4.46,
            5: 4.50,
            10: 4.59,
            20: 4.69,
            40: 4.71,
            97: 4.75,
        }.items()
    ),
)
_CURVATURES = (0.1, 0.2, 0.5, 1.0, 1.5, 2.0)
TABLE_8 = Ablation(
    "scc-table8",
    "Losses, with the FC head",
    "scc-wflw",
    (
        _row("L1", 5.95, head="fc", **_L1),
        *(
            _row(f"{title}, epsilon {curvature:g}", nme, head="fc", loss=loss, curvature=curvature)
            for title, loss, nmes in (
                ("Wing", "wing", (6.52, 5.98, 5.81, 5.78, 5.75, 5.72)),
                ("Soft Wing", "soft_wing", (5.70, 5.66, 5.67, 5.71, 5.70, 5.71)),
            )
            for curvature, nme in zip(_CURVATURES, nmes)
        ),
    ),
)
ABLATIONS = (TABLE_5, TABLE_6, TABLE_7, TABLE_8)
