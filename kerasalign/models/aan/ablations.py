"""AAN's ablation table (BMVC 2018, Table 5): NME on AFLW and on category 3 of 300VW."""

from __future__ import annotations

from typing import Any

from kerasalign.models.ablation import Ablation, Row


def _row(name: str, aflw: float, video: float, **model: Any) -> Row:
    return Row(name, model, paper={"aflw-full-box_size": aflw, "300vw-category3-inter_pupil": video})


TABLE_5 = Ablation(
    "aan-table5",
    "Attention and nonlinear embedding",
    "aan-aflw",
    (
        _row("AAN", 1.73, 7.98),
        _row("no attention", 2.06, 9.38, attention=False),
        _row("no embedding", 1.78, 8.15, embedding=None),
        _row("neither", 2.10, 9.60, attention=False, embedding=None),
    ),
)
# The paper says that these are worse, and prints no number.
CLAIMS = Ablation(
    "aan-claims",
    "What the text rejects without a number",
    "aan-aflw",
    (
        Row("AAN"),
        Row("F = H M (equation 2)", {"weighting": "map"}),
        Row("one map", {"attention_blocks": [4]}),
        Row("fixed random features", {"learned_frequencies": False}),
        Row("no early predictions", {"intermediate": None}),
    ),
)
ABLATIONS = (TABLE_5, CLAIMS)
