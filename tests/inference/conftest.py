import numpy as np
import pytest

from kerasalign.geometry import CropSpec, rotation
from kerasalign.inference import Detection, Detector
from kerasalign.markups import get_markup


class SquareDetector(Detector):
    """Finds the marks of `make_photo`: saturated green squares, from left to right."""

    name = "square"

    def __init__(self):
        self.photos = 0

    def detect(self, image):
        self.photos += 1
        green = (image[..., 1] > 200) & (image[..., 0] < 90) & (image[..., 2] < 90)
        found = []
        columns = np.flatnonzero(green.any(0))
        for group in np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1):
            if len(group):
                rows = np.flatnonzero(green[:, group].any(1))
                found.append(Detection((group[0], rows[0], group[-1], rows[-1]), score=0.5))
        return found


class MeanShapeModel:
    """Puts the mean shape into the middle of every crop, as large as the box or smaller, turned by some degrees."""

    def __init__(self, spec=None, shrink=1.0, turn=0.0, **outputs):
        self.shrink, self.turn = shrink, turn
        self.markup = get_markup("68")
        self.crop_spec = spec or CropSpec(size=64, scale=1.6)
        self.outputs = outputs
        self.batches = []
        self.options = []

    runtime = "keras"

    def predict_crops(self, crops, **options):
        assert crops.dtype == np.uint8 and crops.shape[1:] == (self.crop_spec.size, self.crop_spec.size, 3)
        self.batches.append(len(crops))
        self.options.append(options)
        side = self.crop_spec.size / self.crop_spec.scale
        shape = self.markup.mean_shape @ rotation(self.turn).T * side * self.shrink + (self.crop_spec.size - 1) / 2
        extras = {key: np.full(len(crops), value) for key, value in self.outputs.items()}
        return {"landmarks": np.tile(shape, (len(crops), 1, 1)).astype("float32")} | extras


def make_photo(boxes, size=(160, 120)):
    """A gray photo with one green square per `(x0, y0, x1, y1)` box of integers, edges included."""
    image = np.full((size[1], size[0], 3), 120, "uint8")
    for x0, y0, x1, y1 in boxes:
        image[max(y0, 0) : y1 + 1, max(x0, 0) : x1 + 1] = (20, 240, 20)
    return image


def expected(box):
    """The landmarks that `MeanShapeModel` gives for a box."""
    box = np.asarray(box, "float64")
    return get_markup("68").mean_shape * (box[2:] - box[:2]).max() + (box[:2] + box[2:]) / 2


@pytest.fixture
def detector():
    return SquareDetector()


@pytest.fixture
def model():
    return MeanShapeModel()


@pytest.fixture
def make():
    """The helpers of this file, as attributes."""

    class Make:
        photo = staticmethod(make_photo)
        expected = staticmethod(expected)
        model = MeanShapeModel

    return Make
