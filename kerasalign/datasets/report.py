"""What a check of a data set's folder found."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

_LISTED = 20  # Rows of a printed list; `to_dict` has them all.


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong.

    Args:
        path: The file or folder.
        reason: What is wrong with it.
        line: Line of a text file, from 1.
        face: Whether it costs a face.
    """

    path: str
    reason: str
    line: int | None = None
    face: bool = True

    def __str__(self) -> str:
        return f"{self.path}{f':{self.line}' if self.line is not None else ''}: {self.reason}"


@dataclass(frozen=True)
class DatasetReport:
    """Faces found and expected, and everything that is missing or broken, of a data set's folder.

    Args:
        dataset: Name of the data set.
        root: The folder.
        found: Split to the number of readable faces.
        expected: Split to the official number; `None` where there is no official number.
        folders_found: The same for the parts of the data set, where it has parts.
        folders_expected: The official numbers of the parts.
        missing: Files and folders of the official layout that are not there.
        faults: What is broken, each thing once.
    """

    dataset: str
    root: Path
    found: dict[str, int]
    expected: dict[str, int | None]
    folders_found: dict[str, int] = field(default_factory=dict)
    folders_expected: dict[str, int] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether all that is there can be used."""
        return not self.faults

    @property
    def complete(self) -> bool:
        """Whether every split has its official number of readable faces."""
        return all(n is None or self.found[split] == n for split, n in self.expected.items())

    def to_dict(self) -> dict[str, object]:
        """The report as plain data, for JSON."""
        return {
            "dataset": self.dataset,
            "root": str(self.root),
            "complete": self.complete,
            "ok": self.ok,
            "splits": {s: {"found": self.found[s], "expected": n} for s, n in self.expected.items()},
            "folders": {f: {"found": self.folders_found[f], "expected": n} for f, n in self.folders_expected.items()},
            "missing": list(self.missing),
            "faults": [asdict(fault) for fault in self.faults],
        }

    def table(self) -> Table:
        """The counts as a `rich` table."""
        table = Table(title=self.dataset, title_justify="left")
        for column, justify in (("part", "left"), ("found", "right"), ("official", "right"), ("", "left")):
            table.add_column(column, justify=justify)
        groups = ((self.found, self.expected), (self.folders_found, self.folders_expected))
        for found, expected in groups:
            for part, number in expected.items():
                table.add_row(Text(part), str(found[part]), *_compared(found[part], number))
            table.add_section()
        return table

    def __rich__(self) -> RenderableType:
        parts: list[RenderableType] = [Text(str(self.root)), self.table()]
        for title, rows in (("Missing", self.missing), ("Broken", [str(fault) for fault in self.faults])):
            if rows:
                more = [f"... and {len(rows) - _LISTED} more"] if len(rows) > _LISTED else []
                parts.append(Text("\n  ".join([f"{title} ({len(rows)}):", *rows[:_LISTED], *more])))
        return Group(*parts)


def _compared(found: int, official: int | None) -> tuple[str, str]:
    if official is None:
        return "-", ""
    return str(official), "complete" if found == official else f"{found - official:+d}"
