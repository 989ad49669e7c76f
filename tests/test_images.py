import io
import tracemalloc

import cv2
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image

from kerasalign.support.decoding import decode_large, takes_less_memory
from kerasalign.support.images import ImageError, list_images, load_image


@pytest.fixture
def photo():
    """A smooth photo, 40 wide and 30 high, that JPEG hardly changes."""
    y, x = np.mgrid[0:30, 0:40]
    return np.stack([40 + 3 * x, 30 + 5 * y, 90 + x + y], -1).astype("uint8")


def encoded(image, kind="PNG", **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def test_every_kind_of_source_gives_the_same_pixels(tmp_path, photo):
    path = tmp_path / "face one.png"
    Image.fromarray(photo).save(path)
    data = path.read_bytes()
    with path.open("rb") as file:
        sources = [
            path,
            str(path),
            data,
            bytearray(data),
            io.BytesIO(data),
            file,
            Image.open(path),
            photo,
            photo.astype("int64"),
            photo.astype("float32"),
            photo[:, ::-1][:, ::-1],
        ]
        for source in sources:
            loaded = load_image(source)
            assert loaded.dtype == np.uint8 and loaded.flags.c_contiguous
            np.testing.assert_array_equal(loaded, photo)


def test_the_result_is_a_copy(photo):
    loaded = load_image(photo)
    loaded[:] = 0
    assert photo.any()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(photo, orientation):
    stored = {
        1: photo,
        2: photo[:, ::-1],
        3: photo[::-1, ::-1],
        4: photo[::-1],
        5: photo.transpose(1, 0, 2),
        6: np.rot90(photo, 1),
        7: np.rot90(photo, 2).transpose(1, 0, 2),
        8: np.rot90(photo, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(Image.fromarray(np.ascontiguousarray(stored)), exif=exif)
    np.testing.assert_array_equal(load_image(data), photo)
    np.testing.assert_array_equal(load_image(Image.open(io.BytesIO(data))), photo)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_damaged_exif_data_costs_no_photo(photo):
    data = encoded(Image.fromarray(photo), exif=b"Exif\x00\x00II*\x00\xff\xff\xff\x7f")
    np.testing.assert_array_equal(load_image(data), photo)


def test_transparent_parts_become_white(photo):
    alpha = np.full((30, 40), 255, "uint8")
    alpha[:, :10] = 0
    alpha[:, 10:20] = 128
    loaded = load_image(encoded(Image.fromarray(np.dstack([photo, alpha]))))
    assert (loaded[:, :10] == 255).all()
    half = np.round((photo[:, 10:20] * 128.0 + 255 * 127) / 255)
    np.testing.assert_allclose(loaded[:, 10:20], half, atol=1)
    np.testing.assert_array_equal(loaded[:, 20:], photo[:, 20:])


def test_palette_with_a_transparent_color():
    image = Image.new("P", (4, 2))
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.putdata([0, 0, 1, 1] * 2)
    loaded = load_image(encoded(image, transparency=0))
    assert (loaded[:, :2] == 255).all() and (loaded[:, 2:] == (200, 100, 50)).all()


def test_gray_and_gray_with_alpha(photo):
    gray = photo[..., 0]
    np.testing.assert_array_equal(load_image(encoded(Image.fromarray(gray))), np.dstack([gray] * 3))
    np.testing.assert_array_equal(load_image(gray), load_image(gray[..., None]))
    image = Image.merge("LA", [Image.fromarray(gray), Image.new("L", (40, 30), 0)])
    assert (load_image(encoded(image)) == 255).all()


def test_sixteen_bits_are_scaled_and_not_cut(photo):
    gray = photo[..., 0].astype("uint16") * 257
    for source in (gray, encoded(Image.fromarray(gray)), encoded(Image.fromarray(gray), "TIFF")):
        np.testing.assert_array_equal(load_image(source), np.dstack([photo[..., 0]] * 3))
    np.testing.assert_array_equal(load_image(photo.astype("uint16") * 257), photo)


@pytest.mark.parametrize(
    "pixels",
    [
        lambda photo: photo / 255,
        lambda photo: (photo / 255 * 1.0000002).astype("float32"),
        lambda photo: photo / 254,
        lambda photo: photo.astype("uint16"),
        lambda photo: photo.astype("uint16") * 4 + 2,
        lambda photo: photo.astype("uint16") * 16 + 8,
        lambda photo: photo.astype("uint16") * 257,
    ],
)
def test_plain_ranges_are_scaled(photo, pixels):
    bright = photo.copy()
    bright[0, 0] = 254
    assert np.abs(load_image(pixels(bright)).astype(int) - bright).max() <= 1


@pytest.mark.parametrize("bits", [10, 12, 16])
@pytest.mark.parametrize("kind", ["gray png", "color png", "color tiff"])
def test_deep_files_of_any_number_of_bits(tmp_path, photo, bits, kind):
    deep = (photo / 255 * (2**bits - 1)).round().astype("uint16")
    deep[0, 0] = 2**bits - 1
    color, suffix = kind.split()
    pixels = deep[..., 0] if color == "gray" else np.ascontiguousarray(deep[..., ::-1])
    cv2.imwrite(str(tmp_path / f"deep.{suffix}"), pixels)
    expected = np.repeat(photo[..., :1], 3, 2) if color == "gray" else photo
    loaded = load_image(tmp_path / f"deep.{suffix}")
    assert np.abs(loaded[1:].astype(int) - expected[1:]).max() <= 1


def test_a_dark_photo_in_floats_stays_dark(photo):
    dark = (photo // 32).astype("float32")
    np.testing.assert_array_equal(load_image(dark), photo // 32)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_large_jpeg_has_the_same_pixels(photo, orientation, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(Image.fromarray(cv2.resize(photo, (801, 601))), "JPEG", quality=95, exif=exif)
    assert takes_less_memory(Image.open(io.BytesIO(data)), data)
    (tmp_path / "photo.jpg").write_bytes(data)
    for path in (None, str(tmp_path / "photo.jpg"), str(tmp_path / "gone.jpg")):
        pixels = decode_large(Image.open(io.BytesIO(data)), data, orientation, path)
        assert np.abs(pixels.astype(int) - load_image(data)).max() <= 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_large_file_that_is_cut_off_is_refused(kind):
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), "uint8")
    data = encoded(Image.fromarray(noise), kind)
    if kind == "PNG":
        np.testing.assert_array_equal(decode_large(Image.open(io.BytesIO(data)), data), noise)
    cut = data[: len(data) // 2]
    with pytest.raises((OSError, SyntaxError), match=r"runcated"):
        decode_large(Image.open(io.BytesIO(cut)), cut)


def test_files_that_need_more_than_their_pixels_are_left_to_pillow(photo):
    alpha, deep = np.dstack([photo, photo[..., :1]]), photo.astype("uint16")[..., 0] * 257
    exif = Image.Exif()
    exif[0x0112] = 6
    files = [
        encoded(image) for image in (Image.fromarray(alpha), Image.fromarray(deep), Image.fromarray(photo).convert("P"))
    ]
    files += [encoded(Image.fromarray(photo).convert("CMYK"), "JPEG"), encoded(Image.fromarray(photo), exif=exif)]
    for data in files:
        assert not takes_less_memory(Image.open(io.BytesIO(data)), data)


def test_a_photo_takes_little_more_memory_than_its_pixels():
    large = np.zeros((4096, 4096, 3), "uint8")
    for kind in ("JPEG", "PNG", "BMP"):
        data = encoded(Image.fromarray(large), kind)
        tracemalloc.start()
        loaded = load_image(data)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        # Pillow's own memory, 4 bytes a pixel, is not counted here.
        assert peak < (2.1 if kind == "BMP" else 1.1) * loaded.nbytes


class Upload:
    """A file of a web framework, whose methods are coroutines."""

    async def read(self):
        return b""


async def later():
    return b""


def test_sources_that_need_another_step_say_which(photo):
    file = io.BytesIO(encoded(Image.fromarray(photo)))
    file.read()
    with pytest.raises(ImageError, match=r"at its end: call its seek\(0\)"):
        load_image(file)
    with pytest.raises(ImageError, match=r"asynchronous: give `await file\.read\(\)`"):
        load_image(Upload())
    coroutine = later()
    with pytest.raises(ImageError, match="asynchronous: give what `await` returns"):
        load_image(coroutine)
    coroutine.close()
    with pytest.raises(ImageError, match=r"several photos: give `list\(array\)`"):
        load_image(np.stack([photo] * 5))
    with pytest.raises(ImageError, match="base64") as caught:
        load_image("data:image/png;base64," + "A" * 100_000)
    assert len(str(caught.value)) < 600
    with pytest.raises(ImageError, match="base64"):
        load_image("data:image/png;base64,AAAA")
    for function in (load_image, list_images):
        with pytest.raises(ImageError, match="the path is empty"):
            function("")


def test_black_and_white():
    loaded = load_image(np.array([[True, False]]))
    assert loaded.tolist() == [[[255] * 3, [0] * 3]]
    np.testing.assert_array_equal(load_image(encoded(Image.fromarray(np.array([[True, False]])))), loaded)


def test_cmyk_jpeg(photo):
    data = encoded(Image.fromarray(photo).convert("CMYK"), "JPEG", quality=98)
    assert np.abs(load_image(data).astype(int) - photo).mean() < 3


def test_first_frame_of_an_animation():
    frames = [Image.new("RGB", (4, 4), color) for color in ((250, 0, 0), (0, 250, 0))]
    assert load_image(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))[0, 0, 0] > 240


def test_truncated_jpeg_is_refused(tmp_path, photo):
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), "uint8")
    data = encoded(Image.fromarray(noise), "JPEG")
    path = tmp_path / "cut off.jpg"
    for part in (0.9, 0.5, 0.02):
        path.write_bytes(data[: int(part * len(data))])
        with pytest.raises(ImageError, match=r"cut off\.jpg") as caught:
            load_image(path)
        assert caught.value.reason and caught.value.source == path


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"these are no pixels", "not an image"),
        (b"\xff\xd8\xff", "not an image|damaged"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "not an image|damaged"),
    ],
)
def test_files_that_are_no_photos(tmp_path, content, reason):
    path = tmp_path / "text.jpg"
    path.write_bytes(content)
    with pytest.raises(ImageError, match=rf"({reason}).*Received: .*text\.jpg"):
        load_image(path)
    with pytest.raises(ImageError, match=reason):
        load_image(content)


def test_missing_file_folder_and_bad_path(tmp_path):
    with pytest.raises(ImageError, match=r"no such file.*gone\.jpg"):
        load_image(tmp_path / "gone.jpg")
    with pytest.raises(ImageError, match="it is a folder"):
        load_image(tmp_path)
    for path in ("a\0b.jpg", "x" * 5000):
        with pytest.raises(ImageError):
            load_image(path)


@pytest.mark.parametrize(
    "source",
    [
        None,
        3,
        [1, 2],
        io.StringIO("text"),
        np.zeros((0, 4, 3), "uint8"),
        np.zeros((2, 2, 2), "uint8"),
        np.zeros((1, 2, 2, 3), "uint8"),
        np.full((2, 2), 300),
        np.full((2, 2), -1.0),
        np.full((2, 2), np.nan),
        np.full((2, 2, 3), [0.5, 1.5, 2.0]),
        np.full((2, 2, 3), [-1.0, 0.5, 1.0]),
        np.array([["a"]]),
        "",
    ],
)
def test_other_things_are_refused(source):
    with pytest.raises(ImageError, match="Received"):
        load_image(source)


def test_an_unknown_error_is_still_a_value_error(tmp_path):
    with pytest.raises(ValueError, match="Cannot read the photo"):
        load_image(tmp_path / "gone.jpg")


@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.data())
def test_damaged_files_raise_image_errors_only(data):
    content = bytearray(
        encoded(
            Image.fromarray(np.arange(300, dtype="uint8").reshape(10, 10, 3)),
            data.draw(st.sampled_from(["PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP"])),
        )
    )
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        image = load_image(content)
    except ImageError:
        return
    assert image.ndim == 3 and image.shape[2] == 3 and image.dtype == np.uint8


def test_list_images_is_sorted_and_skips_what_is_no_photo(tmp_path, photo):
    for name in ("b.jpg", "a.PNG", "notes.txt", ".hidden.jpg", "c.tiff", "sub/d.webp", ".cache/e.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "folder.jpg").mkdir()
    assert [path.name for path in list_images(tmp_path)] == ["a.PNG", "b.jpg", "c.tiff"]
    names = [path.relative_to(tmp_path).as_posix() for path in list_images(str(tmp_path), recursive=True)]
    assert names == ["a.PNG", "b.jpg", "c.tiff", "sub/d.webp"]


def test_phones_formats_are_listed_or_counted(tmp_path, photo, monkeypatch, caplog):
    Image.fromarray(photo).save(tmp_path / "a.avif")
    (tmp_path / "b.HEIC").touch()
    assert [path.name for path in list_images(tmp_path)] == ["a.avif"]
    assert load_image(tmp_path / "a.avif").shape == photo.shape
    assert "Left out 1 HEIC photos" in caplog.text and "pillow_heif.register_heif_opener()" in caplog.text
    monkeypatch.setitem(Image.registered_extensions(), ".heic", "HEIF")
    assert [path.name for path in list_images(tmp_path)] == ["a.avif", "b.HEIC"]


def test_more_pixels_than_pillow_takes(tmp_path, photo, monkeypatch):
    Image.fromarray(photo).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(ImageError, match=r"more than 20 pixels.*set PIL\.Image\.MAX_IMAGE_PIXELS higher"):
        load_image(tmp_path / "a.png")


def test_list_images_of_no_folder(tmp_path):
    with pytest.raises(ImageError, match="no such folder"):
        list_images(tmp_path / "gone")
    (tmp_path / "file.jpg").write_bytes(b"x")
    with pytest.raises(ImageError, match="not a folder"):
        list_images(tmp_path / "file.jpg")
