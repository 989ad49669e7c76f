"""Options of `kerasalign train`, by their headings in the help."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

import typer

from kerasalign.cli.options import ReaderOptions, SkipBroken


@dataclass(frozen=True)
class DataOptions:
    """What is trained on."""

    panel: ClassVar[str] = "Data"

    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            exists=True,
            help="Folder of its data set in the official layout; with --markup a file or folder of your annotations.",
        ),
    ] = None
    markup: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Points of your own: a markup's .yaml or .json file, or its name. The preset's weights are the start.",
        ),
    ] = None
    source: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=DIR[,split=A+B][,KEY=VALUE]",
            help="Instead of --data, for several data sets at once: name, folder, splits and reader options of one.",
        ),
    ] = None
    boxes: Annotated[
        str | None,
        typer.Option(
            help="Face boxes: dataset:KIND, detector:NAME, jittered:0.2, ...; by default as the crop is made for."
        ),
    ] = None
    render: Annotated[
        Path | None,
        typer.Option(
            metavar="HEAD", help="Instead of --data: render faces during training, from an ICT-FaceKit checkout."
        ),
    ] = None
    backgrounds: Annotated[Path | None, typer.Option(help="With --render: photographs without faces.")] = None
    environments: Annotated[Path | None, typer.Option(help="With --render: environment maps.")] = None
    cache: Annotated[Path | None, typer.Option(help="Folder of the crops; by default RUN/cache.")] = None
    augment: Annotated[str | None, typer.Option(help="Augmentation preset, such as musica-calm.")] = None
    balance: Annotated[str | None, typer.Option(help="Balancing: gdb, pdb or none.")] = None
    validation: Annotated[int | None, typer.Option(help="Number of training faces held out for validation.")] = None
    skip_broken: SkipBroken = False
    reader: ReaderOptions = None

    def own_settings(self) -> dict[str, Any]:
        """Settings of the recipe among these options."""
        return {key: getattr(self, key) for key in ("boxes", "augment", "balance", "validation")}

    def check(self) -> None:
        """Raises if there is not one source of faces, or an option has no effect with it.

        Raises:
            typer.BadParameter: If that is so.
        """
        if (self.data is not None) + (self.render is not None) + bool(self.source) != 1:
            raise typer.BadParameter("Give --data DIR, or --source, or --render HEAD to render faces during training.")
        of_folders = {
            "--cache": self.cache,
            "--balance": self.balance,
            "--boxes": self.boxes,
            "--skip-broken": self.skip_broken,
            "--reader": self.reader,
        }
        of_renders = {"--backgrounds": self.backgrounds, "--environments": self.environments}
        source, others = ("--render", of_folders) if self.render is not None else ("--data", of_renders)
        given = [option for option, value in others.items() if value]
        if given:
            raise typer.BadParameter(f"{', '.join(given)} cannot be used with {source}.")


@dataclass(frozen=True)
class TrainingOptions:
    """How it is trained."""

    panel: ClassVar[str] = "Training, by default the recipe's settings"

    steps: Annotated[int | None, typer.Option(help="Optimizer steps.")] = None
    epochs: Annotated[int | None, typer.Option(help="Passes over the training faces, instead of --steps.")] = None
    steps_per_epoch: Annotated[int | None, typer.Option(help="Steps between checkpoints.")] = None
    batch_size: Annotated[int | None, typer.Option(help="Faces per step.")] = None
    learning_rate: Annotated[float | None, typer.Option(help="Initial learning rate.")] = None
    schedule: Annotated[str | None, typer.Option(help="Learning-rate schedule of the recipe, such as cosine.")] = None
    precision: Annotated[str | None, typer.Option(help="float32 or mixed_bfloat16.")] = None
    seed: Annotated[int | None, typer.Option(help="Random seed of weights, order and augmentation.")] = None
    change: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Change an argument of the network, for example --set global_attention=gcn.",
        ),
    ] = None
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--recipe",
            metavar="KEY=VALUE",
            help="Change any other setting of the recipe, for example --recipe ema_decay=null.",
        ),
    ] = None

    def own_settings(self) -> dict[str, Any]:
        """Settings of the recipe that have an option of their own."""
        return {key: value for key, value in vars(self).items() if key not in ("change", "settings")}


@dataclass(frozen=True)
class RunOptions:
    """Where it is trained."""

    panel: ClassVar[str] = "Run"

    init: Annotated[Path | None, typer.Option(exists=True, help="Initial weights file.")] = None
    run: Annotated[Path | None, typer.Option(help="Folder of the run; by default runs/NAME.")] = None
    resume: Annotated[bool, typer.Option(help="Continue the run in the folder.")] = True
    workers: Annotated[int, typer.Option(help="Number of batches prepared at the same time.")] = 1
    devices: Annotated[
        str | None,
        typer.Option(
            metavar="all|N",
            help="Share each batch among all GPUs (or CPU devices), or N of them; a run may go on with another number.",
        ),
    ] = None
