"""Pictures of early exit: what is marked is what the rule says."""

import dataclasses
import sys

import numpy as np
import pytest

from kerasalign.evaluation.early_exit import CascadeErrors, plot_cost, plot_policies, sweep
from kerasalign.markups import get_markup
from kerasalign.metrics import get_protocol
from kerasalign.models.musica.plots import attention_map, cascade_sheet
from tests.support.plot_texts import plot_texts

MARKUP = get_markup("68")
BLUE = (70, 140, 255)
TILE, CAPTION, GAP = 96, 14, 8


def faces(estimates):
    shape = MARKUP.mean_shape * 60 + 60
    landmarks = np.tile(shape, (*np.shape(estimates), 1, 1))
    images = [np.full((120, 120, 3), (200, 60, 60), "uint8") for _ in estimates]
    return images, landmarks


def cells(sheet, estimates):
    """`(F, I)` tiles of a sheet without titles."""
    pixels = np.asarray(sheet)
    caption = (pixels.shape[0] - GAP) // len(estimates[0]) - TILE - GAP
    step = TILE + caption + GAP
    return [
        [pixels[GAP + i * step + caption :, GAP + f * (TILE + GAP) :][:TILE, :TILE] for i in range(len(row))]
        for f, row in enumerate(estimates)
    ]


def colored(tile):
    """Whether the photo's red is still there."""
    return (tile == (200, 60, 60)).all(-1).mean() > 0.2


def framed(tile):
    return (tile[0] == BLUE).all()


def test_cascade_grays_what_is_skipped_and_frames_the_result():
    estimates = np.array([[2.0, 1, 1], [3, 2.3, 1], [9, 8, 7], [2.39, 5, 5]])
    images, landmarks = faces(estimates)
    tiles = cells(cascade_sheet(images, landmarks, estimates, 2.4, tile=TILE), estimates)
    assert [[colored(t) for t in row].count(True) for row in tiles] == [1, 2, 3, 1]
    assert [[framed(t) for t in row].index(True) + 1 for row in tiles] == [1, 2, 3, 1]
    assert all([framed(t) for t in row].count(True) == 1 for row in tiles)
    everything = cells(cascade_sheet(images, landmarks, estimates, tile=TILE), estimates)
    assert all(colored(t) for row in everything for t in row)
    assert all(framed(row[-1]) for row in everything)


def test_cascade_draws_each_iteration_and_refuses_what_does_not_fit():
    images, landmarks = faces([[5.0, 4.0]])
    landmarks[0, 0] += 8
    [[first, last]] = cells(cascade_sheet(images, landmarks, [[5.0, 4.0]], tile=TILE), [[5.0, 4.0]])
    assert (first[8:-8, 8:-8] != last[8:-8, 8:-8]).any()
    titled = cascade_sheet(images, landmarks, [[5.0, 4.0]], titles=["a name that is far too long for it"], tile=TILE)
    assert titled.height > cascade_sheet(images, landmarks, [[5.0, 4.0]], tile=TILE).height
    for arguments in (
        ([], landmarks, [[5.0, 4.0]]),
        (images, landmarks[:, :1], [[5.0, 4.0]]),
        (images, landmarks, [5.0, 4.0]),
        (images, landmarks, [[5.0, 4.0]], None, "68", ["a", "b"]),
    ):
        with pytest.raises(ValueError, match="Received"):
            cascade_sheet(*arguments)


def test_attention_is_brightest_at_its_peak():
    patches = [8, 30, 36, 45, 48, 54]
    attention = np.array([[0.2, 0.9, 0.2, 0.2, 0.2, 0.2], [0.4, 0.4, 0.7, 0.4, 0.4, 0.4]])
    tile = 160
    pixels = np.asarray(attention_map(attention, MARKUP.mean_shape, patches, tile=tile)).astype(int)
    shape = MARKUP.mean_shape - (MARKUP.mean_shape.min(0) + MARKUP.mean_shape.max(0)) / 2
    shape = shape / np.ptp(MARKUP.mean_shape, axis=0).max() * tile / 1.3 + (tile - 1) / 2
    for i, peak in enumerate((30, 36)):
        left = GAP + i * (tile + GAP)

        def brightness(point, left=left):
            x, y = np.round(shape[point]).astype(int)
            return pixels[GAP + y - 1 : GAP + y + 2, left + x - 1 : left + x + 2].sum(-1).mean()

        assert all(brightness(peak) > brightness(other) + 100 for other in patches if other != peak)
    attention_map(np.ones((1, 6)), MARKUP.mean_shape, patches, tile=60)
    for wrong in (
        (attention[:, :5], MARKUP.mean_shape),
        (attention[0], MARKUP.mean_shape),
        (attention, MARKUP.mean_shape[:5]),
    ):
        with pytest.raises(ValueError, match="Received"):
            attention_map(*wrong, patches)


def toy(name="toy", protocol="300w-common-inter_pupil", seed=0):
    rng = np.random.default_rng(seed)
    nmes = rng.uniform(3, 9, (30, 1)) * [1.0, 0.8, 0.7]
    macs = {"paper": (10_000_000, 20_000_000, 30_000_000), "full": (11_000_000, 22_000_000, 33_000_000)}
    names = tuple(map(str, range(30)))
    estimates = nmes + rng.normal(size=(30, 3))
    return sweep(CascadeErrors(name, get_protocol(protocol), names, nmes, estimates, own=nmes, macs=macs, ocular=nmes))


def test_policies(monkeypatch):
    result = toy()
    texts, picture = plot_texts(monkeypatch, lambda: plot_policies(result, size=(600, 450)))
    text = " ".join(texts)
    assert picture.size == (600, 450) and picture.mode == "RGB"
    assert "by the true error" in text and "300W common" in text
    assert f"{result.gain_over_random().nme_saved:.1f} % less error" in text


def test_cost(monkeypatch):
    texts, picture = plot_texts(monkeypatch, lambda: plot_cost([toy("a"), toy("b", seed=1)], size=(600, 450)))
    text = " ".join(texts)
    assert picture.size == (600, 450)
    assert "a, as many for all faces" in text and "b" in text and "paper's count" in text
    for others in ([], [toy(), "300w-full-inter_pupil"], [toy(), "300w-common-inter_ocular"]):
        wrong = [toy(protocol=other) if isinstance(other, str) else other for other in others]
        with pytest.raises(ValueError, match="Received"):
            plot_cost(wrong)
    with pytest.raises(ValueError, match="convention"):
        plot_cost([toy()], convention="half")


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"kerasalign\[plots\]"):
        plot_policies(toy())


def test_a_report_without_matplotlib_leaves_the_curves_out(monkeypatch, tmp_path, caplog):
    from kerasalign.evaluation.early_exit import ExitReport

    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    result = toy()
    shape = MARKUP.mean_shape * 60 + 60

    class Sample:
        def read_image(self):
            return np.zeros((120, 120, 3), "uint8")

    errors = dataclasses.replace(
        result.errors, landmarks=np.tile(shape, (30, 3, 1, 1)), attention=np.full((3, 2), 0.5), samples=(Sample(),) * 30
    )
    ExitReport(dataclasses.replace(result, errors=errors), MARKUP.mean_shape, [30, 33]).save(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"report.json", "sweep.csv", "cascade.jpg", "attention.png"}
    assert "policies.png" in caplog.text
