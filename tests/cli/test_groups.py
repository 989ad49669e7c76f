"""Options of a command that stand in dataclasses."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import typer
from typer.testing import CliRunner

from kerasalign.cli.groups import grouped


@dataclass(frozen=True)
class Baking:
    panel: ClassVar[str] = "Oven"

    minutes: Annotated[int, typer.Option(min=1, help="Time.")] = 30
    shelf: Annotated[list[str] | None, typer.Option("--on", help="Shelf.")] = None


def run(*arguments):
    found = []

    def bake(cake: str, *, baking: Baking, fast: bool = False) -> None:
        """Bake a cake."""
        found.append((cake, baking, fast))

    app = typer.Typer(rich_markup_mode="markdown")
    app.command()(grouped(bake))
    return CliRunner().invoke(app, arguments), found


def test_fields_are_options():
    assert run("apple")[1] == [("apple", Baking(), False)]
    assert run("apple", "--fast", "--minutes", "5", "--on", "a", "--on", "b")[1] == [
        ("apple", Baking(5, ["a", "b"]), True)
    ]


def test_help_and_errors_know_the_fields_alone():
    told = run("--help")[0].output
    assert "Bake a cake." in told and "baking" not in told
    before, _, oven = told.partition("Oven")
    assert "--fast" in before and "--minutes" in oven and "--on" in oven
    wrong, found = run("apple", "--minutes", "0")
    assert wrong.exit_code == 2 and not found


def test_a_field_keeps_its_option_for_other_groups():
    # The heading belongs to the group, not to an option that several groups share.
    run("--help")
    assert Baking.__dataclass_fields__["minutes"].type.__metadata__[0].rich_help_panel is None
