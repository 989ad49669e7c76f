"""`kerasalign export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from kerasalign.cli.backend import start_backend
from kerasalign.cli.console import error_console, print_json, print_table
from kerasalign.cli.options import AnyPreset, AsJson, WeightsFile
from kerasalign.support.tables import Table

# Ends of files to their formats.
_FORMATS = {".onnx": "onnx", ".tflite": "litert"}


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("export")(export_command)


def export_command(
    name: AnyPreset,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="File or folder to write.")],
    file_format: Annotated[
        str | None,
        typer.Option("--format", help="onnx, litert or tf_saved_model; by default what FILE ends in, else onnx."),
    ] = None,
    quantize: Annotated[str, typer.Option(help="Quantization of the weights: none, float16 or int8.")] = "none",
    early_exit: Annotated[
        bool, typer.Option("--early-exit", help="Write a folder with one ONNX file for each iteration of a cascade.")
    ] = False,
    deform_conv: Annotated[
        str | None,
        typer.Option(help="ONNX: deformable convolutions as gather (default), or native: the operator of opset 19."),
    ] = None,
    tolerance: Annotated[
        float | None, typer.Option(help="Largest allowed difference from Keras, in pixels of the crop.")
    ] = None,
    input_dtype: Annotated[str, typer.Option(help="Type of the input crops: uint8 or float32.")] = "uint8",
    weights: WeightsFile = None,
    as_json: AsJson = False,
) -> None:
    """Export a preset to another runtime. The file is compared with Keras, and deleted if it differs."""
    from kerasalign.hub import load

    file_format = file_format or _FORMATS.get(out.suffix.lower(), "onnx")
    with error_console().status("Exporting"):
        start_backend()
        from kerasalign.runtimes import export_model

        model = load(name, weights="auto" if weights is None else weights)
        options: dict[str, Any] = {} if deform_conv is None else {"deform_conv": deform_conv}
        report = export_model(
            model,
            out,
            file_format,
            quantize,
            early_exit=early_exit,
            tolerance=tolerance,
            input_dtype=input_dtype,
            **options,
        )
    if as_json:
        print_json(report.to_dict())
    else:
        print_table(Table("", ("", name), report.rows()))
