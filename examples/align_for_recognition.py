"""Face verification with and without alignment, on drawn people.

    python examples/align_for_recognition.py

Each person is drawn twice, the second time turned, scaled and shifted. The "recognizer" compares small pictures, so it
needs eyes and mouth in one place even more than a network does. Real photos have no known landmarks: there, use
`align_main_faces(photos, model)`, and a recognizer of your own.
"""

import numpy as np

from kerasalign.datasets.miniature import draw_photo
from kerasalign.geometry import about, apply_affine, rotation, warp
from kerasalign.recognition import FacePairs, center_crop, norm_crop, verify

PEOPLE = 40
photos, landmarks = [], []
for person in range(PEOPLE):
    rng = np.random.default_rng(person)
    photo, (points,) = draw_photo(rng, "68")
    move = about((100, 100), rng.uniform(0.7, 1.1) * rotation(rng.uniform(-30, 30)), rng.uniform(90, 110, 2))
    photos += [photo, warp(photo, move, photo.shape[1::-1])]
    landmarks += [points, apply_affine(move, points)]

# Four pairs of one person, then four of two, in each of the ten folds.
pairs = []
for start in range(0, PEOPLE, 4):
    people = range(start, start + 4)
    pairs += [(2 * person, 2 * person + 1) for person in people]
    pairs += [(2 * person, 2 * ((person + 1) % PEOPLE) + 1) for person in people]
same = np.tile([True] * 4 + [False] * 4, PEOPLE // 4)


def small_pictures(crops):
    """What a recognizer is to the library: `(B, 112, 112, 3)` crops to `(B, D)` embeddings."""
    cells = crops.reshape(len(crops), 14, 8, 14, 8, 3).mean((2, 4)).reshape(len(crops), -1)
    return cells - cells.mean(1, keepdims=True)


unaligned = FacePairs([center_crop(photo) for photo in photos], np.array(pairs), same, name="drawn people")
aligned = unaligned.with_photos([norm_crop(photo, points) for photo, points in zip(photos, landmarks)])
for name, benchmark in (("no alignment", unaligned), ("five points", aligned)):
    result = verify(small_pictures, benchmark, mirror=False)
    print(
        f"{name}: {100 * result.accuracy:.1f} % of {len(benchmark)} pairs, "
        f"TAR {100 * result.tar_at_far(0.05).tar:.0f} % at a FAR of 5 %"
    )
