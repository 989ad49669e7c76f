"""MTCNN (Zhang et al., IEEE Signal Processing Letters 2016), from the package `mtcnn` with its weights.

https://arxiv.org/abs/1604.02878, https://github.com/ipazc/mtcnn (MIT)
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Sequence
from functools import cache
from importlib import resources
from typing import Any

import cv2
import numpy as np

from kerasalign.detection.base import Detection, Detector, largest_first
from kerasalign.geometry import BoxMap, apply_affine, compose, invert, resize_matrix

# MTCNN's box includes the forehead. Median over photos of the 300W training set: benchmarks/measure_detector_box.py
# wrote benchmarks/results/detector_box_mtcnn.json.
MTCNN_BOX_MAP = BoxMap(scale=(1.05, 0.77), shift=(0.008, 0.135))

# The pyramid of mtcnn 1.0.0 ends in levels smaller than its 12-pixel window, where it fails or finds nothing, unless
# the smallest face is 20 pixels and the photo's shorter side is about 24. So this adapter always asks for faces of 20
# pixels, and resizes the photo.
_MIN_FACE = 20
_MIN_SIDE = 48


class MTCNNDetector(Detector):
    """MTCNN on the CPU; it returns the largest face first, equal ones from left to right.

    It runs on TensorFlow, whatever the Keras backend and dtype policy are, and is built at the first photo.

    Args:
        max_side: Photos whose longer side is larger are resized to this, in pixels. Faces narrower than
            20 / `max_side` of the longer side are not found: raise it for large groups. Time grows with its square.
        min_score: Lowest score of a face, 0..1.
        margin: Width of a gray border around the photo, in units of its shorter side. With it MTCNN finds faces that
            fill the photo or touch its edge.
        use_angle: Whether detections have the in-plane rotation of the line between the eyes; otherwise it is 0.
    """

    name = "mtcnn"
    box_map = MTCNN_BOX_MAP

    def __init__(
        self, max_side: int = 640, min_score: float = 0.8, margin: float = 0.2, use_angle: bool = False
    ) -> None:
        if max_side < _MIN_SIDE:
            raise ValueError(f"`max_side` must be at least {_MIN_SIDE}. Received: max_side={max_side!r}")
        if not 0 <= min_score <= 1:
            raise ValueError(f"`min_score` must lie in 0..1. Received: min_score={min_score!r}")
        if margin < 0:
            raise ValueError(f"`margin` must not be negative. Received: margin={margin!r}")
        self.max_side = max_side
        self.min_score = min_score
        self.margin = margin
        self.use_angle = use_angle

    def detect(self, image: np.ndarray) -> list[Detection]:
        """Finds the faces of a `(H, W, 3)` uint8 RGB photo."""
        return self.detect_many([image])[0]

    def detect_many(self, images: Sequence[np.ndarray]) -> list[list[Detection]]:
        """Finds the faces of several photos; those of one size go through the networks together."""
        prepared = [self._prepare(image) for image in images]
        # The package pads photos of several sizes to the largest, which would change what it finds.
        groups: dict[tuple, list[int]] = {}
        for index, (small, _) in enumerate(prepared):
            groups.setdefault(small.shape, []).append(index)
        results = {}
        for group in groups.values():
            rows = _cascade().detect_faces(
                [prepared[index][0] for index in group],
                fit_to_image=False,
                box_format="xyxy",
                output_type="numpy",
                min_face_size=_MIN_FACE,
                threshold_onet=self.min_score,
            )
            for position, index in enumerate(group):
                results[index] = self._detections(rows[rows[:, 0] == position], prepared[index][1], images[index])
        return [results[index] for index in range(len(images))]

    def _detections(self, rows: np.ndarray, matrix: np.ndarray, image: np.ndarray) -> list[Detection]:
        """The package's rows as detections, in pixels of the photo; `matrix` maps the photo to the networks' input."""
        # The package counts from the corner of the first pixel. Columns: photo, box, score, five x, five y.
        to_photo = invert(matrix)
        corners = apply_affine(to_photo, rows[:, 1:5].reshape(-1, 2, 2) - 0.5).reshape(-1, 4)
        points = apply_affine(to_photo, np.stack([rows[:, 6:11], rows[:, 11:16]], axis=-1) - 0.5)
        detections = [
            Detection(box, score, five, _angle(five) if self.use_angle else 0.0)
            for box, score, five in zip(corners, rows[:, 5], points)
            if box[2] > box[0] and box[3] > box[1] and _inside(box, image)
        ]
        return largest_first(detections)

    def _prepare(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The resized and padded photo that the networks get, and the map from the photo to it."""
        height, width = image.shape[:2]
        scale = min(self.max_side / max(height, width), 1.0)
        scale = max(scale, _MIN_SIDE / min(height, width)) if scale == 1.0 else scale
        size = max(round(width * scale), 1), max(round(height * scale), 1)
        if size != (width, height):
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        # A long strip is padded to a shorter side that the pyramid can handle.
        pad = max(round(self.margin * min(size)), (_MIN_SIDE - min(size) + 1) // 2, 0)
        image = cv2.copyMakeBorder(image, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=(127, 127, 127))
        matrix = resize_matrix((width, height), size)
        return image, compose(matrix, np.array([[1.0, 0.0, pad], [0.0, 1.0, pad]]))


def build_cascade() -> Any:
    """The package's `MTCNN` object, with its three networks as TensorFlow functions.

    Raises:
        ImportError: If the package is not installed.
    """
    try:
        from mtcnn import MTCNN
    except ImportError as error:
        raise ImportError('MTCNN is not installed: `pip install "kerasalign[mtcnn]"`.') from error
    from mtcnn.network.onet import ONet
    from mtcnn.network.pnet import PNet
    from mtcnn.network.rnet import RNet
    from mtcnn.stages import StageONet, StagePNet, StageRNet
    from mtcnn.stages.base import StageBase

    stages = []
    parts = ((StagePNet, PNet, None), (StageRNet, RNet, 24), (StageONet, ONet, 48))
    for number, (stage_class, network, side) in enumerate(parts, start=1):
        name = network.__name__
        function = _as_function(network(), read_weights(f"{name.lower()}.lz4"), side)
        # The stage's own constructor would build the Keras model, which takes 20 s on JAX.
        stage = stage_class.__new__(stage_class)
        StageBase.__init__(stage, name, number, function)
        stages.append(stage)
    cascade: Any = MTCNN  # the package annotates `stages` wrongly
    return cascade(stages=stages, device="CPU:0")


# Built once per process.
_cascade = cache(build_cascade)


def read_weights(file: str) -> list[np.ndarray]:
    """Weights of one network, from a file inside the package.

    The package's loader is not used: it prefers a file of that name in the working directory, which it would unpickle,
    and lz4 then warns at exit under Python 3.13.
    """
    import joblib
    import lz4.frame

    content = (resources.files("mtcnn.assets.weights") / file).read_bytes()
    return joblib.load(io.BytesIO(lz4.frame.decompress(content)))


def _as_function(model, weights: list[np.ndarray], side: int | None) -> Callable[..., Any]:
    """One of the package's three networks as a compiled TensorFlow function.

    The package calls `.numpy()` on outputs of its Keras models: they fail on other Keras backends, and lose precision
    under a float16 policy. This function runs their layers in TensorFlow alone.
    """
    import tensorflow as tf

    remaining = iter(weights)
    count = {"Conv2D": 2, "Dense": 2, "PReLU": 1}
    layers = []
    for layer in model.layers:
        layer_weights = itertools.islice(remaining, count.get(type(layer).__name__, 0))
        layers.append((layer, [tf.constant(weight, tf.float32) for weight in layer_weights]))

    def run(x, layer, weights):
        kind = type(layer).__name__
        if kind == "Conv2D":
            x = tf.nn.conv2d(x, weights[0], layer.strides, layer.padding.upper()) + weights[1]
        elif kind == "Dense":
            x = x @ weights[0] + weights[1]
        elif kind == "PReLU":
            return tf.maximum(x, 0.0) + weights[0] * tf.minimum(x, 0.0)
        elif kind == "MaxPooling2D":
            return tf.nn.max_pool2d(x, layer.pool_size, layer.strides, layer.padding.upper())
        elif kind == "Permute":
            return tf.transpose(x, [0, *layer.dims])
        elif kind == "Flatten":
            return tf.reshape(x, [tf.shape(x)[0], int(np.prod(x.shape[1:]))])
        else:
            raise ValueError(f"The package `mtcnn` has a layer that this adapter does not know: {kind}")
        return tf.nn.softmax(x) if layer.activation.__name__ == "softmax" else x

    @tf.function(input_signature=[tf.TensorSpec((None, side, side, 3), tf.float32)])
    def network(x):
        outputs = []
        for layer, weights in layers:
            if "-" in layer.name:  # the heads: conv4-1, fc6-3, ...
                outputs.append(run(x, layer, weights))
            else:
                x = run(x, layer, weights)
        return outputs

    return lambda x: network(tf.cast(x, tf.float32))


def _angle(points: np.ndarray) -> float:
    dx, dy = points[1] - points[0]
    return float(np.degrees(np.arctan2(dy, dx)))


def _inside(box: np.ndarray, image: np.ndarray) -> bool:
    """Whether the center of a box lies in the photo, not in the border around it."""
    x, y = (box[:2] + box[2:]) / 2
    return -0.5 <= x < image.shape[1] - 0.5 and -0.5 <= y < image.shape[0] - 0.5
