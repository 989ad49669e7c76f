"""Fine-tuning on points of your own: seven of them, from a network that knows 68.

    python examples/own_points.py

The faces are drawn here; with your own, use `read_dataset("csv", folder, markup=...)` or any other reader.
"""

import tempfile
from pathlib import Path

import keras
import numpy as np

import kerasalign
from kerasalign.datasets import make_miniature, read_dataset
from kerasalign.markups import flip_from_pairs

SEVEN = kerasalign.Markup(
    name="seven",
    num_points=7,
    parts={"eyes": (0, 1), "nose": (2,), "mouth": (3, 4, 5), "chin": (6,)},
    flip=flip_from_pairs(7, [(0, 1), (3, 4)]),
    eyes={"inter_ocular": ((0,), (1,))},
    boundaries={"mouth": (3, 5, 4), "midline": (2, 5, 6)},
    mean_shape=[[-40, -40], [40, -40], [0, 0], [-20, 30], [20, 30], [0, 35], [0, 60]],
)
OF_68 = [36, 45, 30, 48, 54, 57, 8]

folder = Path(tempfile.mkdtemp())
faces = make_miniature("300w", folder / "300w", faces=8)
spec = kerasalign.load("musica19-synth", weights=None).crop_spec


def crops_of(split):
    """Face crops and the seven points in their pixels."""
    crops, targets = [], []
    for sample in read_dataset("300w", faces, split):
        crop, matrix = spec.extract(sample.read_image(), sample.box("landmarks"))
        crops.append(crop)
        targets.append(spec.to_crop(matrix, sample.landmarks[OF_68]))
    return np.stack(crops), np.stack(targets).astype("float32")


crops, points = crops_of("train")
held_out = crops_of("common")
model = kerasalign.load("musica19-synth", markup=SEVEN, landmarks=points)
print(model.adaptation)

kerasalign.freeze_kept(model)
model.compile(keras.optimizers.Adam(1e-3))
before = model.evaluate(*held_out, verbose=0, return_dict=True)["nme"]
stop = keras.callbacks.EarlyStopping("val_nme", mode="min", patience=3, restore_best_weights=True)
model.fit(crops, points, batch_size=8, epochs=8, verbose=0, validation_data=held_out, callbacks=[stop])
after = model.evaluate(*held_out, verbose=0, return_dict=True)["nme"]
print(f"NME of the seven points on drawn faces: {before:.1f} % at the start, {after:.1f} % after")

kerasalign.save_preset(model, folder / "seven-points", notes="Seven points, from drawn faces.")
again = kerasalign.load(folder / "seven-points")
same = np.array_equal(again.predict_crops(held_out[0])["landmarks"], model.predict_crops(held_out[0])["landmarks"])
print(f"Saved as a preset and loaded again: {'the same landmarks' if same else 'OTHER LANDMARKS'}")
