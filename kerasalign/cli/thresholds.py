"""Thresholds of early exit from the command line."""

from __future__ import annotations

from typing import Annotated, Any

import typer

SuccessThreshold = Annotated[
    float | None,
    typer.Option(help="T_s in percent: a face exits early when its estimated error is below T_s."),
]
FailureThreshold = Annotated[
    float | None,
    typer.Option(help="T_f in percent: a face has failed when its last estimated error is above T_f."),
]


def at_thresholds(model: Any, success: float | None, failure: float | None = None) -> Any:
    """The model at thresholds that were given; without one, as it is.

    Raises:
        ValueError: If the model has no early exit.
    """
    if success is None and failure is None:
        return model
    if not hasattr(model, "with_thresholds"):
        option = "--success-threshold" if success is not None else "--failure-threshold"
        raise ValueError(f"`{option}` needs a preset with early exit, such as musica19-synth. Received: {model.name}")
    return model.with_thresholds(success, failure)
