"""Videos are read, searched and written in threads; what comes out is that of one frame after the other."""

import threading
from collections.abc import Sequence

import numpy as np
import pytest

from kerasalign.inference import CallableDetector, align_video
from kerasalign.inference.video import FaceTracker, VideoSource, VideoWriter, video
from kerasalign.support.prefetch import map_in_thread, prefetch, prefetch_in_thread

WAIT = 20.0  # seconds, for what happens at once unless it never does
BOX = (60, 40, 99, 79)


def running():
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("kerasalign-")]


@pytest.fixture
def images(make):
    """A face that walks, vanishes for a while, and jumps."""
    corners = [(10 + 3 * i, 20) if not 9 <= i < 15 else None for i in range(26)]
    corners[20:] = [(120, 70)] * 6
    return [make.photo([(x, y, x + 39, y + 39) for x, y in [at] if at] if at else [], (200, 140)) for at in corners]


def one_by_one(model, images, detector, **options):
    """The tracker without any thread."""
    tracker = FaceTracker(model, detector, **options)
    return [
        [(track.number, track.smoothed.landmarks) for track in tracker.update(image, index / 25)]
        for index, image in enumerate(images)
    ], tracker.detector_runs


@pytest.mark.parametrize("every", [0, 1, 3, 7, 30])
def test_frames_are_those_of_one_after_the_other(make, detector, images, every):
    wanted, runs = one_by_one(make.model(), images, detector, redetect_every=every, max_residual=9.0)
    for source in (images, np.stack(images), iter(images)):
        found = align_video(make.model(), source, detector=detector, redetect_every=every, max_residual=9.0)
        frames = list(found)
        assert found.tracker.detector_runs == runs and [frame.index for frame in frames] == list(range(len(images)))
        for frame, tracks in zip(frames, wanted, strict=True):
            assert frame.tracks == tuple(number for number, _ in tracks)
            for face, (_, landmarks) in zip(frame.faces, tracks):
                np.testing.assert_array_equal(face.landmarks, landmarks)
            np.testing.assert_array_equal(frame.faces.image, images[frame.index])
    assert not running()


def test_a_look_that_is_due_begins_frames_ahead(make):
    """Frame 0 and then every fourth: their searches have begun when the landmarks before them are still made."""
    searched, model = [], make.model()
    begun = threading.Event()
    predict = model.predict_crops

    def finding(image):
        searched.append(int(image[0, 0, 0]))
        if searched[-1] == 4:
            begun.set()
        return [BOX]

    def predicting(crops, **options):
        if len(model.batches) == 2:  # frame 0 takes two passes, so this is frame 1
            assert begun.wait(WAIT)
        return predict(crops)

    model.predict_crops = predicting
    images = [np.full((140, 200, 3), number, "uint8") for number in range(12)]
    found = align_video(model, images, detector=finding, redetect_every=4)
    assert [frame.detected for frame in found] == [True, False, False, False] * 3
    assert searched == [0, 4, 8]


def test_frames_are_read_in_a_thread_but_few_at_a_time(make):
    read, given = [], 0
    model = make.model()

    class Pictures(Sequence):
        def __len__(self):
            return 60

        def __getitem__(self, index):
            if index >= 60:
                raise IndexError
            read.append((index, threading.current_thread().name))
            return np.full((140, 200, 3), index, "uint8")

    for given, frame in enumerate(align_video(model, Pictures(), detector=lambda image: [BOX]), 1):
        assert frame.index == given - 1
        assert len(read) - given <= video.READ_AHEAD + video.DETECT_AHEAD + 1
    assert given == 60 and all(name.startswith("kerasalign-read") for _, name in read)
    drawn = []
    stream = (drawn.append(threading.current_thread().name) or Pictures()[0] for _ in range(3))
    for given, _ in enumerate(align_video(model, stream, detector=lambda image: [BOX]), 1):
        assert drawn == [threading.main_thread().name] * given


def test_what_goes_wrong_is_raised_where_its_frame_is_due(make, images):
    def blind_at_ten(image):
        if int(image[0, 0, 0]) == 10:
            raise RuntimeError("no such camera")
        return [BOX]

    plain = [np.full((140, 200, 3), number, "uint8") for number in range(20)]
    frames = iter(align_video(make.model(), plain, detector=blind_at_ten, redetect_every=5))
    assert [next(frames).index for _ in range(10)] == list(range(10))
    with pytest.raises(RuntimeError, match="no such camera"):
        next(frames)
    frames = iter(align_video(make.model(), [*plain[:9], b"no picture"], detector=lambda image: [BOX]))
    assert [next(frames).index for _ in range(9)] == list(range(9))
    with pytest.raises(ValueError, match="Cannot read"):
        next(frames)
    assert not running()


def test_leaving_a_video_ends_its_threads_and_closes_its_file(make, images, tmp_path):
    with VideoWriter(tmp_path / "clip.avi", 25) as writer:
        for image in images:
            writer.write(image)
    closed = []

    class Noting(VideoSource):
        def open_capture(self):
            capture = super().open_capture()
            release = capture.release
            return type(
                "Capture",
                (),
                {"read": capture.read, "get": capture.get, "release": lambda self: closed.append(release())},
            )()

    tracker = FaceTracker(make.model(), CallableDetector(lambda image: [BOX]))
    frames = iter(video.Video(Noting(tmp_path / "clip.avi"), tracker))
    closed.clear()
    next(frames)
    assert running() and not closed
    frames.close()
    assert not running() and len(closed) == 1


def test_a_file_is_drawn_and_written_behind_the_landmarks_in_order(make, images, tmp_path, monkeypatch):
    names, ahead_of_it, model = set(), threading.Event(), make.model()
    predict, write = model.predict_crops, VideoWriter.write

    def predicting(crops, **options):
        if len(model.batches) == 3:
            ahead_of_it.set()
        return predict(crops)

    def writing(self, image):
        names.add(threading.current_thread().name)
        assert ahead_of_it.wait(WAIT)  # the first frame is written when others have their landmarks
        return write(self, image)

    model.predict_crops = predicting
    monkeypatch.setattr(VideoWriter, "write", writing)
    plain = [np.full((140, 200, 3), 8 * number, "uint8") for number in range(12)]
    found = align_video(model, plain, detector=lambda image: [BOX]).save(tmp_path / "a.avi")
    assert [frame.index for frame in found] == list(range(12)) and len(names) == 1 and "write" in names.pop()
    for number, (_, image) in enumerate(VideoSource(tmp_path / "a.avi")):
        assert abs(int(image[0, 0, 0]) - 8 * number) < 6
    plain[5] = plain[5][:100]
    with pytest.raises(ValueError, match="size of the first"):
        align_video(model, plain, detector=lambda image: [BOX]).save(tmp_path / "b.avi")
    assert [path.name for path in tmp_path.iterdir()] == ["a.avi"] and not running()


def test_ahead_gives_what_was_begun_before_it_raises():
    def items():
        yield from range(3)
        raise RuntimeError("the fourth")

    for stream in (
        prefetch(lambda item: lambda: item, items(), 2),
        prefetch_in_thread(items(), 2, "kerasalign-a"),
        map_in_thread(lambda item: item, items(), 2, "kerasalign-b"),
    ):
        assert [next(stream) for _ in range(3)] == [0, 1, 2]
        with pytest.raises(RuntimeError, match="the fourth"):
            next(stream)
    assert list(prefetch_in_thread([], 3, "kerasalign-c")) == [] and not running()
