"""Where the numbers lie, and how a table of the documentation is written."""

from __future__ import annotations

import json
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
RESULTS = TOP / "benchmarks" / "results"
# Parts of a face with 68 points; both sides count as one.
PARTS = {
    "jaw": ("jaw",),
    "brows": ("right_brow", "left_brow"),
    "nose": ("nose",),
    "eyes": ("right_eye", "left_eye"),
    "mouth": ("mouth",),
}


def measurement(name: str) -> dict:
    """A file of `benchmarks/results`."""
    return json.loads((RESULTS / f"{name}.json").read_text("utf-8"))


def markdown(rows: list[tuple[str, ...]]) -> str:
    """A table in Markdown; the first row is its heading."""
    head, *body = rows
    lines = [head, ("---",) * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def nme_with_interval(row: dict) -> str:
    """The NME of an evaluation with its 95 % interval."""
    low, high = row["nme_ci"]
    return f"{row['nme']:.2f} ({low:.2f}..{high:.2f})"


def change_in_words(ratio: float) -> str:
    """The ratio of two NMEs as "5.0 % higher"."""
    return f"{100 * abs(ratio - 1):.1f} % {'higher' if ratio > 1 else 'lower'}"


def nme_by_part(parts: dict[str, float]) -> list[float]:
    """NME of the parts of 68 points, both sides as one; sides have as many points each."""
    return [sum(parts[side] for side in sides) / len(sides) for sides in PARTS.values()]
