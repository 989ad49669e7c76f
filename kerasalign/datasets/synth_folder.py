"""Renders of `kerasalign synth`."""

from __future__ import annotations

from pathlib import Path

from kerasalign.datasets.pts_folder import PtsFolder


class SynthFolder(PtsFolder):
    """A folder that `kerasalign synth` wrote: `synth.json` and `train/0000/0000000.jpg` with a `.pts` beside it.

    There are no official numbers. Reader options: as of `pts`.
    """

    name = "synth"

    def recognise(self, root: Path) -> bool:
        return (root / "synth.json").is_file()
