"""Networks as files of other runtimes (ONNX, LiteRT, SavedModel): a folder for each format, with writer and reader."""

from kerasalign.runtimes.crops import portrait_crops
from kerasalign.runtimes.errors import ParityError
from kerasalign.runtimes.exporter import export_model
from kerasalign.runtimes.parity import Parity, compare
from kerasalign.runtimes.reader import LiteRTModel, OnnxCascade, OnnxModel, RuntimeModel, SavedModel, open_runtime
from kerasalign.runtimes.report import ExportReport

__all__ = [
    "ExportReport",
    "LiteRTModel",
    "OnnxCascade",
    "OnnxModel",
    "Parity",
    "ParityError",
    "RuntimeModel",
    "SavedModel",
    "compare",
    "export_model",
    "open_runtime",
    "portrait_crops",
]
