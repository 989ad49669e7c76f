"""Many photos: worked on ahead of the results, which are those of one photo at a time; never many in memory."""

import io
import itertools
import logging
import threading
import time
import weakref

import numpy as np
import pytest
from PIL import Image

from kerasalign.detection import get_detector
from kerasalign.inference import CallableDetector, Detector, align, align_iter
from kerasalign.inference.pipeline import GROUP_SIZE, READERS, Pipeline
from kerasalign.support.images import ImageError, load_image

WAIT = 20.0  # seconds, for what happens at once unless it never does


def png(image):
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "PNG")
    return stream.getvalue()


def run_pipeline(model, sources, detector, batch_size=32, **options):
    """`align_iter` with options of the pipeline."""
    pipeline = Pipeline(model, 0, batch_size, "raise", False, {}, **options)
    return pipeline.run(zip(sources, itertools.repeat(get_detector(detector))))


@pytest.fixture
def photos(make):
    """Thirty photos of every kind: none to three faces, files, arrays and pictures, two that are broken."""
    made = []
    for number in range(30):
        boxes = [(10 + 40 * k, 10 + number, 40 + 40 * k, 40 + number) for k in range(number % 4)]
        image = make.photo(boxes, (160 + number % 3, 120))
        made.append((image, png(image), Image.fromarray(image), io.BytesIO(png(image)))[number % 4])
    made[7], made[20] = b"no photo", b""
    return made


@pytest.mark.parametrize("batch_size", [1, 5, 64])
def test_results_are_those_of_one_photo_at_a_time_in_order(photos, model, detector, batch_size):
    found = align(model, photos, detector=detector, batch_size=batch_size)
    assert [error.index for error in found.errors] == [7, 20] and len(found) == 30
    for number, (photo, faces) in enumerate(zip(photos, found)):
        if number in (7, 20):
            continue
        if hasattr(photo, "read"):
            photo.seek(0)
        alone = align(model, photo, detector=detector)
        assert len(alone) == number % 4 and faces.size == alone.size
        np.testing.assert_array_equal(faces.boxes, alone.boxes)
        np.testing.assert_allclose(faces.landmarks, alone.landmarks, atol=1e-4)


def test_an_iterator_of_photos_gives_an_iterator_of_faces(photos, model, detector, caplog):
    drawn = []
    stream = align(model, (drawn.append(i) or photo for i, photo in enumerate(photos)), detector=detector)
    assert iter(stream) is stream and drawn == []
    with caplog.at_level(logging.WARNING):
        assert [len(faces) for faces in stream] == [0 if i in (7, 20) else i % 4 for i in range(30)]
    assert caplog.text.count("Skipped") == 2
    with pytest.raises(ValueError, match="Received: boxes with photos of type"):
        align(model, iter(photos), boxes=[[]] * 30)


def test_large_photos_are_not_read_all_at_once(make, model, detector, tmp_path):
    photo = make.photo([(20, 20, 60, 60)], (400, 300))
    path = tmp_path / "large.png"
    Image.fromarray(photo).save(path)
    reading, most, lock = [0], [0], threading.Lock()

    def read(source):
        with lock:
            reading[0] += 1
            most[0] = max(most[0], reading[0])
        image = load_image(source)
        time.sleep(0.01)
        with lock:
            reading[0] -= 1
        return image

    results = list(run_pipeline(model, [path] * 12, detector, read=read, max_bytes=2 * photo.nbytes))
    assert [len(faces) for faces in results] == [1] * 12
    assert most[0] == 1
    assert len(list(run_pipeline(model, [path] * 12, detector, read=read))) == 12 and most[0] > 1


def test_memory_does_not_grow_with_the_number_of_photos(make, model, detector):
    alive, most, drawn = set(), [0], [0]

    def counted(source):
        image, key = load_image(source), object()
        alive.add(key)
        weakref.finalize(image, alive.discard, key)
        most[0] = max(most[0], len(alive))
        return image

    def source(data, count):
        for drawn[0] in range(1, count + 1):
            yield data

    bound = 4 + 2 * GROUP_SIZE + READERS + 2
    for boxes in ([(50, 30, 90, 70)], []):
        data, results = png(make.photo(boxes)), 0
        stream = run_pipeline(model, source(data, 200), detector, batch_size=4, read=counted)
        for results, _ in enumerate(stream):
            assert drawn[0] - results <= bound
        assert results == 199 and most[0] <= bound
    assert len(alive) <= 1  # the last one may still be a local of this generator


def test_large_photos_are_searched_one_by_one(make, model):
    groups = []

    class Counting(Detector):
        def detect_many(self, images):
            groups.append(len(images))
            return [[] for _ in images]

    align(model, [make.photo([])] * 10, detector=Counting())
    assert groups == [4, 4, 2]
    assert len(list(run_pipeline(model, [make.photo([])] * 3, Counting(), group_bytes=1))) == 3
    assert groups[3:] == [1, 1, 1]


def test_photos_are_read_while_others_are_searched_and_searched_while_others_are_predicted(make):
    read, searched = threading.Event(), threading.Event()
    count = [0]

    def reading(source):
        if source == later:
            read.set()
        return load_image(source)

    def finding(image):
        count[0] += 1
        if count[0] > GROUP_SIZE:
            searched.set()
        assert read.wait(WAIT)
        return [(50, 30, 90, 70)]

    model = make.model()
    predict = model.predict_crops
    model.predict_crops = lambda crops, **options: predict(crops) if searched.wait(WAIT) else None
    first, later = png(make.photo([])), png(make.photo([(1, 1, 5, 5)]))
    sources = [first] * GROUP_SIZE + [later] * GROUP_SIZE
    assert len(list(run_pipeline(model, sources, finding, batch_size=2, read=reading))) == len(sources)


def test_one_photo_needs_no_thread(make, model):
    threads = []
    finder = CallableDetector(lambda image: threads.append(threading.current_thread()) or [])
    align(model, make.photo([]), detector=finder)
    assert threads == [threading.main_thread()]


def test_photos_before_a_broken_one_are_given_before_it_raises(make, model, detector):
    good = png(make.photo([(50, 30, 90, 70)]))
    stream = align_iter(model, [good, good, good, b"", good], detector=detector, on_error="raise")
    assert [len(next(stream)) for _ in range(3)] == [1, 1, 1]
    with pytest.raises(ImageError, match="empty"):
        next(stream)


def test_a_detectors_error_is_raised_and_a_stream_that_is_left_leaves_no_thread(make, model, detector):
    def wrong(image):
        raise RuntimeError("no such camera")

    with pytest.raises(RuntimeError, match="no such camera"):
        align(model, [make.photo([])] * 3, detector=wrong)
    stream = align_iter(model, [make.photo([])] * 50, detector=detector)
    next(stream)
    stream.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("kerasalign-")]
