"""Where the command writes: results to standard output, everything else to standard error."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

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


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], title: str | None = None) -> None:
    """Prints a table; cells are taken literally."""
    from rich.text import Text

    table = Table(*columns, title=title, title_justify="left")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console().print(table)


def print_json(content) -> None:
    """Prints JSON that a program can read, whatever the width of the terminal."""
    say(json.dumps(content, indent=1))
