"""Options of a command in groups: a dataclass stands for its fields."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import fields, is_dataclass
from functools import wraps
from typing import Annotated, Any, get_args


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """A command for typer whose parameters of a dataclass are replaced by the fields of that dataclass.

    Help, completion and errors see the fields alone, in their order. The fields of a dataclass with an attribute
    `panel` stand under that heading in the help.

    Args:
        command: A function with annotated parameters, some of which are dataclasses of annotated fields.

    Example:

        @dataclass(frozen=True)
        class RunOptions:
            panel = "Run"
            workers: Annotated[int, typer.Option(help="Number of processes.")] = 1

        @app.command("train")
        @grouped
        def train(name: str, run: RunOptions) -> None: ...
    """
    signature = inspect.signature(command, eval_str=True)
    annotations: dict[str, Any] = {name: one.annotation for name, one in signature.parameters.items()}
    groups: dict[str, Any] = {name: annotation for name, annotation in annotations.items() if is_dataclass(annotation)}
    flat: list[inspect.Parameter] = []
    for name, parameter in signature.parameters.items():
        flat += _fields_of(groups[name]) if name in groups else [parameter]

    @wraps(command)
    def called(**values: Any) -> None:
        for name, group in groups.items():
            values[name] = group(**{entry.name: values.pop(entry.name) for entry in fields(group)})
        command(**values)

    called.__signature__ = signature.replace(parameters=flat)  # type: ignore[attr-defined]
    called.__annotations__ = {parameter.name: parameter.annotation for parameter in flat}
    return called


def _fields_of(group: type) -> Iterator[inspect.Parameter]:
    """The fields of a dataclass as parameters, under its heading if it has one."""
    for parameter in inspect.signature(group, eval_str=True).parameters.values():
        kind, option = get_args(parameter.annotation)
        if hasattr(group, "panel"):
            option = copy(option)
            option.rich_help_panel = group.panel
        yield parameter.replace(annotation=Annotated[kind, option])
