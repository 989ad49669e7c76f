"""Early exit: the same weights at three operating points.

    python examples/know_when_to_quit.py [FOLDER OF PHOTOS]

Without a folder, a few faces are drawn (they are cartoons: the model finds them hard).
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

import kerasalign
from kerasalign.datasets import make_miniature, read_dataset

folder = Path(sys.argv[1]) if len(sys.argv) > 1 else make_miniature("300w", Path(tempfile.mkdtemp()) / "300w")
# T_s is in the unit of the network's own estimates: without its calibration the model reports those.
model = kerasalign.load("musica19-synth").with_error_calibration(None)
if len(sys.argv) > 1:
    photos, options = [p for p in sorted(folder.iterdir()) if p.suffix.lower() in (".jpg", ".png")], {}
else:
    samples = read_dataset("300w", folder, "common")
    photos = [sample.read_image() for sample in samples]
    options = {"boxes": [sample.box("landmarks")[None] for sample in samples]}

full = model.align(photos, **options)
errors = np.array([face.error for faces in full for face in faces])
print(f"{len(errors)} faces; estimated errors in percent after all iterations: {errors.round(1)}")
for threshold in (1e-6, 1.5 * float(np.median(errors)), 1e6):
    found = model.with_thresholds(threshold).align(photos, **options)
    iterations = np.array([face.iterations for faces in found for face in faces])
    macs = sum(model.count_macs() / len(model.config.levels) * iterations) / len(iterations) / 1e6
    print(f"T_s = {threshold:10.3g} %: {iterations.mean():.2f} iterations, {macs:.1f} million multiply-adds a face")
