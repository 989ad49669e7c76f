"""Results as pictures: in notebooks, in windows, in files."""

from __future__ import annotations

import base64
import html
import io
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasalign.support.files import written_beside
from kerasalign.support.images import ImageError

if TYPE_CHECKING:
    from PIL import Image

#: Longer side of a picture in a notebook, in pixels.
_NOTEBOOK_SIDE = 800


class Showable:
    """Gives a result its pictures. A subclass implements `draw`."""

    def draw(self, **options: Any) -> Image.Image:
        """The result as a picture."""
        raise NotImplementedError(f"{type(self).__name__} must implement `draw`.")

    def save(self, path: str | os.PathLike[str], **options: Any) -> list[Path]:
        """Draws and writes the picture.

        Args:
            path: The file; its suffix decides the format.
            **options: As for `draw`.

        Returns:
            The files that were written.

        Raises:
            ValueError: If there is no format of that suffix.
            OSError: If the file cannot be written.
        """
        picture = self.draw(**options)
        with written_beside(path) as draft:
            picture.save(draft)
        return [Path(path)]

    def show(self, **options: Any) -> None:
        """Shows the picture: in a notebook below the cell, elsewhere in a window.

        Args:
            **options: As for `draw`.

        Raises:
            OSError: If there is no display, as on a server; `save` writes a file.
        """
        picture = self.draw(**options)
        if _in_notebook():
            import_module("IPython.display").display(picture)
            return
        from PIL import ImageShow

        headless = sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
        if headless or not ImageShow.show(picture):
            raise OSError("No program here can show a picture, as on a machine without a display: use `save(path)`.")

    def _repr_png_(self) -> bytes | None:
        """The picture, no larger than 800 pixels, for notebooks; `None` where there is none."""
        try:
            picture = self.draw()
        except (ImageError, ValueError):
            return None
        picture.thumbnail((_NOTEBOOK_SIDE, _NOTEBOOK_SIDE))
        stream = io.BytesIO()
        picture.save(stream, "PNG")
        return stream.getvalue()

    def _repr_html_(self) -> str:
        """The picture below the text, for notebooks."""
        text, picture = html.escape(repr(self)), self._repr_png_()
        if picture is None:
            return f"<code>{text}</code>"
        data = base64.b64encode(picture).decode()
        return f'<code>{text}</code><br><img src="data:image/png;base64,{data}" alt="{text}">'


def _in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return getattr(shell, "kernel", None) is not None
