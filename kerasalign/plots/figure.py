"""Figures by matplotlib, which the extra `plots` installs."""

from __future__ import annotations

import io

from PIL import Image

_DPI = 150


def new_axes(size: tuple[int, int], user: str):
    """Axes of a new figure.

    Args:
        size: Width and height of the picture in pixels.
        user: Name of the function that draws, for the error.

    Raises:
        ImportError: If matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            f"`{user}` needs matplotlib, which is not installed: pip install 'kerasalign[plots]'"
        ) from error
    figure = Figure(figsize=(size[0] / _DPI, size[1] / _DPI), dpi=_DPI, layout="constrained")
    return figure.add_subplot()


def to_image(axes) -> Image.Image:
    """The RGB picture of the figure that axes belong to."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    png = io.BytesIO()
    FigureCanvasAgg(axes.figure).print_png(png)
    return Image.open(png).convert("RGB")
