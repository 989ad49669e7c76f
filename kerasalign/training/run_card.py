"""The run card: what a training run was, as `run.json` holds it."""

from __future__ import annotations

from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from kerasalign.support.bounded import read_json
from kerasalign.support.files import plain_json, write_json

_TYPES = {
    "recipe": (str, "a text"),
    "settings": (dict, "a mapping"),
    "model": (dict, "a mapping"),
    "skipped": (dict, "a mapping"),
    "versions": (dict, "a mapping"),
    "curve": (list, "a list of mappings"),
    "best": ((dict, type(None)), "a mapping or null"),
    "seconds": ((int, float), "a number"),
}


@dataclass(frozen=True)
class RunCard:
    """A record of a training run.

    Values are kept as JSON gives them back: tuples become lists, numbers and arrays of NumPy become plain ones.

    Args:
        recipe: Short name of the paper whose recipe it is, or `"detector"`.
        settings: Settings of the recipe, and facts that a run cannot go on without, such as the hash of the training
            data (`data_hash`). Two runs with equal settings are the same run.
        model: Config of the trained network, in float32.
        skipped: Name of each face that was left out, to the reason.
        versions: Package to version; also Python, backend and kind of processor.
        curve: One row for each epoch: `epoch`, `step`, and the logs of Keras.
        best: `epoch` and monitored value of the best epoch; `None` before the first.
        seconds: Time spent in training.

    Raises:
        ValueError: If a value has another type, or JSON cannot hold it.
    """

    recipe: str
    settings: dict[str, Any]
    model: dict[str, Any]
    skipped: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    curve: list[dict[str, float]] = field(default_factory=list)
    best: dict[str, float] | None = None
    seconds: float = 0.0

    def __post_init__(self) -> None:
        for name, (types, what) in _TYPES.items():
            value = plain_json(getattr(self, name), f"A run's {name}")
            rows = value if name == "curve" and isinstance(value, list) else ()
            if not isinstance(value, types) or not all(isinstance(row, dict) for row in rows):
                raise ValueError(f"`{name}` must be {what}. Received: {name}={value!r}")
            object.__setattr__(self, name, value)

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Reads a `run.json`.

        Raises:
            ValueError: If the file is no run card. The message says what is wrong.
        """
        try:
            content = read_json(path)
        except ValueError as error:
            raise ValueError(f"{path} is no run card: it is not JSON ({error})") from error
        return cls.from_json(content, str(path))

    @classmethod
    def from_json(cls, content: Any, source: str) -> Self:
        """Makes a card from parsed JSON.

        Args:
            content: What `to_json` gave.
            source: Where the content comes from, for error messages.

        Raises:
            ValueError: If the content is no run card.
        """
        if not isinstance(content, dict):
            raise ValueError(f"{source} is no run card: it must be a mapping. Received: {type(content).__name__}")
        required = {f.name for f in fields(cls) if f.default is MISSING and f.default_factory is MISSING}
        missing, unknown = sorted(required - set(content)), sorted(set(content) - set(_TYPES))
        if missing or unknown:
            raise ValueError(
                f"{source} is no run card: it must have the keys {sorted(required)}, and may have "
                f"{sorted(set(_TYPES) - required)}. Received: without {missing}, unknown {unknown}"
            )
        try:
            return cls(**content)
        except ValueError as error:
            raise ValueError(f"{source} is no run card: {error}") from error

    def to_json(self) -> dict[str, Any]:
        """Returns the content of `run.json`."""
        return asdict(self)

    def write(self, path: str | Path) -> None:
        """Writes a `run.json`, whole or not at all."""
        write_json(path, self.to_json())
