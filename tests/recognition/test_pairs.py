"""The files of LFW, CFP and InsightFace."""

import io
import os
import pickle

import numpy as np
import pytest
from PIL import Image

from kerasalign.datasets import DatasetError
from kerasalign.recognition import read_cfp_pairs, read_insightface_bin, read_lfw_pairs, verify

RNG = np.random.default_rng(0)


def write_photo(path, size=8):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(RNG.integers(0, 256, (size, size, 3)).astype("uint8")).save(path)


LFW = """2\t2
Ann_Lee\t1\t2
Bo\t1\t3
Ann_Lee\t1\tBo\t2
Bo\t3\tCy\t1
Ann_Lee\t2\t3
Bo\t1\t2
Ann_Lee\t3\tCy\t1
Bo\t2\tCy\t1
"""


@pytest.fixture
def lfw(tmp_path):
    for name, count in (("Ann_Lee", 3), ("Bo", 3), ("Cy", 1)):
        for number in range(1, count + 1):
            write_photo(tmp_path / "lfw" / name / f"{name}_{number:04d}.jpg")
    (tmp_path / "pairs.txt").write_text(LFW)
    return tmp_path


def names(pairs, index):
    return [pairs.photos[i].name for i in pairs.pairs[index]]


def test_lfw(lfw):
    pairs = read_lfw_pairs(lfw)
    assert (len(pairs), pairs.folds, len(pairs.photos)) == (8, 2, 7)
    assert pairs.same.tolist() == [True, True, False, False] * 2
    assert names(pairs, 1) == ["Bo_0001.jpg", "Bo_0003.jpg"]
    assert names(pairs, 3) == ["Bo_0003.jpg", "Cy_0001.jpg"]
    result = verify(lambda crops: crops.mean((1, 2)), pairs)
    assert len(result.fold_accuracies) == 2
    other = read_lfw_pairs(lfw / "lfw", lfw / "pairs.txt")
    assert list(map(str, other.photos)) == list(map(str, pairs.photos))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("2\t2\n", "2\n", r"pairs\.txt:1: the first line"),
        ("2\t2\n", "2\t3\n", r"pairs\.txt:1: 8 pairs, but 2 folds of 3 \+ 3"),
        ("Bo\t1\t3", "Bo\t1\tBo\t3", r"pairs\.txt:3: a pair of one person is `name number number`"),
        ("Bo\t3\tCy\t1", "Bo\t3\t1", r"pairs\.txt:5: a pair of two people"),
        ("Ann_Lee\t2\t3", "Ann_Lee\t2\tx", r"pairs\.txt:6: a pair is"),
        ("Bo\t2\tCy\t1\n", "Bo\t2\tCy\t4\n", r"pairs\.txt:9: the photo Cy/Cy_0004\.jpg is not there"),
        (LFW, "", r"pairs\.txt:1: the first line"),
    ],
)
def test_broken_lfw(lfw, old, new, message):
    (lfw / "pairs.txt").write_text(LFW.replace(old, new))
    with pytest.raises(DatasetError, match=message):
        read_lfw_pairs(lfw)


def test_lfw_that_is_not_there(lfw):
    with pytest.raises(FileNotFoundError, match="`root`"):
        read_lfw_pairs(lfw / "absent")
    with pytest.raises(FileNotFoundError, match="`pairs`"):
        read_lfw_pairs(lfw / "lfw")


@pytest.fixture
def cfp(tmp_path):
    protocol = tmp_path / "Protocol"
    for letter, kind, count in (("F", "frontal", 3), ("P", "profile", 2)):
        lines = []
        for person in (1, 2):
            for number in range(1, count + 1):
                write_photo(tmp_path / f"Data/Images/{person:03d}/{kind}/{number:02d}.jpg")
                lines.append(f"{len(lines) + 1} ../Data/Images/{person:03d}/{kind}/{number:02d}.jpg \n")
        protocol.mkdir(exist_ok=True)
        (protocol / f"Pair_list_{letter}.txt").write_text("".join(lines))
    for name, lists in (("FP", ("1,1\n4,3\n", "1,3\n5,2\n")), ("FF", ("1,2\n4,6\n", "1,4\n5,3\n"))):
        for fold in ("01", "02", "10"):
            folder = protocol / "Split" / name / fold
            folder.mkdir(parents=True)
            for kind, text in zip(("same", "diff"), lists):
                (folder / f"{kind}.txt").write_text(text)
    return tmp_path


def test_cfp(cfp):
    pairs = read_cfp_pairs(cfp)
    assert (len(pairs), pairs.folds, len(pairs.photos), pairs.name) == (12, 3, 10, "CFP-FP")
    assert pairs.same.tolist() == [True, True, False, False] * 3
    first, second = (pairs.photos[i] for i in pairs.pairs[1])
    assert first == cfp / "Data/Images/002/frontal/01.jpg"
    assert second == cfp / "Data/Images/002/profile/01.jpg"
    frontal = read_cfp_pairs(cfp, "FF")
    assert len(frontal.photos) == 6
    assert frontal.photos[frontal.pairs[3, 1]] == cfp / "Data/Images/001/frontal/03.jpg"


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        ("Split/FP/02/same.txt", "1,1\n7,1\n", r"same\.txt:2: the lists of photos have no photo of the pair '7,1'"),
        ("Split/FP/02/same.txt", "0,1\n", "no photo of the pair"),  # numbers start at 1
        ("Split/FP/02/diff.txt", "1 2\n", r"diff\.txt:1: a pair is two numbers"),
        ("Pair_list_P.txt", "1 ../Data/Images/001/profile/09.jpg\n", r"Pair_list_P\.txt:1: the photo"),
        ("Pair_list_F.txt", "../Data\n", r"Pair_list_F\.txt:1: a line is a number and a path"),
        ("Pair_list_F.txt", None, r"Pair_list_F\.txt: the list cannot be read"),
    ],
)
def test_broken_cfp(cfp, path, text, message):
    path = cfp / "Protocol" / path
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(DatasetError, match=message):
        read_cfp_pairs(cfp)


def test_cfp_that_is_not_there(cfp):
    with pytest.raises(FileNotFoundError, match="`root`"):
        read_cfp_pairs(cfp / "absent")
    with pytest.raises(ValueError, match="`protocol` must be one of"):
        read_cfp_pairs(cfp, "PP")
    (cfp / "Protocol/Split/FF").rename(cfp / "Protocol/Split/elsewhere")
    with pytest.raises(DatasetError, match="no folds"):
        read_cfp_pairs(cfp, "FF")


def encoded():
    stream = io.BytesIO()
    Image.fromarray(RNG.integers(0, 256, (8, 8, 3)).astype("uint8")).save(stream, "JPEG")
    return stream.getvalue()


PHOTOS = [encoded() for _ in range(8)]
SAME = [True, False, True, False]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_insightface_bin(tmp_path, protocol):
    path = tmp_path / "lfw.bin"
    path.write_bytes(pickle.dumps((PHOTOS, SAME), protocol))
    pairs = read_insightface_bin(path, folds=2)
    assert pairs.photos == PHOTOS
    assert pairs.same.tolist() == SAME
    assert pairs.pairs.tolist() == [[0, 1], [2, 3], [4, 5], [6, 7]]
    assert len(verify(lambda crops: crops.mean((1, 2)), pairs).distances) == 4


def test_insightface_bin_of_python_2(tmp_path):
    """Python 2's `str` comes as bytes: one photo and its pair by hand, in protocol 2."""
    photo = PHOTOS[0]
    text = b"T" + len(photo).to_bytes(4, "little") + photo
    (tmp_path / "old.bin").write_bytes(b"\x80\x02](" + text + text + b"e](\x88e\x86.")
    pairs = read_insightface_bin(tmp_path / "old.bin")
    assert pairs.photos == [photo, photo]
    assert pairs.same.tolist() == [True]


class Calls:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    "wicked",
    [
        lambda path: Calls(os.mkdir, str(path)),
        lambda path: Calls(eval, f"__import__('os').mkdir({str(path)!r})"),
        lambda path: Calls(np.zeros, 3),
        lambda path: np.float64(1),
    ],
)
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_pickle_that_is_a_program_is_refused_and_not_run(tmp_path, wicked, protocol):
    made = tmp_path / "made"
    path = tmp_path / "bad.bin"
    path.write_bytes(pickle.dumps((PHOTOS, SAME, wicked(made)), protocol))
    with pytest.raises(DatasetError, match="asks for"):
        read_insightface_bin(path)
    assert not made.exists()


@pytest.mark.parametrize("module", ["_codecs\nencode", "codecs\nencode"])
def test_a_pickle_decodes_nothing_but_bytes(tmp_path, module):
    (tmp_path / "bad.bin").write_bytes(f"c{module}\n(Vabc\nVrot13\ntR.".encode())
    with pytest.raises(DatasetError, match="asks for"):
        read_insightface_bin(tmp_path / "bad.bin")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a verification set"),
        (b"no pickle", "not a verification set"),
        (pickle.dumps((PHOTOS, SAME))[:300], "not a verification set"),
        (pickle.dumps(PHOTOS), "a verification set is a list of pictures"),
        (pickle.dumps({"a": 1}), "a verification set is a list of pictures"),
        (pickle.dumps((PHOTOS[:7], SAME)), "7 pictures do not make 4 pairs"),
        (pickle.dumps(([], [])), "0 pictures"),
        (pickle.dumps((PHOTOS, [1, 0, 2, 0])), "pictures must be bytes"),
        (pickle.dumps((["text"] * 8, SAME)), "pictures must be bytes"),
    ],
)
def test_broken_insightface_bin(tmp_path, content, message):
    path = tmp_path / "x.bin"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=message):
        read_insightface_bin(path)
    with pytest.raises(FileNotFoundError, match="`path`"):
        read_insightface_bin(tmp_path / "absent.bin")
