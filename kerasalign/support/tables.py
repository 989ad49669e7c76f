"""A table of text that a report returns: `print` shows it as plain text, the command line draws it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

_WIDTH = 120
_NUMBER = re.compile(r"([-+]?[\d.,]+( of \d+| %)?( \([\d.]+\))?|-|)")


@dataclass(frozen=True)
class Table:
    """Rows of text below named columns.

    Args:
        title: Line above the table; may be empty.
        columns: Name of each column.
        rows: Rows of as many cells.
        notes: Lines below the table.

    Example:

        print(Table("Sizes", ("model", "parameters"), [("musica19", "8,697,723")]))
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()

    def is_number(self, column: int) -> bool:
        """Whether a column holds numbers alone, which are aligned on the right."""
        cells = [row[column] for row in self.rows]
        return any(cells) and all(_NUMBER.fullmatch(cell) for cell in cells)

    def __str__(self) -> str:
        grid = [self.columns, *self.rows]
        *widths, last = [max(len(row[i]) for row in grid) for i in range(len(self.columns))]
        widths.append(min(last, max(_WIDTH - sum(widths) - 2 * len(widths), 20)))
        right = [self.is_number(i) for i in range(len(self.columns))]
        lines = [self.title] if self.title else []
        for row in [self.columns, ["-" * width for width in widths], *self.rows]:
            lines += _lines(row, widths, right)
        return "\n".join([*lines, *self.notes])


def _lines(row: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> list[str]:
    """A row as text; a long last cell goes on in the lines below."""
    *first, last = (cell.rjust(width) if flag else cell.ljust(width) for cell, width, flag in zip(row, widths, right))
    start = "".join(f"{cell}  " for cell in first)
    parts = textwrap.wrap(last, widths[-1]) if len(last) > widths[-1] else [last]
    return [f"{start if i == 0 else ' ' * len(start)}{part}".rstrip() for i, part in enumerate(parts)]
