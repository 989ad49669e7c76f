"""Report of a check of a data set's folder."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path

from kerasalign.support.tables import Table

_LISTED = 20  # Rows of a printed list; `to_dict` has them all.


@dataclass(frozen=True)
class Fault:
    """A missing or broken file, or another fault.

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
        """Whether no file is broken."""
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

    def tables(self) -> list[Table]:
        """The counts beside the official numbers, with what is missing or broken below."""
        rows = [(split, *_compared(self.found[split], number)) for split, number in self.expected.items()]
        rows += [
            (folder, *_compared(self.folders_found[folder], number)) for folder, number in self.folders_expected.items()
        ]
        notes = []
        for title, lines in (("Missing", self.missing), ("Broken", [str(fault) for fault in self.faults])):
            if lines:
                more = [f"... and {len(lines) - _LISTED} more"] if len(lines) > _LISTED else []
                notes += [f"{title} ({len(lines)}):", *(f"  {line}" for line in [*lines[:_LISTED], *more])]
        return [Table(f"{self.dataset} in {self.root}", ("part", "found", "official", ""), rows, notes)]

    def __str__(self) -> str:
        return "\n\n".join(map(str, self.tables()))


def _compared(found: int, official: int | None) -> tuple[str, str, str]:
    """Cells of a count: found, official, and how they compare."""
    if official is None:
        return str(found), "-", ""
    return str(found), str(official), "complete" if found == official else f"{found - official:+d}"
