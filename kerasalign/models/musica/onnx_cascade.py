"""The file format of a MuSiCa with early exit: a folder with one ONNX file per iteration."""

from __future__ import annotations

import copy
import os
from collections.abc import Container, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasalign.models.musica.exit_rule import check_threshold, exit_rule, failed, finished
from kerasalign.runtimes.format import Format
from kerasalign.runtimes.metadata import read_value
from kerasalign.runtimes.onnx import ONNX, write_onnx
from kerasalign.runtimes.onnx.reader import open_session
from kerasalign.runtimes.runtime_model import RuntimeModel

if TYPE_CHECKING:
    import keras

FILE = "iteration_{}.onnx"


def write_cascade(
    networks: Sequence[keras.Model], folder: Path, metadata: Mapping[str, str], quantize: str = "none"
) -> None:
    """Writes one ONNX file per iteration.

    Args:
        networks: The networks of `early_exit.stage_networks`.
        folder: The folder.
        metadata: Text by name; each file also gets `stage`, its number, and `stages`, how many there are.
        quantize: How weights are stored, as in `write_onnx`.
    """
    for number, network in enumerate(networks):
        stage = {"stage": str(number), "stages": str(len(networks))}
        write_onnx(network, folder / FILE.format(number), {**metadata, **stage}, quantize)


class OnnxCascade(RuntimeModel):
    """A folder of `kerasalign export --early-exit`, run by ONNX Runtime on the CPU: finished faces leave the batch.

    Between iterations faces whose error estimate is below the threshold T_s leave the batch. Without a threshold all
    iterations run, and their results are there as well.

    Args:
        path: The folder with `iteration_0.onnx` and so on.
        threads: Number of threads of one pass; `None`: ONNX Runtime decides.

    Raises:
        ImportError: If ONNX Runtime is not installed.
        FileNotFoundError: If a file is missing.
        ValueError: If ONNX Runtime cannot open a file, or this library did not write it.

    Example:

        model = OnnxCascade("musica19").with_thresholds(4.5)
        faces = model.align("group.jpg")

    Reference: arXiv 2108.00377, section 3.2.
    """

    runtime = "onnxruntime"

    def __init__(self, path: str | os.PathLike, threads: int | None = None):
        first = open_session(Path(path) / FILE.format(0), threads)
        metadata = first.get_modelmeta().custom_metadata_map
        super().__init__(metadata, path, threads)
        if "stages" not in metadata:
            raise ValueError(f"A cascade's folder is written by `kerasalign export --early-exit`. Received: {path}")
        count = int(read_value(metadata, "stages", path))
        self.sessions = [first, *(open_session(Path(path) / FILE.format(i), threads) for i in range(1, count))]
        self.success_threshold = read_value(metadata, "success_threshold", path)
        self.failure_threshold = read_value(metadata, "failure_threshold", path)
        self._outputs = [[output.name for output in session.get_outputs()] for session in self.sessions]
        self._inputs = [[value.name for value in session.get_inputs()] for session in self.sessions]

    def with_thresholds(self, success: float | None, failure: float | None = None) -> OnnxCascade:
        """The same files at another operating point: thresholds T_s and T_f in percent, `None` for off."""
        twin = copy.copy(self)
        twin.success_threshold = check_threshold("success", success)
        twin.failure_threshold = check_threshold("failure", failure)
        return twin

    def settings(self) -> dict[str, Any]:
        """As in `RuntimeModel`, and both thresholds."""
        own = {name: getattr(self, name) for name in ("success_threshold", "failure_threshold")}
        return super().settings() | own

    def predict_crops(
        self, crops, batch_size: int = 64, early_exit: bool = True, outputs: Container[str] | None = None
    ) -> dict[str, np.ndarray]:
        """As `MuSiCa.predict_crops`.

        Args:
            crops: `(B, S, S, 3)` `uint8` or float32 in 0..255; B may be 0.
            batch_size: Crops per pass.
            early_exit: `False` computes every iteration of every face and then selects; same landmarks.
            outputs: As in `RuntimeModel.predict_crops`.
        """
        return self._run_in_batches(crops, batch_size, outputs, early_exit=early_exit)

    def run(
        self, crops: np.ndarray, outputs: Container[str] | None = None, early_exit: bool = True
    ) -> dict[str, np.ndarray]:
        """As in `RuntimeModel`."""
        all_of_them = self.success_threshold is None or not early_exit
        attention = outputs is None or "attention" in outputs
        found = self._run_all(crops, attention) if all_of_them else self._run_some(crops)
        return {key: value for key, value in found.items() if outputs is None or key in outputs}

    def _run_some(self, crops: np.ndarray) -> dict[str, np.ndarray]:
        result = {}
        for number, (active, out) in enumerate(self._walk(crops, self.success_threshold, attention=False)):
            found = {
                "landmarks": out["landmarks"],
                "error": 100 * out["error"],
                "iterations": np.full(len(active), number + 1, "int32"),
            }
            for key, value in found.items():
                result.setdefault(key, np.zeros((len(crops), *value.shape[1:]), value.dtype))[active] = value
        return result | {"failed": self._failed(result["error"], result["iterations"])}

    def _run_all(self, crops: np.ndarray, attention: bool) -> dict[str, np.ndarray]:
        outs = [out for _, out in self._walk(crops, None, attention)]
        keys = ("landmarks", "error", "attention") if attention else ("landmarks", "error")
        landmarks, error, *looks = (np.stack([out[key] for out in outs], 1) for key in keys)
        error = 100 * error
        chosen = exit_rule(error, self.success_threshold)
        rows, iterations = np.arange(len(crops)), (chosen + 1).astype("int32")
        return {
            "landmarks": landmarks[rows, chosen],
            "error": error[rows, chosen],
            "iterations": iterations,
            "failed": self._failed(error[rows, chosen], iterations),
            "cascade_landmarks": landmarks,
            "cascade_error": error,
        } | ({"attention": looks[0]} if attention else {})

    def _failed(self, error: np.ndarray, iterations: np.ndarray) -> np.ndarray:
        return failed(error, iterations == len(self.sessions), self.failure_threshold)

    def _walk(self, crops: np.ndarray, threshold: float | None, attention: bool) -> Iterator[tuple[np.ndarray, dict]]:
        """Runs the iterations; yields of each the rows of the crops that it ran on, and its outputs."""
        active = np.arange(len(crops))
        out = self._call(0, {"crops": crops}, attention)
        fixed = {"crops": crops} | out
        for number in range(1, len(self.sessions) + 1):
            yield active, out
            going = np.flatnonzero(~finished(100 * out["error"], threshold))
            if number == len(self.sessions) or not len(going):
                return
            active = active[going]
            rows = {"rows": active.astype("int32"), "going": going.astype("int32")}
            out = self._call(number, fixed | {"last_shift": out["shift"], "last_state": out["state"]} | rows, attention)

    def _call(self, number: int, values: dict[str, np.ndarray], attention: bool) -> dict[str, np.ndarray]:
        feed = {name: values[name] for name in self._inputs[number]}
        names = [name for name in self._outputs[number] if attention or name != "attention"]
        return dict(zip(names, map(np.asarray, self.sessions[number].run(names, feed))))


FORMAT = Format(
    name="musica_stages",
    runtime="onnxruntime",
    write=write_cascade,
    open=OnnxCascade,
    tolerances=ONNX.tolerances,
    marker=FILE.format(0),
    staged=True,
)
