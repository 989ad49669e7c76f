"""A table of text that a report returns: `print` shows it as plain text, the command line draws it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

# C0 without line break and tab, C1, and marks that turn the direction of a text.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_WIDTH = 120
_NUMBER = re.compile(r"([-+]?[\d.,]+( of \d+| %)?( \([\d.]+\))?|-|)")


def printable(text: str) -> str:
    """Text for a terminal: control characters, which could write over other lines, and marks of direction are escaped.

    Line breaks and tabs stay.
    """
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


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

    def to_html(self) -> str:
        """The table in HTML; numbers are aligned on the right."""
        right = [' style="text-align: right"' if self.is_number(i) else "" for i in range(len(self.columns))]

        def row(cells: Sequence[str], tag: str) -> str:
            return "".join(f"<{tag}{side}>{escape(cell)}</{tag}>" for cell, side in zip(cells, right, strict=True))

        lines = [f"<p>{escape(self.title)}</p>" if self.title else "", "<table>"]
        lines.append(f"<thead><tr>{row(self.columns, 'th')}</tr></thead><tbody>")
        lines += [f"<tr>{row(cells, 'td')}</tr>" for cells in self.rows]
        return "".join([*lines, "</tbody></table>", *(f"<p>{escape(note)}</p>" for note in self.notes)])

    _repr_html_ = to_html

    def __str__(self) -> str:
        grid = [self.columns, *self.rows]
        *widths, last = [max(len(row[i]) for row in grid) for i in range(len(self.columns))]
        widths.append(min(last, max(_WIDTH - sum(widths) - 2 * len(widths), 20)))
        right = [self.is_number(i) for i in range(len(self.columns))]
        lines = [self.title] if self.title else []
        for row in [self.columns, ["-" * width for width in widths], *self.rows]:
            lines += _lines(row, widths, right)
        return printable("\n".join([*lines, *self.notes]))


def _lines(row: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> list[str]:
    """A row as text; a long last cell goes on in the lines below."""
    *first, last = (cell.rjust(width) if flag else cell.ljust(width) for cell, width, flag in zip(row, widths, right))
    start = "".join(f"{cell}  " for cell in first)
    parts = textwrap.wrap(last, widths[-1]) if len(last) > widths[-1] else [last]
    return [f"{start if i == 0 else ' ' * len(start)}{part}".rstrip() for i, part in enumerate(parts)]
