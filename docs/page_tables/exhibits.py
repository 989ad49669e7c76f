"""Every table and figure of every paper: what it shows, the command behind it, and what it takes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Numbers:
    """A table of errors of one preset.

    Args:
        where: Table of the paper.
        preset: Whose numbers they are.
        data: Data sets that training and measuring take.
        protocols: The protocols of the table; by default all of the preset's numbers.
        test: Folder to measure on, where it is not the one that is trained on.
        options: Further options of `train`.
        boxes: Boxes that the paper measures by.
    """

    where: str
    preset: str
    data: str
    protocols: tuple[str, ...] = ()
    test: str = "DIR"
    options: str = "--data DIR"
    boxes: str = ""


@dataclass(frozen=True)
class Rows:
    """An ablation table, by its name, and the data sets that it takes."""

    where: str
    ablation: str
    data: str
    options: str = "--data DIR"


@dataclass(frozen=True)
class Other:
    """Anything else: a command or a place in the documentation, the paper's claim, and what is known here."""

    where: str
    command: str
    paper: str
    here: str


EXHIBITS: dict[str, tuple[Numbers | Rows | Other, ...]] = {
    "musica": (
        Other(
            "Table 1",
            "kerasalign info musica-300w; model.count_macs('paper'), model.paper_memory()",
            "95, 48, 26, 138, 69 M multiply-adds; 9.10, 4.60, 2.64, 13.02, 5.94 MB",
            "the same, but for 6.60 MB of 49 patches: 5.94 are those of 44 (`tests/models/test_musica.py`)",
        ),
        Numbers("Table 2, 68 patches", "musica-300w", "AFW and IBUG"),
        Numbers("Table 2, 34 patches", "musica34-300w", "AFW and IBUG"),
        Numbers("Table 2, 19 patches", "musica19-300w", "AFW and IBUG"),
        Numbers("Table 3, 98 patches", "musica-wflw", "WFLW"),
        Numbers("Table 3, 44 patches", "musica44-wflw", "WFLW"),
        Rows("Table 4", "musica-table4", "IBUG"),
        Other("Figure 1", "kerasalign sweep musica-300w --data DIR --weights W --out D", "", "`D/cascade.jpg`"),
        Other(
            "Figure 2",
            "kerasalign sweep musica-300w --data DIR --weights W --protocol 300w-challenging-inter_pupil --out D",
            "about 10 % less error at 2 iterations, 50 % fewer iterations",
            "`D/policies.png`; [measured](early-exit.md#measured) on the common set",
        ),
        Other(
            "Figure 5",
            "kerasalign prepare DIR --model musica-300w --cache C --balance gdb --sheet gdb.png",
            "",
            "`gdb.png`; `--balance pdb` for the other half",
        ),
        Other(
            "Figure 6",
            "kerasalign sweep musica-300w --data DIR --weights W --protocol 300w-full-inter_pupil --out D",
            "most attention at the bridge of the nose",
            "`D/attention.png`; on the common set most at point 29, the bridge, in iterations 2 and 3 "
            "(`musica-300w-sweep.json`)",
        ),
        Other(
            "Figure 7",
            "plot_cost([sweep(cascade_errors(m, DIR, P)) for m in models])",
            "",
            "`kerasalign.evaluation.early_exit.plots`; one model: `D/cost.png`",
        ),
        Other(
            "Section 4.3",
            "kerasalign.export(kerasalign.load('musica-mobile', weights=None), F, 'litert')",
            "14.77 ms on a Mali-G76",
            "not measured: needs that phone",
        ),
    ),
    "aan": (
        Numbers("Table 1", "aan-aflw", "AFLW"),
        Numbers("Table 2", "aan-300w", "AFW and IBUG"),
        Numbers("Table 3", "aanwild-celeba", "CelebA"),
        Numbers("Table 4", "aan-300vw", "300VW"),
        Rows("Table 5", "aan-table5", "AFLW and 300VW"),
        Rows("Sections 3.1 to 3.3", "aan-claims", "AFLW"),
        Other(
            "Figure 2", "kerasalign evaluate aan-aflw --data DIR --weights W --out A; kerasalign ced A/*.csv", "", ""
        ),
        Other("Figure 4", "attention_sheet(crops, model.attention_maps(crops))", "", "[above](#what-it-attends-to)"),
    ),
    "scc": (
        Numbers("Table 1", "scc-wflw", "WFLW"),
        Numbers("Table 2, COFW", "scc-cofw", "COFW"),
        Numbers("Table 2, COFW68", "scc-300w", "AFW and COFW68", ("cofw68-test-inter_ocular",), test="COFW68"),
        Numbers(
            "Table 3",
            "scc-300w",
            "AFW and IBUG",
            ("300w-common-inter_ocular", "300w-challenging-inter_ocular", "300w-full-inter_ocular"),
        ),
        Other(
            "Table 4",
            "kerasalign info scc-wflw; python benchmarks/scc.py --preset scc-wflw",
            "24.68 M parameters, 5.165 G, 23 ms on a 1080 Ti",
            "24,679,474 with the published graph of 470 edges, 5.169 G (`tests/models/test_scc.py`); no GPU",
        ),
        Rows("Table 5", "scc-table5", "WFLW"),
        Rows("Table 6", "scc-table6", "WFLW"),
        Rows("Table 7", "scc-table7", "WFLW"),
        Rows("Table 8", "scc-table8", "WFLW"),
        Other("Figure 1", "plot_occlusion([occlusion_curve(...), ...])", "", "[above](#what-it-looks-at)"),
        Other("Figure 5", "kerasalign evaluate scc-wflw --data DIR --weights W --out D", "", "`D/worst.jpg`"),
        Other("Figure 6", "attention_maps(model, crops)", "", "[above](#what-it-looks-at)"),
    ),
    "lwbafa": (
        Numbers("Table 1, LW-BAFA", "lwbafa-300w", "AFW and IBUG"),
        Numbers("Table 1, BAFA", "bafa-300w", "AFW and IBUG"),
        Numbers("Tables 2 and 3, LW-BAFA", "lwbafa-wflw", "WFLW"),
        Numbers("Tables 2 and 3, BAFA", "bafa-wflw", "WFLW"),
        Rows("Table 4", "lwbafa-table4", "WFLW"),
        Rows("Section 3", "lwbafa-variants", "WFLW"),
        Other("Figure 4", "boundary_stages(crop, stages)", "", "[above](#what-the-network-draws)"),
    ),
    "sdu": (
        Rows(
            "Table 1",
            "sdu-table1",
            "AFW, IBUG, COFW68 and Menpo2D",
            "--data DIR",
        ),
        Numbers(
            "Table 1, last row",
            "sdu-300w",
            "AFW, IBUG, COFW68 and Menpo2D",
            options="--source 300w=DIR,split=train+common,drop_duplicates=false --source menpo2d=MENPO",
            boxes="detector:mtcnn",
        ),
        Numbers("Table 2", "sdu-300wlp", "300W-LP and AFLW2000-3D", test="AFLW2000-3D", boxes="detector:mtcnn"),
        Other(
            "Table 3",
            "read_cfp_pairs(DIR, 'FP') with sdu-300wlp",
            "LFW 99.63, 99.78, 99.80; CFP-FP 95.428, 97.129, 98.514 %",
            "not measured: needs LFW, CFP and a recognizer ([recognition](recognition.md#table-3-of-sdu))",
        ),
        Other(
            "Figure 6a",
            "kerasalign evaluate sdu-300w --data COFW68 --weights W --boxes detector:mtcnn --out A; "
            "kerasalign ced A/*.csv B/*.csv",
            "5.55 % and 98.22 % below 10 %",
            "not measured: needs COFW68",
        ),
        Other(
            "Figure 6b",
            "kerasalign evaluate sdu-300w --data DIR --weights W --protocol 300w-private-inter_ocular --out A",
            "",
            "not measured: needs 300W's private set",
        ),
        Other(
            "Figure 6c",
            "kerasalign evaluate sdu-300w --data MENPO --weights W --protocol menpo2d-test-box_diagonal --out A",
            "",
            "not measured: its test points are not public",
        ),
        Other("Figure 5", "coherence_sheet(model, crops)", "", "[above](#what-it-does)"),
    ),
}
