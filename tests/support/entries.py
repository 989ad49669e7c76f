"""Manifest entries for the tests."""

import hashlib

WEIGHTS = b"the numbers"


def weights_entry(content=WEIGHTS, **changes):
    """Entry of a weights file with this content."""
    return {
        "file": "tiny.weights.h5",
        "source": "bundled",
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "dtype": "float16",
        "license": "CC-BY-NC-4.0",
        "commercial_use": False,
        "training_data": [{"name": "drawn faces", "terms": "none", "faces": 3}],
    } | changes


def architecture(markup="68", **changes):
    """A network that builds in a moment."""
    return {
        "class": "MuSiCa",
        "markup": markup,
        "patches": [0, 3],
        "hidden": 8,
        "size": 48,
        "box_side": 32,
        "levels": [1, 0],
    } | changes


def preset_entry(**changes):
    return {
        "paper": "tiny",
        "dataset": "drawn",
        "architecture": architecture(),
        "crop": {"size": 48, "scale": 1.5},
        "trainable": True,
        "weights": None,
        "measured": [],
        "paper_results": [{"protocol": "300w-common-inter_pupil", "nme": 5.0}],
    } | changes


def manifest_entries():
    """A manifest of four presets; two have the same bundled file."""
    return {
        "version": 1,
        "default": "tiny-drawn",
        "presets": {
            "tiny-five": preset_entry(architecture=architecture("5"), weights=weights_entry()),
            "tiny-drawn": preset_entry(weights=weights_entry()),
            "large-drawn": preset_entry(paper="large"),
            "large-mobile": preset_entry(paper="large", trainable=False, notes="Size only."),
        },
    }
