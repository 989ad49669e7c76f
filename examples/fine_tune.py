"""Fine-tuning with `model.fit`: crops and landmarks in, nothing else.

    python examples/fine_tune.py

The faces are drawn here; with your own, use `read_dataset("csv", folder, markup="68")` or any other reader.
"""

import tempfile
from pathlib import Path

import keras
import numpy as np

import kerasalign
from kerasalign.datasets import make_miniature, read_dataset

folder = make_miniature("300w", Path(tempfile.mkdtemp()) / "300w", faces=8)
model = kerasalign.load("musica19-synth")


def crops_of(split):
    """Face crops and the landmarks in their pixels."""
    crops, targets = [], []
    for sample in read_dataset("300w", folder, split):
        crop, matrix = model.crop_spec.extract(sample.read_image(), sample.box("landmarks"))
        crops.append(crop)
        targets.append(model.crop_spec.to_crop(matrix, sample.landmarks))
    return np.stack(crops), np.stack(targets).astype("float32")


crops, landmarks = crops_of("train")
held_out = crops_of("common")
model.compile(keras.optimizers.Adam(1e-4))
before = model.evaluate(*held_out, verbose=0, return_dict=True)["nme"]
model.fit(crops, landmarks, batch_size=8, epochs=8, verbose=0)
after = model.evaluate(*held_out, verbose=0, return_dict=True)["nme"]
print(f"NME on drawn faces that were held out: {before:.1f} % before, {after:.1f} % after")
model.save("fine_tuned.keras")
print("Saved fine_tuned.keras; load it with keras.models.load_model after `import kerasalign`")
