"""ONNX: the writer of a file and its reader side by side."""
