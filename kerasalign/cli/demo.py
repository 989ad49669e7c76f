"""`kerasalign demo`: a drawing of one photo, or a page in the browser."""

from __future__ import annotations

import tempfile
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kerasalign.cli.console import error_console, say
from kerasalign.cli.options import PresetOption, WeightsFile
from kerasalign.cli.photos import counted, load_model, save_drawing

if TYPE_CHECKING:
    from kerasalign.runtimes.runtime_model import RuntimeModel

_PORT = 8765


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("demo")(demo_command)


def demo_command(
    photo: Annotated[
        Path | None, typer.Argument(exists=True, dir_okay=False, help="A photo; by default a portrait by NASA.")
    ] = None,
    model: PresetOption = None,
    weights: WeightsFile = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="File for the drawing, by default kerasalign_demo.png. With --web: write the page into this folder, "
            "for any web server, instead of serving it."
        ),
    ] = None,
    web: Annotated[
        bool,
        typer.Option(
            "--web",
            help="Serve a page on this machine alone, in which the networks run in the browser, on photos and on the "
            "camera. npm fetches ONNX Runtime Web for it, once.",
        ),
    ] = False,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help=f"Port of the page, by default {_PORT}; 0 for any free one.")
    ] = None,
    show: Annotated[
        bool | None, typer.Option("--open/--no-open", help="Open the page in the browser, which is the default.")
    ] = None,
    onnxruntime_web: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Folder of the npm package onnxruntime-web, instead of npm."),
    ] = None,
) -> None:
    """Draw the landmarks of one photo, to check the installation; or try them in the browser."""
    if not web:
        options = {"--port": port, "--open": show, "--onnxruntime-web": onnxruntime_web}
        if given := [name for name, value in options.items() if value is not None]:
            raise ValueError(f"{', '.join(given)} are for the page in the browser, `--web`. Received: no --web")
        _draw(photo, model, weights, Path("kerasalign_demo.png") if out is None else out)
        return
    if photo is not None:
        raise ValueError(f"The page takes photos itself: give none. Received: --web with {photo}")
    from kerasalign.cli.web.page import write_page

    network = _for_browsers(model, weights)
    if out is not None:
        say(f"The page is in {write_page(out, network, onnxruntime_web).resolve()}; serve it with any web server.")
        return
    with tempfile.TemporaryDirectory(prefix="kerasalign-demo-") as folder:
        _serve(write_page(Path(folder), network, onnxruntime_web), _PORT if port is None else port, show is not False)


def _draw(photo: Path | None, model: str | None, weights: Path | None, out: Path) -> None:
    source = _astronaut() if photo is None else photo
    faces = load_model(model, weights).align(source)
    if not len(faces):
        raise ValueError(f"No face was found. Received: photo={str(photo)!r}")
    save_drawing(faces, out, boxes=True, labels=len(faces) > 1)
    first = faces[0]
    say(
        f"{counted(len(faces), 'face')} with {faces.markup.num_points} points; the first one's box is "
        f"{[round(float(v), 1) for v in first.box]}."
    )
    say(f"Drawn on {out.resolve()}")


def _astronaut():
    try:
        from skimage import data
    except ImportError as error:
        raise ImportError(
            'The demo\'s portrait comes with scikit-image: `pip install "kerasalign[demo]"`. '
            "Or give a photo of your own: `kerasalign demo PHOTO`."
        ) from error
    return data.astronaut()


def _for_browsers(name: str | None, weights: Path | None) -> RuntimeModel:
    """A preset in ONNX Runtime, with weights of half the size: a browser loads them all."""
    from kerasalign.hub import load, read_manifest

    with error_console().status("Loading the model"):
        chosen = "auto" if weights is None else weights
        return load(name or read_manifest().default, weights=chosen, runtime="onnxruntime", quantize="float16")


def _serve(folder: Path, port: int, show: bool) -> None:
    """Serves the page until Ctrl+C."""
    from kerasalign.cli.web.server import HOST, open_server

    with open_server(folder, port) as server:
        address = f"http://{HOST}:{server.server_port}/"
        say(f"The page is at {address}, for this machine alone. Photos stay in the browser. Ctrl+C ends it.")
        if show:
            webbrowser.open(address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            say("Ended.", error=True)
