import numpy as np

from kerasalign.data import balance_report
from kerasalign.data.cache import CropCache
from kerasalign.geometry import CropSpec
from kerasalign.markups import get_markup
from kerasalign.plots.balance import balance_sheet


def test_both_ends_are_drawn():
    rng = np.random.default_rng(0)
    shape = get_markup("68").mean_shape * 50 + 50
    landmarks = (shape + rng.normal(size=(12, 68, 2))).astype("float32")
    crops = np.zeros((12, 100, 100, 3), "uint8") + np.arange(10, 250, 20, dtype="uint8")[:, None, None, None]
    cache = CropCache(
        crops, landmarks, np.tile([25.0, 25, 75, 75], (12, 1)), [str(i) for i in range(12)], CropSpec(100, 2.0), "68"
    )
    report = balance_report(landmarks, ends=3)
    sheet = np.asarray(balance_sheet(cache, report, columns=3))
    half = len(sheet) // 2
    for rows, faces in ((sheet[:half], report.top), (sheet[half:], report.bottom)):
        for face in faces:
            # Each face's crop has a gray of its own.
            assert (rows == crops[face, 0, 0, 0]).all(-1).sum() > 500
