"""Results as strict JSON, without NaN."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from typing import Any

import numpy as np


def plain(value: Any) -> Any:
    """An array as nested lists, a number as a float; four decimals, `None` for NaN and infinity."""
    if isinstance(value, np.ndarray):
        return [plain(item) for item in value]
    return round(float(value), 4) if math.isfinite(value) else None


def source_path(source: Any) -> str | None:
    """The path of a photo that was given by its path; otherwise `None`."""
    return os.fspath(source) if isinstance(source, (str, os.PathLike)) else None


def json_text(document: Mapping[str, Any] | list[Any]) -> str:
    """Strict JSON text.

    Raises:
        ValueError: If the document holds NaN.
    """
    return json.dumps(document, allow_nan=False)
