"""Weights files for kerasalign, which finds them in this folder. The terms of each are in the package's LICENSE.txt."""

__version__ = "0.1.0"
