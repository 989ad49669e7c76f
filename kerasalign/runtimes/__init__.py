"""Networks as files of other runtimes (ONNX, LiteRT, SavedModel); a format's folder holds its writer and its reader."""

from kerasalign.runtimes.crops import portrait_crops
from kerasalign.runtimes.errors import ParityError
from kerasalign.runtimes.exporter import export_model
from kerasalign.runtimes.format import Format
from kerasalign.runtimes.litert import LiteRTModel
from kerasalign.runtimes.onnx import OnnxModel
from kerasalign.runtimes.parity import Parity, compare
from kerasalign.runtimes.reader import open_runtime
from kerasalign.runtimes.registry import get_format, list_formats, register_format, unregister_format
from kerasalign.runtimes.report import ExportReport
from kerasalign.runtimes.runtime_model import RuntimeModel
from kerasalign.runtimes.saved_model import SavedModel

__all__ = [
    "ExportReport",
    "Format",
    "LiteRTModel",
    "OnnxModel",
    "Parity",
    "ParityError",
    "RuntimeModel",
    "SavedModel",
    "compare",
    "export_model",
    "get_format",
    "list_formats",
    "open_runtime",
    "portrait_crops",
    "register_format",
    "unregister_format",
]
