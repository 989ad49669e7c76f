"""Errors of the library in the words of the command: options instead of arguments of Python."""

from __future__ import annotations

import re
from typing import Any


def in_options(message: str, command: Any, words: list[str]) -> str:
    """A message in which the arguments of the command that ran are called as its user writes them.

    Args:
        message: A message of the library, such as "`learning_rate` must be positive. Received: learning_rate=-1".
        command: The root command.
        words: The command line, which names the commands below it.
    """
    names = _options(command, words)

    def quoted(match: re.Match) -> str:
        return f"`{names[match[1]]}`" if match[1] in names else match[0]

    def received(match: re.Match) -> str:
        return f"{match[1]}{names[match[2]]} " if match[2] in names else match[0]

    message = re.sub(r"`(\w+)`", quoted, message)
    return re.sub(r"(Received: |, )(\w+)=", received, message)


def _options(command: Any, words: list[str]) -> dict[str, str]:
    """Name of each argument, in Python and as an option without dashes, to what a user writes."""
    while hasattr(command, "commands"):
        following = next((command.commands[word] for word in words if word in command.commands), None)
        if following is None:
            return {}
        command = following
    found: dict[str, str] = {}
    for parameter in command.params:
        names = {parameter.name}
        if parameter.param_type_name == "option":
            written = max(parameter.opts, key=len)
            names.add(written.lstrip("-").replace("-", "_"))
        else:
            written = (parameter.metavar or parameter.name).upper().rstrip(".")
        found |= dict.fromkeys(names, written)
    return found
