"""Hands and heads from behind, for pictures without faces."""

import numpy as np
from PIL import Image

from kerasalign.detection.training import write_distractors
from kerasalign.detection.training.distractors import cut_hand, cut_head_from_behind


def test_a_hand_is_skin_without_the_head_behind_it(series):
    head = series.load_head()
    hands = [cut for index in range(4) if (cut := cut_hand(series, head, index)) is not None]
    assert hands
    for hand in hands:
        assert hand.shape[0] == hand.shape[1] and hand.shape[2] == 4
        share = (hand[..., 3] > 128).mean()
        assert 0.02 < share < 0.9
    behind = cut_head_from_behind(series, head, 0)
    assert behind is not None and (behind[..., 3] > 128).mean() > 0.2


def test_pictures_are_written_beside_others_and_the_same_for_a_seed(series, tmp_path):
    for folder in ("one", "two"):
        assert write_distractors(series, 2, tmp_path / folder, parts=2, seed=5) == 2
    first, second = (sorted((tmp_path / folder).glob("*.png")) for folder in ("one", "two"))
    for a, b in zip(first, second, strict=True):
        picture = np.asarray(Image.open(a))
        assert picture.shape == (256, 256, 3)
        np.testing.assert_array_equal(picture, np.asarray(Image.open(b)))
