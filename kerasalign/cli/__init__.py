"""The command `kerasalign`. Importing it loads no backend: each command imports what it needs."""

from kerasalign.cli.main import app

__all__ = ["app"]
