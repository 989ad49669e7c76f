"""Results as JSON without NaN."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np


def plain(value):
    """Arrays and numbers as lists and floats to four decimals, `None` for NaN."""
    if isinstance(value, np.ndarray):
        return [plain(item) for item in value]
    return round(float(value), 4) if math.isfinite(value) else None


def source_path(source) -> str | None:
    """The path of a photo that was given as one."""
    return os.fspath(source) if isinstance(source, (str, os.PathLike)) else None


def write_json(document: Mapping | list, path: str | os.PathLike | None) -> str:
    """JSON text; a file that it goes to is replaced as a whole or not at all."""
    text = json.dumps(document, allow_nan=False)
    if path is not None:
        target = Path(path)
        partial = target.with_name(target.name + ".part")
        partial.write_text(text, encoding="utf-8")
        partial.replace(target)
    return text
