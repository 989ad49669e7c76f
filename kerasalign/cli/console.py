"""Output of the command: results go to standard output, everything else to standard error."""

from __future__ import annotations

import json
import shlex
import sys

import rich.table
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.text import Text

from kerasalign.support.progress import live_console
from kerasalign.support.tables import Table, printable

# Width for files and pipes, large enough for all tables.
_PIPE_WIDTH = 200


def console() -> Console:
    """Standard output. Each call makes a new console, so that it follows redirections."""
    plain = Console()
    return plain if plain.is_terminal else Console(width=_PIPE_WIDTH)


def error_console() -> Console:
    """Standard error."""
    return Console(stderr=True)


def say(text: str, error: bool = False) -> None:
    """Prints a line without wrapping or markup.

    Control characters, and those that the output cannot encode, are escaped.

    Args:
        text: The line.
        error: Whether it goes to standard error.
    """
    out = error_console() if error else console()
    # On one terminal, a line that is printed beside a progress bar stands above it.
    live = live_console()
    if live is not None and (error or out.is_terminal):
        out = live
    text = printable(text).encode(out.encoding, "backslashreplace").decode(out.encoding)
    out.print(text, soft_wrap=True, markup=False, highlight=False)


def print_table(table: Table) -> None:
    """Prints a table with its title and notes; text is taken literally."""
    drawn = rich.table.Table(box=SIMPLE_HEAD)
    for index, column in enumerate(table.columns):
        drawn.add_column(Text(printable(column)), justify="right" if table.is_number(index) else "left")
    for row in table.rows:
        drawn.add_row(*(Text(printable(cell)) for cell in row))
    if table.title:
        say(table.title)
    console().print(drawn)
    for note in table.notes:
        say(note)


def print_json(content) -> None:
    """Prints JSON without wrapping."""
    say(json.dumps(content, indent=1))


def command_line() -> str:
    """The command that runs, as a shell takes it."""
    return shlex.join(["kerasalign", *sys.argv[1:]])


def fit_verbosity() -> int:
    """`verbose` of a training: a progress bar on a terminal, one line per epoch in a log."""
    return 1 if sys.stdout.isatty() else 2
