"""`kerasalign.dataset`: batches from files of annotations and from photos in memory; presets as KerasHub has them."""

import csv

import keras
import numpy as np
import pytest
from PIL import Image

import kerasalign
from kerasalign.models import AAN, SCC, LandmarkModel

SMALL = {"markup": "5", "stem": 8, "channels": (8, 16), "embedding": 16, "size": 32}


@pytest.fixture(scope="module")
def model():
    return AAN(**SMALL)


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    """Folder with `train.csv`, the photos and their points: a bright dot on each point."""
    folder, rng = tmp_path_factory.mktemp("faces"), np.random.default_rng(0)
    shape, photos, points = kerasalign.get_markup("5").mean_shape, [], []
    for index in range(6):
        place = shape * 40 + 60 + rng.normal(0, 2, (5, 2))
        photo = np.full((120, 120, 3), 40, "uint8")
        for x, y in np.rint(place).astype(int):
            photo[y - 1 : y + 2, x - 1 : x + 2] = 255
        Image.fromarray(photo).save(folder / f"{index}.png")
        photos.append(photo)
        points.append(np.rint(place))
    with (folder / "train.csv").open("w", newline="") as file:
        header = ["image", *(f"{axis}{i}" for i in range(5) for axis in "xy")]
        csv.writer(file).writerows([header, *([f"{i}.png", *face.ravel()] for i, face in enumerate(points))])
    return folder, photos, np.array(points)


def test_crops_are_those_of_align(model, faces):
    folder, photos, points = faces
    loader = kerasalign.dataset(model, folder / "train.csv", batch_size=4)
    assert len(loader) == 2 and [len(loader[i][0]) for i in range(2)] == [4, 2]
    crops, landmarks = loader[0]
    for crop, found, photo, face in zip(crops, landmarks, photos, points):
        expected, matrix = model.crop_spec.extract(photo, [*face.min(0), *face.max(0)])
        np.testing.assert_allclose(found, model.crop_spec.to_crop(matrix, face), atol=1e-3)
        assert np.abs(crop.astype(int) - expected).mean() < 3


def test_photos_in_memory_give_the_same_as_files(model, faces):
    folder, photos, points = faces
    files = kerasalign.dataset(model, str(folder), batch_size=6)[0]
    for given in (photos, np.array(photos), [folder / f"{i}.png" for i in range(6)]):
        arrays = kerasalign.dataset(model, given, points, batch_size=6)[0]
        for ours, theirs in zip(arrays, files):
            np.testing.assert_array_equal(ours, theirs)


def test_given_boxes_cut_the_crops(model, faces):
    _, photos, points = faces
    box = [20.0, 20.0, 100.0, 100.0]
    two = [np.stack([face, face + 1]) for face in points]
    loader = kerasalign.dataset(model, photos, two, [[box, box]] * 6, batch_size=12)
    expected, matrix = model.crop_spec.extract(photos[0], box)
    np.testing.assert_allclose(loader[0][1][0], model.crop_spec.to_crop(matrix, points[0]), atol=1e-3)
    assert len(loader.cache) == 12 and np.abs(loader[0][0][0].astype(int) - expected).mean() < 3
    assert kerasalign.dataset(model, photos, points, [box] * 6, augment="mild").augment.rebox == "relative"


def test_a_fit_of_five_lines(model, faces, tmp_path):
    folder, _, _ = faces
    train = kerasalign.dataset(model, folder / "train.csv", augment="mild", cache=tmp_path / "cache")
    assert train.shuffle and (tmp_path / "cache" / "crops.npy").is_file()
    model.compile(keras.optimizers.SGD(1e-4), run_eagerly=True)
    validation = kerasalign.dataset(model, folder / "train.csv")
    history = model.fit(train, validation_data=validation, epochs=1, verbose=0)
    assert np.isfinite(history.history["val_nme"][0])


def test_wrong_points_and_arguments_are_refused(model, faces, tmp_path):
    folder, photos, points = faces
    wide = SCC(markup="98", width=8, blocks=(1, 1, 1, 1), size=64)
    for wrong, message in (
        (lambda: kerasalign.dataset(wide, folder / "train.csv"), "98|x5"),
        (lambda: kerasalign.dataset(wide, photos, points), r"must be \(98, 2\), or \(F, 98, 2\), for markup '98'"),
        (lambda: kerasalign.dataset(model, photos), "needs `landmarks`"),
        (lambda: kerasalign.dataset(model, photos, points[:3]), "`landmarks` must be one per photo, 6. Received: 3"),
        (lambda: kerasalign.dataset(model, photos, points, [[0, 0, 9, 9]]), "`boxes` must be one per photo"),
        (lambda: kerasalign.dataset(model, photos, points, split="train"), "no options of a reader"),
        (lambda: kerasalign.dataset(model, folder / "train.csv", points), "belong to a list of photos"),
        (lambda: kerasalign.dataset(model, [], []), "at least one photo"),
        (lambda: kerasalign.dataset(model, tmp_path), "is not recognized"),
    ):
        with pytest.raises(ValueError, match=message):
            wrong()
    with pytest.raises(FileNotFoundError, match="nowhere"):
        kerasalign.dataset(model, tmp_path / "nowhere.csv")


def test_a_broken_photo_is_left_out_on_request(model, faces):
    _, photos, points = faces
    with pytest.raises(ValueError, match="cannot be cropped"):
        kerasalign.dataset(model, [*photos[:2], b"no photo"], points[:3])
    loader = kerasalign.dataset(model, [*photos[:2], b"no photo"], points[:3], on_error="skip")
    assert len(loader.cache) == 2 and list(loader.cache.skipped) == ["2"]


def test_presets_as_keras_hub_has_them(model, tmp_path):
    model.save_to_preset(tmp_path / "mine", notes="Small.")
    for kind in (AAN, LandmarkModel):
        twin = kind.from_preset(tmp_path / "mine")
        assert type(twin) is AAN
        np.testing.assert_array_equal(twin.get_weights()[0], model.get_weights()[0])
    fresh = AAN.from_preset(tmp_path / "mine", load_weights=False)
    assert not np.array_equal(fresh.get_weights()[0], model.get_weights()[0])
    with pytest.raises(ValueError, match=r"of the class SCC\. Received: .*AAN\.from_preset"):
        SCC.from_preset(tmp_path / "mine")
