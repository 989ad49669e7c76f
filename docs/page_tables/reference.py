"""What the papers print of other methods beside their own numbers, as it stands there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reference:
    """Rows of other methods in a paper's table.

    Args:
        where: The table.
        columns: Headings of the numbers.
        rows: A method per line, its name before the first colon, then a number per column; `-` is none.
    """

    where: str
    columns: tuple[str, ...]
    rows: str

    def cells(self) -> list[tuple[str, ...]]:
        """Heading and rows as text."""
        lines = [line.partition(":") for line in self.rows.strip().splitlines()]
        return [(self.where, *self.columns), *((name.strip(), *numbers.split()) for name, _, numbers in lines)]


_300W = ("common", "challenging", "full")
_WFLW = ("full", "pose", "expression", "illumination", "makeup", "occlusion", "blur")

REFERENCE: dict[str, tuple[Reference, ...]] = {
    "musica": (
        Reference(
            "Table 2, NME %",
            _300W,
            """
            LAB: 3.42 6.98 4.12
            DCFE: 3.83 7.54 4.55
            DAN: 4.42 7.57 5.03
            BL+AFS: 3.13 7.34 3.82
            DVLN: 3.94 7.62 4.66
            SIR: 4.29 8.14 5.04
            TR-DRN: 4.36 7.56 4.99
            DeFA: 5.37 9.38 6.10
            SDM: 5.60 17.00 7.58
            CFAN: 5.50 16.78 7.69
            MDM: 4.83 10.14 5.88
            FASTER: - - 6.25
            FNM_LAM: 5.09 8.32 5.72
            ERT: - - 6.40
            3DDFA: 6.15 10.59 7.01
            TCDCN: 4.80 8.60 5.54
            CFSS: 4.73 9.98 5.76
            """,
        ),
        Reference(
            "Table 3, NME %",
            _WFLW,
            """
            DVLN: 6.08 11.54 6.78 5.73 5.98 7.33 6.88
            LAB: 5.27 10.24 5.51 5.23 5.15 6.79 6.32
            Wing: 5.11 8.75 5.36 4.93 5.41 6.37 5.81
            HRNet: 4.60 7.86 4.78 4.57 4.26 5.42 5.36
            AWing: 4.36 7.38 4.58 4.32 4.27 5.19 4.96
            ESR: 11.13 25.88 11.47 10.49 11.05 13.75 12.20
            SDM: 10.29 24.10 11.45 9.32 9.38 13.03 11.28
            CFSS: 9.07 21.36 10.09 8.30 8.74 11.76 9.96
            """,
        ),
    ),
    "scc": (
        Reference(
            "Table 1, NME %",
            _WFLW,
            """
            DVLN: 6.08 11.54 6.78 5.73 5.98 7.33 6.88
            LAB: 5.27 10.24 5.51 5.23 5.15 6.79 6.32
            Wing: 5.11 8.75 5.36 4.93 5.41 6.37 5.81
            AGCFN: 4.90 8.78 5.00 4.93 4.85 6.26 5.73
            LAB + AVS: 4.76 8.21 5.14 4.51 5.00 5.76 5.43
            DeCaFA: 4.62 8.11 4.65 4.41 4.63 5.74 5.38
            HRNet: 4.60 7.94 4.85 4.55 4.29 5.44 5.42
            """,
        ),
        Reference(
            "Table 2",
            ("COFW NME %", "FR %", "COFW68 NME %", "FR %"),
            """
            TCDCN: - - 7.66 16.17
            SAPM: - - 6.64 5.72
            CFSS: - - 6.28 9.07
            HPM: 7.50 13.00 6.72 6.71
            CCR: 7.03 10.9 - -
            DRDA: 6.46 6.00 - -
            RAR: 6.03 4.14 - -
            SFPD: 6.40 - - -
            DAC-CSR: 6.03 4.73 - -
            Wing: 5.44 3.37 - -
            ODN: 5.30 - - -
            LAB: 3.92 0.39 4.62 2.17
            SAN + AVS: - - 4.43 2.82
            """,
        ),
        Reference(
            "Table 3, NME %",
            _300W,
            """
            PCD-CNN: 3.67 7.62 4.44
            CPM+SBR: 3.28 7.58 4.10
            SAN: 3.34 6.60 3.98
            LAB: 2.98 5.19 3.49
            DeCaFA: 2.93 5.26 3.39
            HRNet: 2.87 5.15 3.32
            """,
        ),
        Reference(
            "Table 4",
            ("parameters, M", "FLOPS, G", "ms"),
            """
            SAN: 199.63 - 343
            LAB: 32.05 28.583 60
            Wing: 24.75 5.396 30
            """,
        ),
    ),
    "lwbafa": (
        Reference(
            "Table 1, NME %",
            _300W,
            """
            AnchorFace: 3.12 6.19 3.72
            SRN: 3.08 5.86 3.64
            SRN+HG: 3.03 5.38 3.49
            LAB: 2.98 5.19 3.49
            HRNetV2: 2.87 5.15 3.32
            ACHR: 2.83 7.04 4.23
            PIPNet: 2.78 4.89 3.19
            AWing: 2.72 4.52 3.07
            """,
        ),
        Reference(
            "Table 3, NME % (LAB's blur is printed as 62.3)",
            _WFLW[1:],
            """
            LAB: 10.24 5.51 5.23 5.15 6.79 6.32
            Wing: 8.75 5.36 4.93 5.41 6.37 5.81
            MMDN: 8.15 4.99 4.61 4.72 6.17 5.72
            AWing: 7.38 4.58 4.32 4.27 5.19 4.96
            PIPNet: 7.51 4.44 4.19 4.02 5.36 5.02
            HIH_C: 7.20 4.19 4.45 3.97 5.00 4.81
            """,
        ),
        Reference(
            "Table 4",
            ("parameters, M", "GFLOPs", "FPS"),
            """
            PIPNet: 45.7 10.5 51.2
            AWing: 25.1 26.7 32.7
            MMDN: 16.2 86.46 15.7
            SLPT: 13.19 6.12 16.1
            HRNet: 9.7 4.8 7.6
            """,
        ),
    ),
    "aan": (
        Reference(
            "Table 1, NME % on AFLW",
            ("NME %",),
            """
            CDM: 5.43
            RCPR: 3.73
            ERT: 4.35
            SDM: 4.05
            LBF: 4.25
            PO-CR: 5.32
            CFSS: 3.92
            CCL: 2.72
            DAC-CSR: 2.27
            """,
        ),
        Reference(
            "Table 2, NME %",
            _300W,
            """
            RCPR: 6.18 17.26 8.35
            SDM: 5.57 15.40 7.52
            ESR: 5.28 17.00 7.58
            GN-DPM: 5.78 - -
            ERT: - - 6.40
            CFAN: 5.50 16.78 7.69
            LBF: 4.95 11.98 6.32
            CFSS: 4.73 9.98 5.76
            MDM: 4.83 10.14 5.88
            """,
        ),
        Reference("Table 3, NME % on CelebA", ("NME %",), "RCPR: 4.12\nSDM: 4.35\nCFSS: 3.95"),
        Reference(
            "Table 4, NME % on 300VW",
            ("category 1", "category 2", "category 3"),
            """
            SDM: 7.41 6.18 13.04
            TSCN: 12.54 7.25 13.13
            CFSS: 7.68 6.42 13.67
            TCDCN: 7.66 6.77 14.98
            TSTN: 5.36 4.51 12.84
            """,
        ),
    ),
    "sdu": (
        Reference("Table 1, as quoted there", ("IBUG NME %", "COFW NME %"), "CVPR 2018: 7.02 5.77"),
        Reference(
            "Table 2 (the first four are means of bins of yaw)",
            ("AFLW2000-3D NME %",),
            "ESR: 7.99\nRCPR: 7.80\nSDM: 6.12\n3DDFA: 4.94\nHPM: 3.26",
        ),
    ),
}
