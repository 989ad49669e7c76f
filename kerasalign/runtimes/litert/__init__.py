"""LiteRT, which was TensorFlow Lite: the writer of a file and its reader side by side."""
