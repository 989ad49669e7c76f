"""Results as strict JSON, without NaN."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from kerasalign.support.web import is_address


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


def source_stem(source: Any, default: str = "photo") -> str:
    """A name for files made from a photo: that of its file, also behind an address; `default` where it has none."""
    path = source_path(source)
    if path is None:
        return default
    return Path(urlsplit(path).path if is_address(path) else path).stem or default
