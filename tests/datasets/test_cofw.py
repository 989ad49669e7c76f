import logging
import pickle
import shutil

import h5py
import numpy as np
import pytest
from scipy.io import loadmat, savemat

from kerasalign.datasets import DatasetError, EmbeddedImage, check_dataset, read_dataset


def test_rows_are_x_then_y_then_occlusion_counted_from_one(miniature):
    root = miniature("cofw")
    with h5py.File(root / "COFW_test_color.mat") as file:
        phis, boxes = file["phisT"][:, 2], file["bboxesT"][:, 2]
    sample = read_dataset("cofw", root, "test")[2]
    assert sample.name == "test/0003"
    np.testing.assert_allclose(sample.landmarks[:, 0], phis[:29] - 1)
    np.testing.assert_allclose(sample.landmarks[:, 1], phis[29:58] - 1)
    np.testing.assert_array_equal(sample.visibility, phis[58:] == 0)
    x, y, width, height = boxes
    np.testing.assert_array_equal(sample.box("detector"), [x - 1, y - 1, x + width - 2, y + height - 2])


def test_index_base_moves_landmarks_and_boxes_by_one_pixel(miniature):
    one, zero = (read_dataset("cofw", miniature("cofw"), "test", index_base=base)[0] for base in (1, 0))
    np.testing.assert_allclose(zero.landmarks, one.landmarks + 1)
    np.testing.assert_allclose(zero.box("detector"), one.box("detector") + 1)


def test_photos_stay_in_the_file_until_they_are_read(miniature):
    samples = read_dataset("cofw", miniature("cofw"), "train")
    image = samples[0].image
    assert isinstance(image, EmbeddedImage)
    assert str(image).endswith("COFW_train_color.mat#IsTr/1")
    assert len({str(sample.image) for sample in samples}) == len(samples)
    copy = pickle.loads(pickle.dumps(samples[0]))
    np.testing.assert_array_equal(copy.read_image(), image.read())


def test_photos_are_upright_and_grayscale_becomes_rgb(miniature):
    root = miniature("cofw")
    color, gray, *_ = (sample.read_image() for sample in read_dataset("cofw", root, "test"))
    with h5py.File(root / "COFW_test_color.mat") as file:
        stored = file[file["IsT"][0, 0]][()]
        assert file[file["IsT"][0, 1]].ndim == 2
    assert stored.shape == (3, color.shape[1], color.shape[0])
    np.testing.assert_array_equal(color, stored.transpose(2, 1, 0))
    assert (gray[..., 0] == gray[..., 2]).all()
    assert not (color[..., 0] == color[..., 2]).all()


def test_files_in_their_own_folder(own_copy):
    root = own_copy("cofw")
    (root / "COFW_color").mkdir()
    for path in root.glob("*.mat"):
        path.rename(root / "COFW_color" / path.name)
    assert check_dataset(root).dataset == "cofw"
    assert len(read_dataset("cofw", root)) == 4


def test_test_file_alone(own_copy):
    root = own_copy("cofw")
    (root / "COFW_train_color.mat").unlink()
    report = check_dataset(root)
    assert (report.dataset, report.missing) == ("cofw", ["COFW_train_color.mat"])
    with pytest.raises(DatasetError, match=r"no face .*COFW_train_color\.mat"):
        read_dataset("cofw", root, "train")


def test_row_that_is_not_finite(own_copy):
    root = own_copy("cofw")
    with h5py.File(root / "COFW_test_color.mat", "a") as file:
        file["phisT"][5, 1] = np.nan
    with pytest.raises(DatasetError, match=r"COFW_test_color\.mat: face 2: a landmark is not finite"):
        read_dataset("cofw", root, "test")
    names = [sample.name for sample in read_dataset("cofw", root, "test", on_error="skip")]
    assert names == ["test/0001", "test/0003", "test/0004"]


def test_broken_box_costs_the_box_only(own_copy, caplog):
    root = own_copy("cofw")
    with h5py.File(root / "COFW_test_color.mat", "a") as file:
        file["bboxesT"][2, 1] = 0
    with caplog.at_level(logging.WARNING):
        boxes = [set(sample.boxes) for sample in read_dataset("cofw", root, "test")]
    assert boxes == [{"detector"}, set(), {"detector"}, {"detector"}]
    assert "face 2" in caplog.text


def other_format(path):
    savemat(path, {"phisT": np.zeros((4, 87))})


def lacking(path):
    with h5py.File(path, "a") as file:
        del file["phisT"]


def short(path):
    with h5py.File(path, "a") as file:
        values = file["phisT"][:, :3]
        del file["phisT"]
        file["phisT"] = values


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:5000]), "not a COFW file"),
        (lambda path: path.write_bytes(b""), "not a COFW file"),
        (other_format, "not a COFW file"),
        (lacking, "not a COFW file"),
        (short, r"4 photos need 87 numbers .* phis \(3, 87\)"),
    ],
)
def test_broken_file(own_copy, damage, reason):
    root = own_copy("cofw")
    damage(root / "COFW_test_color.mat")
    with pytest.raises(DatasetError, match=rf"COFW_test_color\.mat: {reason}"):
        read_dataset("cofw", root, "test")


def test_broken_photo_is_found_by_the_check(own_copy):
    root = own_copy("cofw")
    with h5py.File(root / "COFW_test_color.mat", "a") as file:
        del file["#refs#/2"]
        file["#refs#/other"] = np.zeros((4, 5, 6), "uint8")
        references = file["IsT"][()]
        references[0, 2] = file["#refs#/other"].ref
        file["IsT"][...] = references
    report = check_dataset(root)
    assert report.found["test"] == 3
    assert "photo IsT/3 is uint8" in report.faults[0].reason


def test_cofw68_points_boxes_and_photos_belong_together(miniature):
    root = miniature("cofw68")
    sample = read_dataset("cofw68", root, "test")[1]
    on_disk = loadmat(root / "COFW68_Data/test_annotations/2_points.mat")
    np.testing.assert_allclose(sample.landmarks, on_disk["Points"] - 1)
    np.testing.assert_array_equal(sample.visibility, on_disk["Occ"][0] == 0)
    cofw = read_dataset("cofw", root, "test")[1]
    assert (str(sample.image), sample.name) == (str(cofw.image), cofw.name)
    x, y, width, height = loadmat(root / "COFW68_Data/cofw68_test_bboxes.mat")["bboxes"][1]
    np.testing.assert_array_equal(sample.box("detector"), [x - 1, y - 1, x + width - 2, y + height - 2])


def test_cofw68_files_are_in_numeric_order(own_copy):
    root = own_copy("cofw68")
    folder = root / "COFW68_Data/test_annotations"
    (folder / "3_points.mat").rename(folder / "10_points.mat")
    with pytest.raises(DatasetError, match=r"10_points\.mat: there is no photo 10 among the 4"):
        read_dataset("cofw68", root, "test")
    names = [sample.name for sample in read_dataset("cofw68", root, "test", on_error="skip")]
    assert names == ["test/0001", "test/0002", "test/0004"]


@pytest.mark.parametrize(
    ("contents", "reason"),
    [
        ({"Points": np.zeros((67, 2)), "Occ": np.zeros((1, 68))}, "68 finite x y"),
        ({"Points": np.full((68, 2), np.nan), "Occ": np.zeros((1, 68))}, "68 finite x y"),
        ({"Occ": np.zeros((1, 68))}, "68 finite x y"),
        ({"Points": np.zeros((68, 2)), "Occ": np.zeros((1, 67))}, "68 flags"),
        (None, "not a readable MATLAB file"),
    ],
)
def test_cofw68_broken_annotation(own_copy, contents, reason):
    root = own_copy("cofw68")
    path = root / "COFW68_Data/test_annotations/2_points.mat"
    path.write_bytes(b"") if contents is None else savemat(path, contents)
    with pytest.raises(DatasetError, match=rf"2_points\.mat: .*{reason}"):
        read_dataset("cofw68", root, "test")
    assert len(read_dataset("cofw68", root, "test", on_error="skip")) == 3


def test_cofw68_without_photos_or_boxes(own_copy, caplog):
    root = own_copy("cofw68")
    shutil.copy(root / "COFW_test_color.mat", root / "kept.mat")
    (root / "COFW68_Data/cofw68_test_bboxes.mat").unlink()
    with caplog.at_level(logging.WARNING):
        assert not any(sample.boxes for sample in read_dataset("cofw68", root, "test"))
    assert "cofw68_test_bboxes.mat" in caplog.text
    (root / "COFW_test_color.mat").unlink()
    assert "COFW_test_color.mat" in check_dataset(root).missing
    with pytest.raises(DatasetError, match="photos of COFW's test set cannot be read"):
        read_dataset("cofw68", root, "test")
