"""LW-BAFA's comparison with BAFA (APSIPA TSIP 12, e45, Tables 1, 2 and 4) and the variants that it rejects."""

from __future__ import annotations

from kerasalign.models.ablation import Ablation, Row

# BAFA is LW-BAFA with these fields.
_BAFA = {"channels": 256, "stem_ratio": 0.5, "shuffle": "none", "transformer": "decoder"}
_COLUMNS = ("parameters, M", "GFLOPs", "FPS")

TABLE_4 = Ablation(
    "lwbafa-table4",
    "What compression costs",
    "lwbafa-wflw",
    (
        Row("BAFA", _BAFA, {}, {"wflw-full-inter_ocular": 4.16}, dict(zip(_COLUMNS, (19.96, 22.23, 32.1)))),
        Row("LW-BAFA", {}, {}, {"wflw-full-inter_ocular": 4.31}, dict(zip(_COLUMNS, (9.48, 11.4, 34.1)))),
    ),
)
# Section 3 says that these were tried and were worse, and prints no number.
VARIANTS = Ablation(
    "lwbafa-variants",
    "The variants that section 3 rejects",
    "lwbafa-wflw",
    (
        Row("LW-BAFA"),
        Row("no ShuffleNet units", {"shuffle": "none"}),
        Row("ShuffleNet units throughout", {"shuffle": "all"}),
        Row("Transformer decoder", {"transformer": "decoder"}),
        Row("DeLighT for the encoder", {"transformer": "delight_for_encoder"}),
        Row("DeLighT decoder", {"transformer": "delight_decoder"}),
        Row(
            "separable convolutions", {"separable": True}, note="Section 3.2 names them, and the printed sizes do not."
        ),
    ),
)
ABLATIONS = (TABLE_4, VARIANTS)
