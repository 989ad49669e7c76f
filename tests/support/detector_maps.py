"""The coding of the face detector's maps, restated: what `find_faces` decodes."""

import numpy as np

STRIDE, REFERENCE, CHANNELS = 8, 32.0, 17


def cell_centers(rows, columns):
    """`(rows, columns, 2)` pixels, x then y, between the middle pixels of every cell."""
    y, x = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
    return np.stack([x, y], -1) * STRIDE + (STRIDE - 1) / 2


def encode_faces(faces, centers):
    """Faces `(..., 16)` in pixels as numbers of the cells at `(..., 2)` centers.

    Positions are relative to the cell, in units of the face's side, and sizes are logarithms.
    """
    side = np.sqrt(faces[..., 2:3] * faces[..., 3:4])
    points = faces[..., 6:].reshape(*faces.shape[:-1], 5, 2)
    return np.concatenate(
        [
            (faces[..., :2] - centers) / side,
            np.log(faces[..., 2:4] / REFERENCE),
            faces[..., 4:6],
            ((points - centers[..., None, :]) / side[..., None]).reshape(*faces.shape[:-1], 10),
        ],
        -1,
    )
