"""Files of others, read within bounds: what an input costs is decided here and not by its sender."""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path
from typing import Any

#: Largest files in bytes: documents of ours (presets, markups, boxes), YAML (whose parser is a hundred times as slow),
#: annotations of a data set, and photos.
DOCUMENT, YAML, ANNOTATIONS, PHOTO = 32 * 2**20, 2**18, 4 * 2**30, 2**30

#: Deepest lists in lists of a YAML file.
DEEPEST = 50


def read_bytes(path: str | os.PathLike[str], limit: int) -> bytes:
    """The content of a regular file.

    Named pipes, devices and the like are refused before they are opened: reading one can wait for ever, or never end.

    Args:
        path: The file.
        limit: Largest size in bytes. A file that grows while it is read is cut there as well.

    Raises:
        OSError: If it cannot be opened.
        ValueError: If it is no regular file or larger.
    """
    path = Path(path)
    check_file(path, limit)
    with path.open("rb") as stream:
        content = stream.read(limit + 1)
    if len(content) > limit:
        raise ValueError(f"the file is larger than {limit:,} bytes")
    return content


def check_file(path: Path, limit: int) -> None:
    """Raises unless a path is a regular file of at most `limit` bytes; see `read_bytes`."""
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(f"it is a folder, not a file. Received: {path}")
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("it is not a regular file, but a pipe or a device")
    if status.st_size > limit:
        raise ValueError(f"the file has {status.st_size:,} bytes, more than {limit:,}")


def read_json(path: str | os.PathLike[str], limit: int = DOCUMENT) -> Any:
    """The content of a JSON file.

    Raises:
        OSError: If it cannot be opened.
        ValueError: If it is no regular file, too large, not UTF-8, not JSON or nested too deep.
    """
    return parse_json(read_bytes(path, limit))


def parse_json(text: str | bytes) -> Any:
    """The value of a JSON text; a byte order mark is allowed.

    Raises:
        ValueError: If it is not JSON, not UTF-8, or nested too deep.
    """
    try:
        return json.loads(text.decode("utf-8-sig") if isinstance(text, bytes) else text)
    except RecursionError:
        raise ValueError("lists and objects are nested too deep") from None


def parse_yaml(text: str | bytes) -> Any:
    """The value of a YAML text. Aliases (`*name`) are refused: a few lines of them stand for gigabytes.

    Raises:
        ValueError: If it is not YAML, uses aliases, is nested too deep, or is larger than `YAML` bytes.
    """
    import yaml
    from yaml.composer import ComposerError

    class Loader(yaml.SafeLoader):
        def compose_node(self, parent, index):
            if self.check_event(yaml.events.AliasEvent):
                event = self.peek_event()
                raise ComposerError(None, None, "aliases are not allowed", event.start_mark)
            return super().compose_node(parent, index)

    if len(text) > YAML:
        raise ValueError(f"the file has {len(text):,} bytes, more than {YAML:,}; JSON may be larger")
    _check_depth(text.decode("utf-8-sig", "replace") if isinstance(text, bytes) else text)
    try:
        return yaml.load(text, Loader)
    except RecursionError:
        raise ValueError("lists and mappings are nested too deep") from None
    except (yaml.YAMLError, OverflowError) as error:
        raise ValueError(str(error)) from error


def _check_depth(text: str) -> None:
    """Raises if brackets or dashes of a YAML text are nested too deep: its parser takes the square of the depth."""
    depth = 0
    for match in re.finditer(r"[\[{]|[\]}]", text):
        depth += 1 if match[0] in "[{" else -1
        if depth > DEEPEST:
            break
    if depth > DEEPEST or re.search(rf"([-?][ \t]+){{{DEEPEST}}}", text):
        raise ValueError("lists and mappings are nested too deep")
