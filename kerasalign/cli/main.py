"""The root command: its subcommands, the shared options, and the display of errors."""

from __future__ import annotations

import logging
from typing import Annotated

import typer
from rich.logging import RichHandler
from rich.text import Text
from typer.core import TyperGroup

import kerasalign
from kerasalign.cli import (
    ablation,
    ced,
    confidence,
    data,
    demo,
    detector,
    doctor,
    evaluate,
    export,
    hub,
    photos,
    sweep,
    synth,
    training,
    zoo,
)
from kerasalign.cli.console import error_console
from kerasalign.cli.examples import add_examples
from kerasalign.cli.wording import in_options
from kerasalign.hub.errors import WeightsError
from kerasalign.support.stopping import Stopped, stops_cleanly
from kerasalign.support.tables import printable


class OneLineErrors(TyperGroup):
    """Shows an error that the library raised as one line; any other error keeps its traceback."""

    def invoke(self, ctx):
        words = [ctx.invoked_subcommand or "", *getattr(ctx, "_protected_args", ()), *ctx.args]
        try:
            with stops_cleanly():
                return super().invoke(ctx)
        except Stopped as stop:
            error_console().print(Text(f"Error: {stop}", style="red"))
            raise
        except (ValueError, OSError, ImportError, WeightsError) as error:
            if not (isinstance(error, (OSError, WeightsError)) or _raised_by_us(error)):
                raise
            text = in_options(str(error), self, words)
            error_console().print(Text(f"Error: {printable(text)}", style="red"), soft_wrap=True)
            raise typer.Exit(1) from error


def _raised_by_us(error: BaseException) -> bool:
    traceback = error.__traceback__
    while traceback and traceback.tb_next:
        traceback = traceback.tb_next
    return bool(traceback) and traceback.tb_frame.f_globals.get("__name__", "").startswith("kerasalign.")


class PrintableMessages(logging.Formatter):
    """Log messages for a terminal: they can hold names and texts of other people's files."""

    def format(self, record: logging.LogRecord) -> str:
        """The message, with control characters escaped."""
        return printable(super().format(record))


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"kerasalign {kerasalign.__version__}")
        raise typer.Exit


app = typer.Typer(
    cls=OneLineErrors,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    # Rich's own markup would take `[...]` in a help text for a style.
    rich_markup_mode="markdown",
)


@app.callback()
def root(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print more messages.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Face alignment on Keras 3: a photo in, facial landmarks out."""
    handler = RichHandler(console=error_console(), show_path=False, show_time=False)
    handler.setFormatter(PrintableMessages("%(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("kerasalign").setLevel(logging.INFO if verbose else logging.WARNING)


for module in (
    zoo,
    photos,
    demo,
    training,
    evaluate,
    sweep,
    ablation,
    ced,
    data,
    synth,
    confidence,
    detector,
    hub,
    export,
    doctor,
):
    module.register(app)
add_examples(app)
