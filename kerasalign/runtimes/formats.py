"""Which formats there are, and what writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kerasalign.models.musica.onnx_cascade import FILE
from kerasalign.runtimes.litert.writer import write_litert
from kerasalign.runtimes.onnx.writer import write_onnx
from kerasalign.runtimes.saved_model.reader import METADATA
from kerasalign.runtimes.saved_model.writer import write_saved_model
from kerasalign.support.files import folder_beside, written_beside


@dataclass(frozen=True)
class Format:
    """A kind of exported file.

    Args:
        write: Called with a functional network, a path, metadata and how weights are stored.
        suffix: How the file's name ends; empty for a folder.
        tolerances: How weights can be stored, and for each the largest distance of a landmark from Keras that is
            accepted unless told otherwise, in pixels of the crop; docs/export.md says what was measured.
        mark: For a folder: the file by which it is known.
    """

    write: Callable
    suffix: str
    tolerances: Mapping[str, float]
    mark: str = ""

    @contextmanager
    def beside(self, path: Path) -> Iterator[Path]:
        """Gives a temporary path, which takes the place of `path` when the block ends well."""
        with folder_beside(path, self.mark) if self.mark else written_beside(path) as draft:
            yield draft

    def size(self, path: Path) -> int:
        """Bytes of the file, or of all files of the folder."""
        return sum(file.stat().st_size for file in ([path] if not self.mark else path.rglob("*")) if file.is_file())


def _write_cascade(networks: list, folder: Path, metadata: dict, quantize: str) -> None:
    for number, network in enumerate(networks):
        stage = metadata | {"stage": str(number), "stages": str(len(networks))}
        write_onnx(network, folder / FILE.format(number), stage, quantize)


_EXACT = 0.05
FORMATS = {
    "onnx": Format(write_onnx, ".onnx", {"none": _EXACT, "float16": 0.5, "int8": 4.0}),
    # Its float16 is for all constants, also for those by which a picture is reduced.
    "litert": Format(write_litert, ".tflite", {"none": _EXACT, "float16": 2.5, "int8": 4.0}),
    "tf_saved_model": Format(
        lambda network, path, metadata, _: write_saved_model(network, path, metadata), "", {"none": _EXACT}, METADATA
    ),
}
# The iterations of a cascade in a file each.
CASCADE = Format(_write_cascade, "", FORMATS["onnx"].tolerances, FILE.format(0))
