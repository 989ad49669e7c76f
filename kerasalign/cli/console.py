"""Where the command writes: results to standard output, everything else to standard error."""

from __future__ import annotations

import json

import rich.table
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.text import Text

from kerasalign.support.tables import Table

# Wide enough that no cell of ours is cut where the output is a file or a pipe.
_PIPE_WIDTH = 200


def console() -> Console:
    """Standard output; made anew each time, so that it follows a redirection."""
    plain = Console()
    return plain if plain.is_terminal else Console(width=_PIPE_WIDTH)


def error_console() -> Console:
    """Standard error."""
    return Console(stderr=True)


def say(text: str) -> None:
    """Prints a line as it is, unbroken; what the output's encoding does not have is spelt out."""
    out = console()
    text = text.encode(out.encoding, "backslashreplace").decode(out.encoding)
    out.print(text, soft_wrap=True, markup=False, highlight=False)


def print_table(table: Table) -> None:
    """Prints a table with its title and notes; text is taken literally."""
    drawn = rich.table.Table(box=SIMPLE_HEAD)
    for index, column in enumerate(table.columns):
        drawn.add_column(Text(column), justify="right" if table.is_number(index) else "left")
    for row in table.rows:
        drawn.add_row(*(Text(cell) for cell in row))
    if table.title:
        say(table.title)
    console().print(drawn)
    for note in table.notes:
        say(note)


def print_json(content) -> None:
    """Prints JSON that a program can read, whatever the width of the terminal."""
    say(json.dumps(content, indent=1))
