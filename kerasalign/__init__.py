"""Face alignment on Keras 3: five papers, one interface."""

__version__ = "0.1.0"
