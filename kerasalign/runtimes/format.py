"""A kind of file that networks are exported to and opened from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from kerasalign.runtimes.runtime_model import RuntimeModel
from kerasalign.support.files import folder_beside, written_beside


@dataclass(frozen=True)
class Format:
    """A kind of file that networks are exported to and opened from: one file, or a folder.

    Args:
        name: Its name, such as `"onnx"`.
        runtime: What runs such a file: `"onnxruntime"`, `"litert"` or `"tensorflow"`.
        write: `write(network, path, metadata, quantize, **options)` writes a functional Keras network with its metadata
            (text by name). Where `staged` is true, `network` is the list of `LandmarkModel.inference_stages`.
        open: `open(path, threads)` opens what `write` wrote; `threads` is the number of threads of one pass, or `None`.
        tolerances: The values of `quantize` that `write` takes, each with the largest distance of a landmark from Keras
            that an export accepts by default, in pixels of the crop; docs/export.md says what was measured.
        suffix: How the name of a file ends; empty for a folder.
        marker: For a folder: a file in it by which the format is recognized; empty for a file.
        staged: Whether it holds one network for each stage of a cascade instead of one network.
        options: Further options of `write`: name to allowed values, the default first.

    Raises:
        ValueError: If there is not exactly one of `suffix` and `marker`.
    """

    name: str
    runtime: str
    write: Callable[..., None]
    open: Callable[[Path, int | None], RuntimeModel]
    tolerances: Mapping[str, float]
    suffix: str = ""
    marker: str = ""
    staged: bool = False
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if bool(self.suffix) == bool(self.marker):
            raise ValueError(
                "A format has a `suffix` (of a file) or a `marker` (in a folder). "
                f"Received: suffix={self.suffix!r}, marker={self.marker!r}"
            )

    def recognizes(self, path: Path) -> bool:
        """Whether a path looks like a file or folder of this format."""
        return path.suffix == self.suffix if self.suffix else (path / self.marker).is_file()

    @contextmanager
    def draft(self, path: Path) -> Iterator[Path]:
        """Yields a temporary path; when the block ends without an error, what is there is moved to `path`."""
        with folder_beside(path, self.marker) if self.marker else written_beside(path) as draft:
            yield draft

    def size(self, path: Path) -> int:
        """Bytes of a file, or of all files in a folder."""
        files = path.rglob("*") if self.marker else [path]
        return sum(file.stat().st_size for file in files if file.is_file())

    def check_options(self, options: Mapping[str, str]) -> None:
        """Checks options for `write`.

        Raises:
            ValueError: If the format has no such option, or the option no such value.
        """
        for name, value in options.items():
            if name not in self.options:
                raise ValueError(
                    f"Format '{self.name}' has the options {list(self.options)}. "
                    f"Received: format={self.name!r}, {name}={value!r}"
                )
            if value not in self.options[name]:
                raise ValueError(f"`{name}` must be one of {self.options[name]}. Received: {name}={value!r}")
