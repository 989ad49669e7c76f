"""Files of LiteRT, the successor of TensorFlow Lite."""

from kerasalign.runtimes.format import Format
from kerasalign.runtimes.litert.reader import LiteRTModel
from kerasalign.runtimes.litert.writer import write_litert
from kerasalign.runtimes.registry import register_format

LITERT = register_format(
    Format(
        name="litert",
        runtime="litert",
        write=write_litert,
        open=LiteRTModel,
        # LiteRT's float16 is for all constants, also for those by which a photo is resized.
        tolerances={"none": 0.05, "float16": 2.5, "int8": 4.0},
        suffix=".tflite",
    )
)
