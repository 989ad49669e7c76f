"""`kerasalign confidence`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from kerasalign.cli.backend import start_backend
from kerasalign.cli.console import print_json, print_table, say
from kerasalign.cli.options import AnyPreset, AsJson, WeightsFile
from kerasalign.support.tables import Table

# What the weights say they saw.
RENDERS = "renders of kerasalign synth (confidence)"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("confidence")(confidence_command)


def confidence_command(
    name: AnyPreset,
    renders: Annotated[
        Path,
        typer.Option(metavar="DIR", exists=True, help="Renders of `kerasalign synth`, which know the visible points."),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the preset to write.")],
    weights: WeightsFile = None,
    epochs: Annotated[int, typer.Option(help="Passes over the renders.")] = 25,
    seed: Annotated[int, typer.Option(help="Random seed.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Teach a network which points are visible: `face.confidence`, calibrated. Its landmarks stay the same.

    A small head is trained on renders, on what the network, which stays as it is, computes at its own landmarks. For
    networks with the argument `visibility`: LW-BAFA and SDU.
    """
    start_backend()
    from kerasalign.hub import load, save_preset
    from kerasalign.training import fit_visibility, read_faces

    model = load(name, weights="auto" if weights is None else weights)
    if model.markup is None:
        raise ValueError(f"`name` must be a network with a markup. Received: name={name!r}")
    fit = fit_visibility(model, read_faces("synth", renders, "train", model.markup.name), epochs=epochs, seed=seed)
    scores = {kind: {when: asdict(values) for when, values in both.items()} for kind, both in fit.scores.items()}
    origin = model.origin
    base = origin.weights if origin else None
    settings = {"faces": fit.faces, "epochs": epochs, "seed": seed, "slope": fit.slope, "offset": fit.offset}
    save_preset(
        fit.model,
        out,
        dtype="float16" if base and base.dtype == "float16" else "float32",
        training_data=[{"name": RENDERS, "terms": "renders of one's own", "faces": fit.faces}],
        training={**(dict(origin.training) if origin else {}), "confidence": {**settings, "held out": scores}},
    )
    if as_json:
        print_json({**settings, "held_out": scores})
        return
    rows = [
        (f"{kind}, {when} calibration", *(f"{values[key]:.4f}" for key in ("rate", "brier", "ece", "auc")))
        for kind, both in scores.items()
        for when, values in both.items()
    ]
    print_table(Table("", ("held-out faces", "visible", "Brier", "ECE", "AUC"), rows))
    say(f"The preset is in {out}. Use it with: kerasalign.load({str(out.resolve())!r})")
