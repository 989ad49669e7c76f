"""The section "Reproduce" of a paper's page: table or figure, command, the paper's number, ours."""

from __future__ import annotations

from kerasalign.hub import read_manifest
from kerasalign.hub.preset import Result
from kerasalign.models import get_ablation
from page_tables.exhibits import EXHIBITS, Numbers, Other, Rows
from page_tables.reference import REFERENCE
from page_tables.rows import RESULTS, markdown, measurement


def reproduce_table(paper: str) -> str:
    """Every table and figure of a paper, and what it prints of other methods."""
    rows = [("in the paper", "command", "the paper's", "here")]
    for exhibit in EXHIBITS[paper]:
        if isinstance(exhibit, Numbers):
            rows.append((exhibit.where, *_numbers(exhibit)))
        elif isinstance(exhibit, Rows):
            rows.append((exhibit.where, *_rows(exhibit)))
        else:
            rows.append((exhibit.where, *_other(exhibit)))
    others = [markdown(reference.cells()) for reference in REFERENCE[paper]]
    return "\n\n".join([markdown(rows), "What the paper prints of other methods in the same tables:", *others])


def _numbers(exhibit: Numbers) -> tuple[str, str, str]:
    name, preset = exhibit.preset, read_manifest()[exhibit.preset]
    weights = f"runs/{name}/best.weights.h5"
    boxes = f" --boxes {exhibit.boxes}" if exhibit.boxes else ""
    asked = "".join(f" --protocol {protocol}" for protocol in exhibit.protocols)
    commands = (
        f"kerasalign train {name} {exhibit.options}",
        f"kerasalign evaluate {name} --data {exhibit.test} --weights {weights}{asked}{boxes}",
    )
    results = [r for r in preset.paper_results if not exhibit.protocols or r.protocol in exhibit.protocols]
    paper = "; ".join(f"{r.protocol} {_scores(r)}" for r in results)
    measured = [
        f"{ours.protocol} {ours.nme:.2f} by {ours.box_source} (`{ours.file.rsplit('/', 1)[-1]}`)"
        for ours in preset.measured
        if ours.protocol in {r.protocol for r in results} and ours.iterations in (None, 3.0)
    ]
    missing = f"not measured: needs {exhibit.data}"
    rest = len({m.split()[0] for m in measured}) < len(results)
    return _code(*commands), paper, "; ".join([*measured, *([missing] if rest else [])])


def _rows(exhibit: Rows) -> tuple[str, str, str]:
    ablation = get_ablation(exhibit.ablation)
    command = f"kerasalign ablation {ablation.name} {exhibit.options} --seeds 3"
    numbers = [
        f"{row.name}: {' / '.join(f'{nme:.2f}' for nme in row.paper.values())}" for row in ablation.rows if row.paper
    ]
    path = RESULTS / f"{ablation.name}.json"
    here = f"not measured as in the paper: needs {exhibit.data}"
    if path.exists():
        short = measurement(ablation.name)
        here += f"; {len(short['rows'])} rows by a short schedule: [below](#short-runs-of-its-rows)"
    return _code(command), "; ".join(numbers) or "claimed without a number", here


def _other(exhibit: Other) -> tuple[str, str, str]:
    return _code(*exhibit.command.split("; ")), exhibit.paper, exhibit.here


def _scores(result: Result) -> str:
    more = []
    if result.fr is not None:
        more.append(f"FR {result.fr:.2f}")
    if result.auc is not None:
        more.append(f"AUC {result.auc:.4f}")
    return f"{result.nme:.2f}" + (f" ({', '.join(more)})" if more else "")


def _code(*commands: str) -> str:
    return "<br>".join(f"`{command}`" for command in commands)


def rows_table(name: str) -> str:
    """The rows of an ablation table that were trained here by a short schedule; nothing where none was."""
    if not (RESULTS / f"{name}.json").exists():
        return "No row was trained here yet."
    measured = measurement(name)
    ablation = get_ablation(name)
    protocols = measured["protocols"]
    head = ["row", "parameters", *(f"`{p}`, here" for p in protocols), *(f"{p}, paper" for p in ablation.protocols)]
    rows = [tuple(head)]
    for row_name, row in measured["rows"].items():
        paper = ablation.row(row_name).paper
        nmes = [[run["nme"][p] for run in row["seeds"]] for p in protocols]
        cells = [_range(values) for values in nmes]
        printed = [f"{paper[p]:.2f}" if p in paper else "" for p in ablation.protocols]
        rows.append((row_name, f"{row['parameters']:,}", *cells, *printed))
    shared = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in measured["schedule"].items())
    return f"`{measured['command']}`\n\nEvery row: {shared}. All seeds are given.\n\n{markdown(rows)}"


def _range(values: list[float]) -> str:
    return ", ".join(f"{value:.2f}" for value in values)
