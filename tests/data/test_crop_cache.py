import json
import logging
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from kerasalign.data import CacheError, CropCache, build_cache, cached_spec
from kerasalign.data.cache_build import content_hash
from kerasalign.datasets.sample import FaceSample
from kerasalign.geometry import CropSpec, apply_affine, invert
from kerasalign.markups import get_markup
from kerasalign.support.drafts import remove_abandoned
from kerasalign.support.images import load_image


@settings(max_examples=50, deadline=None, derandomize=True)
@given(size=st.integers(8, 400), scale=st.floats(0.5, 3), margin=st.floats(0.3, 4))
def test_wide_spec_keeps_pixel_size_and_shows_at_least_the_margin(size, scale, margin):
    spec = CropSpec(size, scale, (0.1, -0.2))
    wide = cached_spec(spec, margin)
    assert wide.size / wide.scale == pytest.approx(size / scale)
    assert (wide.size - size) % 4 == 0 and wide.size >= size
    assert wide.scale >= margin * (1 - 1e-9)
    assert wide.size == size or wide.size - size < margin * size / scale - size + 4.01
    assert wide.shift == spec.shift


def test_musica_numbers():
    assert cached_spec(CropSpec(228, 228 / 142)).size == 284


def test_cache_holds_what_the_photo_shows(samples, spec, tmp_path):
    cache = build_cache(samples, spec, tmp_path / "cache")
    assert cache.names == tuple(s.name for s in samples) and cache.markup == "68"
    assert cache.crops.shape == (8, cache.spec.size, cache.spec.size, 3) and cache.crops.dtype == np.uint8
    assert not cache.crops.flags.owndata and not cache.crops.flags.writeable
    for sample, crop, points, box in zip(samples, cache.crops, cache.landmarks, cache.boxes):
        expected, matrix = cached_spec(spec).extract(load_image(sample.image), sample.box())
        np.testing.assert_array_equal(crop, expected)
        np.testing.assert_allclose(apply_affine(invert(matrix), points), sample.landmarks, atol=1e-4)
        corners = apply_affine(invert(matrix), box.reshape(2, 2)).ravel()
        np.testing.assert_allclose(corners, sample.box(), atol=1e-9)
    assert (cache.crops == 0).all(-1).any() and not (cache.crops == 0).all(-1).all()


def test_second_build_reads_no_photo(samples, spec, tmp_path):
    reads = []

    def reader(sample):
        reads.append(sample.name)
        return load_image(sample.image)

    first = build_cache(samples, spec, tmp_path / "cache", reader=reader)
    # Faces of one photo are neighbors in the list: it is decoded once.
    assert len(reads) == 7
    again = build_cache(samples, spec, tmp_path / "cache", reader=reader)
    assert len(reads) == 7 and again.content_hash == first.content_hash
    np.testing.assert_array_equal(again.crops, first.crops)


@pytest.mark.parametrize("change", ["landmarks", "spec", "margin", "box", "photo", "order"])
def test_cache_is_made_anew_when_its_source_changed(samples, spec, tmp_path, change):
    old = build_cache(samples, spec, tmp_path / "cache").content_hash
    options = {}
    if change == "landmarks":
        samples[3] = replace(samples[3], landmarks=samples[3].landmarks + 0.5)
    elif change == "spec":
        spec = replace(spec, shift=(0.0, 0.1))
    elif change == "margin":
        options["margin"] = 2.5
    elif change == "box":
        options["box"] = "detector"
    elif change == "photo":
        samples[0].image.write_bytes(samples[1].image.read_bytes())
    else:
        samples.reverse()
    cache = build_cache(samples, spec, tmp_path / "cache", **options)
    assert cache.content_hash != old
    assert cache.names == tuple(s.name for s in samples)
    assert [p.name for p in tmp_path.iterdir() if "building" in p.name] == []


def test_a_cache_of_other_crops_is_refused_where_it_must_not_be_overwritten(samples, spec, tmp_path):
    old = build_cache(samples, spec, tmp_path / "cache")
    with pytest.raises(ValueError, match="holds 8 crops that were made from other faces, boxes or margins"):
        build_cache(samples[:4], spec, tmp_path / "cache", overwrite=False)
    again = build_cache(samples, spec, tmp_path / "cache", overwrite=False)
    assert again.content_hash == old.content_hash and len(again) == 8
    _flip_byte(tmp_path / "cache")
    assert len(build_cache(samples, spec, tmp_path / "cache", overwrite=False)) == 8


def test_hash_does_not_depend_on_where_photos_lie(samples, spec, tmp_path):
    moved = tmp_path / "elsewhere"
    samples[0].image.parent.rename(moved)
    after = [replace(s, image=moved / s.image.name) for s in samples]
    before = content_hash(after, spec, "landmarks")
    moved.rename(samples[0].image.parent)
    assert content_hash(samples, spec, "landmarks") == before


def _flip_byte(folder):
    with (folder / "crops.npy").open("r+b") as stream:
        stream.seek(5000)
        byte = stream.read(1)
        stream.seek(5000)
        stream.write(bytes([byte[0] ^ 255]))


DAMAGE = {
    "changed byte": _flip_byte,
    "cut short": lambda d: os.truncate(d / "crops.npy", 3000),
    "empty crops": lambda d: (d / "crops.npy").write_bytes(b""),
    "no landmarks": lambda d: (d / "landmarks.npy").unlink(),
    "other landmarks": lambda d: np.save(d / "landmarks.npy", np.zeros((8, 68, 2), "float32")),
    "half a meta": lambda d: (d / "meta.json").write_text((d / "meta.json").read_text()[:50]),
    "list in meta": lambda d: (d / "meta.json").write_text("[]"),
    "other version": lambda d: (d / "meta.json").write_text(
        json.dumps(json.loads((d / "meta.json").read_text()) | {"version": 0})
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_cache_is_detected_and_rebuilt(samples, spec, tmp_path, damage, caplog):
    folder = tmp_path / "cache"
    good = np.array(build_cache(samples, spec, folder).crops)
    DAMAGE[damage](folder)
    with pytest.raises(CacheError, match="cache"):
        CropCache.open(folder)
    with caplog.at_level(logging.WARNING, "kerasalign"):
        np.testing.assert_array_equal(build_cache(samples, spec, folder).crops, good)
    assert "Writing it again" in caplog.text
    assert len(CropCache.open(folder)) == 8


def test_missing_cache_and_foreign_folder(samples, spec, tmp_path):
    with pytest.raises(FileNotFoundError, match="Received: directory"):
        CropCache.open(tmp_path / "none")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(ValueError, match="empty folder"):
        build_cache(samples, spec, tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"


def test_broken_photo_raises_or_is_left_out(samples, spec, tmp_path, caplog):
    good = np.array(build_cache(samples, spec, tmp_path / "good").crops)
    samples[2].image.write_bytes(samples[2].image.read_bytes()[:200])
    samples[4] = replace(samples[4], landmarks=np.full((68, 2), np.nan))
    with pytest.raises(ValueError, match=r"face-2.*2\.png"):
        build_cache(samples, spec, tmp_path / "cache")
    assert not (tmp_path / "cache").exists() and not list(tmp_path.glob(".cache*"))
    cache = build_cache(samples, spec, tmp_path / "cache", on_error="skip")
    kept = [0, 1, 3, 5, 6, 7]
    assert cache.names == tuple(f"face-{i}" for i in kept) and set(cache.skipped) == {"face-2", "face-4"}
    np.testing.assert_array_equal(cache.crops, good[kept])
    assert "face-2" in caplog.text
    assert build_cache(samples, spec, tmp_path / "cache", on_error="skip").skipped == cache.skipped
    # A cache with holes does not satisfy a caller that accepts none.
    with pytest.raises(ValueError, match="face-2"):
        build_cache(samples, spec, tmp_path / "cache")


def test_all_faces_unusable_gives_an_empty_cache(samples, spec, tmp_path):
    def reader(sample):
        raise OSError("no such disk")

    cache = build_cache(samples, spec, tmp_path / "cache", on_error="skip", reader=reader)
    size = cache.spec.size
    assert len(cache) == 0 and len(cache.skipped) == 8 and cache.crops.shape == (0, size, size, 3)


def test_failed_rebuild_leaves_the_old_cache(samples, spec, tmp_path):
    old = build_cache(samples, spec, tmp_path / "cache").content_hash
    samples[5].image.write_text("not a picture")
    with pytest.raises(ValueError, match="face-5"):
        build_cache(samples, spec, tmp_path / "cache")
    assert CropCache.open(tmp_path / "cache").content_hash == old


def test_killed_rebuild_leaves_the_old_cache(samples, spec, tmp_path):
    old = build_cache(samples, spec, tmp_path / "cache").content_hash
    child = subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent(f"""
            import sys, time, pickle
            from kerasalign.data import CropCache, build_cache
            from kerasalign.support.images import load_image
            samples, spec = pickle.loads(sys.stdin.buffer.read())
            def slow(sample):
                if sample.name == "face-5":
                    print("inside", flush=True)
                    time.sleep(60)
                return load_image(sample.image)
            build_cache(samples, spec, {str(tmp_path / "cache")!r}, margin=3.0, reader=slow)
        """),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    child.stdin.write(pickle.dumps((samples, spec)))
    child.stdin.close()
    assert child.stdout.readline() == b"inside\n"
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert CropCache.open(tmp_path / "cache").content_hash == old
    [left] = tmp_path.glob(".draft-*")
    rebuilt = build_cache(samples, spec, tmp_path / "cache", margin=3.0)
    assert rebuilt.content_hash != old and left.exists()
    # What a dead build left is removed at the next start.
    os.utime(left, (0, time.time() - 3600))
    remove_abandoned(tmp_path)
    assert not left.exists()


def test_arguments_are_checked_before_work(samples, spec, tmp_path):
    for bad, match in (
        ([], "at least one"),
        ([*samples, replace(samples[0], markup="98", landmarks=np.zeros((98, 2)), name="x")], "one markup"),
        ([*samples, samples[0]], "unique names"),
    ):
        with pytest.raises(ValueError, match=match):
            build_cache(bad, spec, tmp_path / "cache")
    with pytest.raises(ValueError, match="on_error"):
        build_cache(samples, spec, tmp_path / "cache", on_error="ignore")
    with pytest.raises(ValueError, match="margin"):
        build_cache(samples, spec, tmp_path / "cache", margin=0)
    assert not (tmp_path / "cache").exists()


def test_unannotated_points_survive(samples, spec, tmp_path):
    points = samples[0].landmarks.copy()
    points[[3, 40]] = np.nan
    cache = build_cache([replace(samples[0], landmarks=points)], spec, tmp_path / "cache")
    np.testing.assert_array_equal(np.isnan(cache.landmarks[0]), np.isnan(points))


def test_pickled_cache_is_a_path(samples, spec, tmp_path):
    cache = build_cache(samples, spec, tmp_path / "cache")
    data = pickle.dumps(cache)
    assert len(data) < 2000
    np.testing.assert_array_equal(pickle.loads(data).crops, cache.crops)


def test_in_memory_cache_checks_its_shapes(memory_cache):
    with pytest.raises(CacheError, match="boxes"):
        replace(memory_cache, boxes=memory_cache.boxes[:3])
    with pytest.raises(CacheError, match="uint8"):
        replace(memory_cache, crops=memory_cache.crops.astype("float32"))


def test_groups_are_kept_where_samples_tell_them(samples, spec, tmp_path):
    plain = build_cache(samples, spec, tmp_path / "plain")
    assert plain.groups is None and "groups" not in json.loads((tmp_path / "plain" / "meta.json").read_text())
    taken = [replace(s, attributes={"video": str(i // 3)}) for i, s in enumerate(samples)]
    taken[1] = replace(taken[1], landmarks=np.full((68, 2), np.nan))
    taken[7] = replace(taken[7], attributes={})
    cache = build_cache(taken, spec, tmp_path / "cache", on_error="skip")
    assert cache.groups == ("0", "0", "1", "1", "1", "2", None)
    with pytest.raises(CacheError, match="`groups` must be one per face"):
        replace(cache, groups=("0",))
    # Groups are not part of the content: what an older version made of the same samples is still good.
    told = [replace(s, attributes={"video": "0"}) for s in samples]
    assert build_cache(told, spec, tmp_path / "plain").groups is None


@pytest.mark.parametrize("workers", [1, 16])
def test_a_video_is_decoded_once_by_any_number_of_threads(workers, tmp_path):
    from kerasalign.datasets.sample import EmbeddedImage
    from kerasalign.datasets.video_frames import VideoDecoder

    video = tmp_path / "vid.avi"
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter_fourcc(*"MJPG"), 25, (96, 96))
    for i in range(120):
        writer.write(np.full((96, 96, 3), 20 + i, "uint8"))
    writer.release()
    points = get_markup("68").mean_shape * 50 + 45
    decoder = VideoDecoder(video)

    def read(path, name):
        return decoder.frame(int(name))

    read.in_order = True
    faces = [FaceSample(EmbeddedImage(video, f"{i:06d}", read), points, "68", f"v/{i}") for i in range(1, 121)]

    def uneven(sample):
        photo = sample.read_image()
        # Threads with the same amount of work do not end at the same time.
        time.sleep(0.02 if int(photo[0, 0, 0]) % 16 == 4 else 0)
        return photo

    options = {"workers": workers, "reader": uneven, "progress": False}
    cache = build_cache(faces, CropSpec(32, 1.0), tmp_path / "cache", **options)
    assert decoder.decoded == 120
    shades = cache.crops[:, 16, 16, 0].astype(int)
    assert (np.abs(shades - 20 - np.arange(120)) < 4).all()


def test_photos_inside_a_larger_file_are_cached(tmp_path):
    from kerasalign.datasets import make_miniature, read_dataset

    samples = read_dataset("cofw", make_miniature("cofw", tmp_path / "cofw"), "train")
    cache = build_cache(samples, CropSpec(32, 1.5), tmp_path / "cache")
    assert len(cache) == len(samples) and cache.markup == "29"
    assert build_cache(samples, CropSpec(32, 1.5), tmp_path / "cache").content_hash == cache.content_hash
