"""TensorFlow SavedModel: the writer of a folder and its reader side by side."""
