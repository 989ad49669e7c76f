"""The page's own files."""

from __future__ import annotations

from pathlib import Path

#: What the page consists of, beside the networks and ONNX Runtime Web.
PAGE = ("index.html", "style.css", "app.js", "draw.js", "worker.js", "detector.js", "geometry.js", "landmarks.js")


def source_folder() -> Path:
    """Folder of the page's files: inside the package in a wheel, `docs/demo` in a checkout.

    Raises:
        FileNotFoundError: If it is in neither place.
    """
    here = Path(__file__).resolve()
    folders = (here.with_name("page"), here.parents[3] / "docs" / "demo")
    for folder in folders:
        if all((folder / name).is_file() for name in PAGE):
            return folder
    raise FileNotFoundError(
        f"This installation of kerasalign is incomplete: the demo's page is in none of {[*map(str, folders)]}. "
        "Install it again."
    )
