"""Manifest entries for the tests."""

import hashlib

WEIGHTS = b"the numbers"


def weights_entry(**changes):
    return {
        "file": "tiny.weights.h5",
        "source": "bundled",
        "sha256": hashlib.sha256(WEIGHTS).hexdigest(),
        "bytes": len(WEIGHTS),
        "dtype": "float16",
        "licence": "CC-BY-NC-4.0",
        "commercial_use": False,
        "training_data": [{"name": "drawn faces", "terms": "none", "faces": 3}],
    } | changes


def preset_entry(name, **changes):
    return {
        "paper": "tiny",
        "dataset": "drawn",
        "architecture": {"class": "Fake", "markup": "68", "num_landmarks": 68, "name": name},
        "crop": {"size": 228, "scale": 1.5},
        "recipe": name,
        "weights": None,
        "measured": [],
        "paper_results": [{"protocol": "300w-common-inter_pupil", "nme": 5.0}],
    } | changes
