"""Results as JSON without NaN."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping

import numpy as np

from kerasalign.support.files import written_beside


def plain(value):
    """Arrays and numbers as lists and floats to four decimals, `None` for NaN."""
    if isinstance(value, np.ndarray):
        return [plain(item) for item in value]
    return round(float(value), 4) if math.isfinite(value) else None


def source_path(source) -> str | None:
    """The path of a photo that was given as one."""
    return os.fspath(source) if isinstance(source, (str, os.PathLike)) else None


def write_json(document: Mapping | list, path: str | os.PathLike | None) -> str:
    """Strict JSON text; also written to a file if a path is given."""
    text = json.dumps(document, allow_nan=False)
    if path is not None:
        with written_beside(path) as draft:
            draft.write_text(text, encoding="utf-8")
    return text
