"""A paper's ablation table as data: named rows of one preset that differ in fields of the network or of the recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kerasalign.support.checks import one_of

if TYPE_CHECKING:
    from kerasalign.training.recipe import Recipe


@dataclass(frozen=True)
class Row:
    """One network of an ablation.

    Args:
        name: Its name in the table.
        model: Fields of the network's config that differ from the preset's.
        recipe: Settings of the recipe that differ.
        paper: Protocol to the paper's NME in percent.
        printed: Heading to anything else that the paper prints in the row, such as a size.
        note: What to know when the number is read.
    """

    name: str
    model: Mapping[str, Any] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)
    paper: Mapping[str, float] = field(default_factory=dict)
    printed: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe of this row, from that of the preset."""
        return recipe.with_settings(model=recipe.model.replace(**self.model), **self.recipe)


@dataclass(frozen=True)
class Ablation:
    """A table of rows. `kerasalign ablation NAME` trains and measures them alike.

    Args:
        name: `<paper>-table<number>`, such as `"scc-table5"`.
        title: What the table shows.
        preset: The preset that all rows change.
        rows: The rows in the paper's order.
        reference: Names and numbers of other methods in the same table: name, then protocol to NME.

    Raises:
        ValueError: If two rows have one name.
    """

    name: str
    title: str
    preset: str
    rows: tuple[Row, ...]
    reference: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [row.name for row in self.rows]
        if len(set(names)) < len(names):
            raise ValueError(f"`rows` must have names of their own. Received: {names}")

    def row(self, name: str) -> Row:
        """A row by its name.

        Raises:
            ValueError: If there is none.
        """
        rows = {row.name: row for row in self.rows}
        one_of("row", name, rows, f"of {self.name}")
        return rows[name]

    @property
    def protocols(self) -> tuple[str, ...]:
        """The protocols of the paper's numbers."""
        return tuple(dict.fromkeys(protocol for row in self.rows for protocol in row.paper))
