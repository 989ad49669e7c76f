"""Serves the page of the demo on this machine alone."""

from __future__ import annotations

import logging
import re
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"
_POLICY = re.compile(r'http-equiv="Content-Security-Policy" content="([^"]+)"')


class PageHandler(SimpleHTTPRequestHandler):
    """Sends the files of a folder, with the headers that threads in a browser need."""

    # Not what the system says: Windows' registry can call JavaScript plain text, which browsers do not run.
    extensions_map: ClassVar[dict[str, str]] = {
        **{".html": "text/html; charset=utf-8", ".css": "text/css", ".json": "application/json"},
        **{".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm"},
        **{".jpg": "image/jpeg", ".png": "image/png", "": "application/octet-stream"},
    }

    def __init__(self, *arguments, policy: str = "", **options):
        self._policy = policy
        super().__init__(*arguments, **options)

    def end_headers(self) -> None:
        """Adds the headers."""
        # Isolated pages may share memory between threads.
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        # For the worker as well, to which the page's own policy does not apply.
        self.send_header("Content-Security-Policy", self._policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *args) -> None:
        """Requests are logged at level INFO."""
        logger.info(format, *args)


def open_server(folder: Path, port: int) -> ThreadingHTTPServer:
    """A server of a folder, for this machine alone; `serve_forever` runs it.

    Args:
        folder: The page's folder.
        port: The port; 0 takes any free one.

    Raises:
        OSError: If the port is taken.
    """
    policy = _POLICY.search((folder / "index.html").read_text("utf-8"))
    handler = partial(PageHandler, directory=str(folder), policy=policy[1] if policy else "")
    try:
        return ThreadingHTTPServer((HOST, port), handler)
    except (OSError, OverflowError) as error:
        raise OSError(f"`--port` must be a free port, or 0 for any. Received: port={port} ({error})") from error
