"""ONNX files, run by ONNX Runtime."""

from kerasalign.runtimes.format import Format
from kerasalign.runtimes.onnx.reader import OnnxModel
from kerasalign.runtimes.onnx.writer import write_onnx
from kerasalign.runtimes.registry import register_format

ONNX = register_format(
    Format(
        name="onnx",
        runtime="onnxruntime",
        write=write_onnx,
        open=OnnxModel,
        tolerances={"none": 0.05, "float16": 0.5, "int8": 4.0},
        suffix=".onnx",
        options={"deform_conv": ("gather", "native")},
    )
)
