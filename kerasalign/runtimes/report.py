"""The report of an export."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerasalign.runtimes.parity import Parity


@dataclass(frozen=True)
class ExportReport:
    """An exported file, measured against its network in this process.

    Args:
        path: The file or folder.
        format: `"onnx"`, `"litert"` or `"tf_saved_model"`.
        quantize: How its weights are stored.
        bytes: Size of the file, or of all files of the folder.
        parity: Differences between its results and those of the network.
        tolerance: Largest distance of a landmark that was allowed, in pixels of the crop.
        milliseconds: Median time of one crop in the file's runtime.
        keras_milliseconds: Median time of one crop in Keras, measured in turn with the file.
    """

    path: Path
    format: str
    quantize: str
    bytes: int
    parity: Parity
    tolerance: float
    milliseconds: float
    keras_milliseconds: float

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values, ready for JSON."""
        parity = vars(self.parity)
        return {key: value for key, value in vars(self).items() if key != "parity"} | {"path": str(self.path)} | parity

    def rows(self) -> list[tuple[str, str]]:
        """The report as text: name and value of each row."""
        parity = self.parity
        others = ", ".join(f"{key} {value:.2g}" for key, value in parity.outputs.items())
        ratio = self.keras_milliseconds / self.milliseconds
        return [
            ("file", f"{self.path}, {self.bytes:,} bytes"),
            ("format", f"{self.format}, weights {'float32' if self.quantize == 'none' else self.quantize}"),
            (
                "landmarks",
                f"at most {parity.max_error:.4f} px from Keras, {parity.mean_error:.4f} px on average, "
                f"over {parity.crops} crops; {self.tolerance:g} px allowed",
            ),
            *([("other outputs", f"relative difference at most: {others}")] if others else []),
            ("one crop", f"{self.milliseconds:.2f} ms; Keras {self.keras_milliseconds:.2f} ms, {ratio:.2f} times that"),
        ]

    def __str__(self) -> str:
        return "\n".join(f"{name}: {value}" for name, value in self.rows())
