import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from kerasalign.datasets import DatasetError, read_pts, write_pts

GOOD = "version: 1\nn_points:  3\n{\n1 1\n10.5 20\n3e1   40\n}\n"


def save(tmp_path, text):
    path = tmp_path / "face.pts"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_points_become_zero_based(tmp_path):
    np.testing.assert_array_equal(read_pts(save(tmp_path, GOOD)), [[0, 0], [9.5, 19], [29, 39]])


@pytest.mark.parametrize(
    "text",
    [
        "version:1\r\nn_points:3\r\n{\r\n1 1\r\n10.5 20\r\n30 40\r\n}\r\n",
        "version: 1\nn_points:   3 \n\n{\n  1\t1 \n\n10.5 20\n30 40 }",
        "{ 1 1\n10.5 20\n30 40\n}\n\n",
        "\ufeffVersion: 1\nN_Points: 3\n{\n1 1\n10.5 20\n30 40\n}",
        "1 1\n10.5 20\n30 40",
        "3\n1 1\n10.5 20\n3e1 40\n",
        "{\n1, 1\n10.5,20\n30 , 40\n}",
        "1 1 1\n10.5 20 1\n30 40 1\n",
    ],
    ids=["crlf", "spaces", "no header", "byte order mark", "points alone", "with count", "commas", "third column"],
)
def test_spacing_and_header_do_not_matter(tmp_path, text):
    np.testing.assert_array_equal(read_pts(save(tmp_path, text), 3), [[0, 0], [9.5, 19], [29, 39]])


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "empty"),
        (" \n\n", 1, "empty"),
        (GOOD[:-11], 5, "ends after 2 points"),
        ("version: 1\nn_points: 3\n", 1, "no `{`"),
        ("some notes\nabout faces\n", 1, "no `{`"),
        ("1 1\n2 2\nand so on\n", 3, "no `{`"),
        ("4\n1 1\n2 2\n3 3\n", 4, "3 points, but its header says 4"),
        (GOOD.replace("1 1", "1 1 1").replace("20", "20 0").replace("40", "40 1"), 4, "third column"),
        (GOOD.replace("3\n{", "4\n{"), 7, "3 points, but its header says 4"),
        (GOOD.replace("3\n{", "x\n{"), 2, "n_points"),
        (GOOD.replace("10.5 20", "nan 20"), 5, "finite"),
        (GOOD.replace("10.5 20", "inf 20"), 5, "finite"),
        (GOOD.replace("10.5 20", "10.5"), 5, "two numbers"),
        (GOOD.replace("10.5 20", "10.5 20 30"), 5, "two numbers"),
        (GOOD.replace("10.5 20", "eye left"), 5, "two numbers"),
        (GOOD.replace("10.5 20", "{"), 5, "second"),
        ("}\n", 1, "without"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", 1, "not a text file"),
    ],
)
def test_malformed_file_is_named_with_its_line(tmp_path, text, line, reason):
    path = save(tmp_path, text)
    with pytest.raises(DatasetError, match=reason) as caught:
        read_pts(path)
    assert caught.value.line == line
    assert str(caught.value).startswith(f"{path}:{line}: ")


def test_a_point_that_is_not_annotated(tmp_path):
    points = read_pts(save(tmp_path, GOOD.replace("10.5 20", "nan nan")))
    np.testing.assert_array_equal(points, [[0, 0], [np.nan, np.nan], [29, 39]])


def test_wrong_number_of_points_for_the_markup(tmp_path):
    with pytest.raises(DatasetError, match="3 points, but expected are 68"):
        read_pts(save(tmp_path, GOOD), 68)


def test_a_file_that_is_not_there_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_pts(tmp_path / "absent.pts")


@settings(deadline=None, max_examples=30, derandomize=True)
@given(hnp.arrays("float64", st.tuples(st.integers(1, 98), st.just(2)), elements=st.floats(-5000, 5000)))
def test_write_then_read_gives_the_same_points(tmp_path_factory, points):
    path = tmp_path_factory.mktemp("pts") / "face.pts"
    write_pts(path, points)
    np.testing.assert_allclose(read_pts(path, len(points)), points, atol=1e-6)


def test_write_counts_from_one_as_the_format_does(tmp_path):
    write_pts(tmp_path / "face.pts", [[0, 0], [2.5, 3]])
    lines = (tmp_path / "face.pts").read_text().splitlines()
    assert [float(number) for number in lines[3].split()] == [1, 1]
    assert [float(number) for number in lines[4].split()] == [3.5, 4]


@pytest.mark.parametrize("landmarks", [[[np.nan, 1]], [1, 2], [[1, 2, 3]]])
def test_write_refuses_what_the_format_cannot_hold_and_keeps_the_file(tmp_path, landmarks):
    path = save(tmp_path, GOOD)
    with pytest.raises(ValueError, match="Received"):
        write_pts(path, landmarks)
    assert path.read_text() == GOOD
    assert list(tmp_path.iterdir()) == [path]
