"""Folders of TensorFlow's SavedModel."""

from kerasalign.runtimes.format import Format
from kerasalign.runtimes.registry import register_format
from kerasalign.runtimes.saved_model.reader import METADATA, SavedModel
from kerasalign.runtimes.saved_model.writer import write_saved_model

SAVED_MODEL = register_format(
    Format(
        name="tf_saved_model",
        runtime="tensorflow",
        write=write_saved_model,
        open=SavedModel,
        tolerances={"none": 0.05},
        marker=METADATA,
    )
)
