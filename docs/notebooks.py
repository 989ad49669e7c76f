"""Runs the tutorials and puts them among the pages: a hook of MkDocs, and what `tests/test_tutorials.py` runs.

All notebooks run in one Jupyter kernel, each in a new folder and with no names of the one before: TensorFlow is
imported once. What they print and draw is kept in `.cache/notebooks` under a digest of the notebook, of the library and
of the versions of what it computes with, so that a build after the tests has them already.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.manager import start_new_kernel
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from nbclient import NotebookClient
from PIL import Image

TOP = Path(__file__).resolve().parents[1]
TUTORIALS = TOP / "docs" / "tutorials"
CACHE = TOP / ".cache" / "notebooks"
#: Pictures of a page become WebP: photos drawn on are ten times smaller than as PNG.
WEBP = {"quality": 86, "method": 3}
#: Lines that the native parts of TensorFlow and OpenCV write about the machine that built the page.
NATIVE_LOG = re.compile(
    r"^([IWE]\d{4} [\d:.]+ +\d+ \S+\]|WARNING: All log messages|To enable the following|OpenCV: FFMPEG|INFO:).*\n?",
    re.M,
)


def run(paths: Iterable[Path], folder: Path) -> Iterator[tuple[Path, nbformat.NotebookNode]]:
    """Runs notebooks as a reader would, each in its own folder below `folder`, and keeps their outputs.

    Raises:
        nbclient.exceptions.CellExecutionError: If a cell fails.
    """
    # Files for other runtimes are made anew in every run.
    environment = os.environ | {"KERASALIGN_HOME": str(folder / "home")}
    manager, channel = start_new_kernel(kernel_name="python3", env=environment, cwd=str(folder))
    try:
        for path in paths:
            book = nbformat.read(path, as_version=4)
            place = folder / path.stem
            place.mkdir()
            channel.execute_interactive(f"%reset -f\n%cd -q {place}", timeout=60)
            client = NotebookClient(book, timeout=300, km=manager)
            client.kc = channel
            client.execute(cleanup_kc=False)
            _kept(path).parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(book, _kept(path))
            yield path, book
    finally:
        channel.stop_channels()
        manager.shutdown_kernel(now=True)


def _kept(path: Path) -> Path:
    """File of a notebook's outputs."""
    digest = hashlib.sha256(path.read_bytes())
    for source in sorted((TOP / "kerasalign").rglob("*.py")):
        digest.update(source.read_bytes())
    digest.update((TOP / "weights_manifest.json").read_bytes())
    digest.update(" ".join(version(name) for name in ("keras", "tensorflow", "numpy", "pillow")).encode())
    return CACHE / f"{path.stem}-{digest.hexdigest()[:16]}.ipynb"


def page_of(book: nbformat.NotebookNode, name: str) -> tuple[str, dict[str, bytes]]:
    """The Markdown of a notebook that has run, and its pictures by file name."""
    parts, pictures = [], {}
    for cell in book.cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            continue
        parts.append(f"```python\n{cell.source}\n```")
        for output in cell.outputs:
            parts += _shown(output, name, pictures)
    heading, _, rest = "\n\n".join(parts).partition("\n\n")
    download = f"[Download this notebook](notebooks/{name}.ipynb)"
    return f"{heading}\n\n{download}\n\n{rest}\n", pictures


def _shown(output: nbformat.NotebookNode, name: str, pictures: dict[str, bytes]) -> Iterator[str]:
    """One output as Markdown; pictures are added to `pictures`."""
    if output.output_type == "stream":
        if text := NATIVE_LOG.sub("", output.text).strip():
            yield _fenced(text)
        return
    data: dict[str, Any] = output.data
    for kind, suffix in (("image/gif", "gif"), ("image/png", "webp")):
        if kind in data:
            file = f"{len(pictures) + 1}.{suffix}"
            content = base64.b64decode(data[kind])
            pictures[file] = content if suffix == "gif" else _as_webp(content)
            yield f"![What the cell above shows]({name}/{file})"
            return
    if "text/markdown" in data:
        yield data["text/markdown"]
    elif "text/html" in data:
        # Tables look like those of the pages: without a style of their own.
        html = re.sub(r"<style.*?</style>", "", data["text/html"], flags=re.DOTALL)
        yield re.sub(r'<table border="1" class="dataframe">', "<table>", html).strip()
    else:
        yield _fenced(data["text/plain"])


def _fenced(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```"


def _as_webp(png: bytes) -> bytes:
    stream = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").save(stream, "WEBP", **WEBP)
    return stream.getvalue()


class _NotebookPage(File):
    """A notebook, which MkDocs takes for a page: links between pages and notebooks are checked like any other."""

    def is_documentation_page(self) -> bool:
        return True


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Called by MkDocs: replaces each notebook by its page, its pictures and the notebook to download."""
    paths = [Path(str(file.abs_src_path)) for file in files if file.src_uri.endswith(".ipynb")]
    if old := [path for path in paths if not _kept(path).is_file()]:
        with tempfile.TemporaryDirectory() as folder:
            for _ in run(old, Path(folder)):
                pass
    for path in paths:
        uri = path.relative_to(config.docs_dir).as_posix()
        files.remove(files.src_uris[uri])
        content, pictures = page_of(nbformat.read(_kept(path), as_version=4), path.stem)
        page = _NotebookPage.generated(config, uri, content=content)
        page.edit_uri = uri
        files.append(page)
        beside = uri.removesuffix(".ipynb")
        for name, picture in pictures.items():
            files.append(File.generated(config, f"{beside}/{name}", content=picture))
        folder = uri.rpartition("/")[0]
        files.append(File.generated(config, f"{folder}/notebooks/{path.name}", content=path.read_bytes()))
    return files


def stripped(path: Path) -> bool:
    """Whether a notebook holds no outputs, as notebooks are committed."""
    cells = json.loads(path.read_text("utf-8"))["cells"]
    return all(not cell.get("outputs") and cell.get("execution_count") is None for cell in cells)
