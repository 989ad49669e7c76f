"""Videos: one face is found once and followed, lost, met again; noise is smoothed; files are written and read."""

import base64
import json
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from kerasalign.datasets.miniature import draw_clip, write_clip
from kerasalign.inference import align_video
from kerasalign.inference.video import FaceTracker, OneEuroFilter, VideoSource, VideoWriter, jitter
from kerasalign.markups import get_markup


@pytest.fixture
def seeing(make):
    """A model that puts the mean shape on the green square of a crop, and in its middle where there is none."""

    class Seeing(make.model):
        def __init__(self, noise=0.0, fails=False, **outputs):
            super().__init__(**outputs)
            self.noise, self.fails = noise, fails
            self.rng = np.random.default_rng(0)

        runtime = "keras"

        def predict_crops(self, crops, **options):
            out = super().predict_crops(crops, **options)
            for i, crop in enumerate(crops):
                rows, columns = np.nonzero((crop[..., 1] > 170) & (crop[..., 0] < 110))
                if len(rows):
                    side = columns.max() - columns.min() + 1
                    center = [columns.min() + columns.max(), rows.min() + rows.max()]
                    out["landmarks"][i] = self.markup.mean_shape * side + np.array(center) / 2
            if "confidence" in out:
                out["confidence"] = np.tile(out["confidence"][:, None], (1, 68))
            out["landmarks"] += self.rng.normal(0, self.noise, out["landmarks"].shape).astype("float32")
            if self.fails:
                out["failed"] = np.array([not ((c[..., 1] > 170) & (c[..., 0] < 110)).any() for c in crops])
            return out

    return Seeing


def walk(make, places, side=40):
    """A frame for each list of top-left corners."""
    return [make.photo([(x, y, x + side - 1, y + side - 1) for x, y in corners], size=(200, 140)) for corners in places]


STEPS = [[(10 + 4 * i, 20 + 2 * i)] for i in range(20)]


def test_a_face_is_found_once_and_followed(make, seeing, detector):
    frames = list(align_video(seeing(), walk(make, STEPS), detector=detector, redetect_every=0, fps=10))
    assert detector.photos == 1 and [frame.detected for frame in frames] == [True] + 19 * [False]
    for frame, ((x, y),) in zip(frames, STEPS):
        assert frame.tracks == (1,)
        wanted = make.expected((x, y, x + 39, y + 39))
        assert np.abs(frame.faces[0].landmarks - wanted).max() < 2.5
    assert frames[3].seconds == pytest.approx(0.3) and frames[3].faces.size == (200, 140)


def test_each_frame_is_cropped_upright_by_the_landmarks_of_the_one_before(make, detector):
    # Its points lie turned by 12 degrees in every crop: further from frame to frame if crops turn with them.
    model = make.model(shrink=0.9, turn=12.0)
    frames = align_video(model, 4 * [make.photo([(60, 30, 119, 89)])], detector=detector, redetect_every=0)
    angles = [model.markup.upright_angle(frame.faces[0].landmarks) for frame in frames]
    np.testing.assert_allclose(np.diff(angles), 12.0, atol=1e-3)


def test_a_second_pass_begins_anew(make, seeing, detector):
    video = align_video(seeing(), walk(make, STEPS), detector=detector)
    first, second = list(video), list(video)
    np.testing.assert_array_equal(first[9].faces.landmarks, second[9].faces.landmarks)
    assert second[0].detected and second[0].tracks == (2,)


def test_a_face_that_vanishes_is_dropped_at_the_next_look_and_met_again(make, seeing, detector):
    places = 8 * [[(20, 30)]] + 8 * [[]] + 8 * [[(130, 60)]]
    frames = list(align_video(seeing(), walk(make, places), detector=detector, redetect_every=5))
    # A network without a confidence goes on where the face was, until the detector has looked in frames 10, 11 and 12.
    assert [len(frame.faces) for frame in frames] == 12 * [1] + 4 * [0] + 8 * [1]
    assert frames[-1].tracks == (2,)
    assert detector.photos < 14


class Blinking:
    """A detector that misses everything in some of `STEPS`; with an `answer` it verifies faces."""

    def __init__(self, detector, blind, answer=None):
        self.blind, self.answer, self.shown = blind, answer, []

        class Seen(type(detector)):
            def detect(seen, image):
                found = super().detect(image)
                return [one for one in found if round((one.box[0] - 10) / 4) not in self.blind]

            def verify_faces(seen, image, detections):
                self.shown += detections
                return None if self.answer is None else [self.answer] * len(detections)

        self.detector = Seen()


def test_a_face_that_the_detector_misses_once_keeps_its_number(make, seeing, detector):
    blinking = Blinking(detector, {5, 6})
    frames = list(align_video(seeing(), walk(make, STEPS), detector=blinking.detector, redetect_every=5))
    assert all(frame.tracks == (1,) for frame in frames)
    # Frames 5, 6 and 7: missed, missed, found. The next detection is five frames later.
    assert [frame.detected for frame in frames][:13] == [i in (0, 5, 6, 7, 12) for i in range(13)]


@pytest.mark.parametrize("answer", [True, False])
def test_a_detector_that_can_verify_a_face_decides(make, seeing, detector, answer):
    blinking = Blinking(detector, {5}, answer)
    frames = list(align_video(seeing(), walk(make, STEPS[:8]), detector=blinking.detector, redetect_every=5))
    assert [frame.tracks for frame in frames] == 5 * [(1,)] + ([(1,)] * 3 if answer else [(), (2,), (2,)])
    (place,) = blinking.shown
    assert np.abs(place.box[:2] - STEPS[5][0]).max() < 5


def test_a_head_that_turns_upside_down_is_followed_by_the_default_detector():
    """The whole picture's search finds no face that is turned by more than about 50 degrees."""
    import kerasalign
    from kerasalign.geometry import about, rotation, warp
    from kerasalign.runtimes.crops import PORTRAIT
    from kerasalign.support.images import load_image

    photo = load_image(PORTRAIT)
    model = kerasalign.load("musica19-synth")
    middle = model.align(photo)[0].landmarks.mean(0)
    turned = [warp(photo, about(middle, rotation(6.0 * i)), photo.shape[1::-1]) for i in range(30)]
    frames = list(model.align_video(turned, redetect_every=3, max_faces=1))
    assert [frame.tracks for frame in frames] == 30 * [(1,)]


@pytest.mark.parametrize("options", [{"fails": True}, {"fails": True, "error": 3.0}])
def test_a_failure_that_the_model_tells_is_a_loss_at_once(make, seeing, detector, options):
    places = 8 * [[(20, 30)]] + 4 * [[]] + 4 * [[(130, 60)]]
    frames = list(align_video(seeing(**options), walk(make, places), detector=detector, redetect_every=0))
    assert [frame.tracks for frame in frames] == 8 * [(1,)] + 4 * [()] + 4 * [(2,)]


@pytest.mark.parametrize(
    ("outputs", "limit"), [({"error": 9.0}, {"max_error": 8.0}), ({"confidence": 0.2}, {"min_confidence": 0.4})]
)
def test_bounds_of_error_and_confidence(make, seeing, detector, outputs, limit):
    model = seeing()
    model.outputs = outputs
    images = walk(make, STEPS[:3])
    assert all(
        len(frame.faces) for frame in align_video(model, images, detector=detector, max_error=100.0, min_confidence=0.1)
    )
    assert not any(len(frame.faces) for frame in align_video(model, images, detector=detector, **limit))


def test_a_jump_is_a_loss_and_the_face_is_found_where_it_went(make, seeing, detector):
    places = 5 * [[(20, 30)]] + 5 * [[(52, 30)]]
    frames = list(align_video(seeing(), walk(make, places), detector=detector, redetect_every=0))
    # From the old place the crop still shows the square, but hardly any of the old box.
    assert [frame.tracks for frame in frames] == 5 * [(1,)] + 5 * [(2,)]
    assert [frame.detected for frame in frames] == [True] + 4 * [False] + [True] + 4 * [False]


def test_a_shape_that_is_no_face_is_refused(make, seeing, detector):
    model = seeing(noise=14.0)
    assert not any(len(frame.faces) for frame in align_video(model, walk(make, STEPS[:3]), detector=detector))


def test_several_faces_keep_their_numbers_and_the_largest_come_first(make, seeing, detector):
    def frame(i):
        small = [] if i > 11 else [(140, 20 + i, 163, 43 + i)]
        return make.photo([(20 + i, 40, 69 + i, 89), *small], size=(200, 140))

    images = [frame(i) for i in range(16)]
    frames = list(align_video(seeing(), images, detector=detector, redetect_every=4))
    assert frames[0].tracks == (1, 2) and frames[11].tracks == (1, 2) and frames[-1].tracks == (1,)
    assert np.ptp(frames[5].faces[0].landmarks[:, 0]) > np.ptp(frames[5].faces[1].landmarks[:, 0])
    alone = list(align_video(seeing(), images, detector=detector, redetect_every=4, max_faces=1))
    assert all(frame.tracks == (1,) for frame in alone)


def test_smoothing_quietens_a_still_face_and_hardly_lags_behind_a_moving_one(make, seeing, detector):
    still = walk(make, 60 * [[(60, 50)]])
    rough, quiet = (
        [frame.faces[0].landmarks for frame in align_video(seeing(noise=0.5), still, detector=detector, smooth=smooth)]
        for smooth in (False, True)
    )
    assert jitter(quiet[10:]) < 0.4 * jitter(rough[10:])
    # Half a face a second at 25 frames a second.
    moving = walk(make, [[(10 + round(0.8 * i), 50)] for i in range(60)])
    rough, quiet = (
        np.array([one.faces[0].landmarks for one in align_video(seeing(), moving, detector=detector, smooth=smooth)])
        for smooth in (False, True)
    )
    assert np.abs((rough - quiet).mean((1, 2)))[30:].max() < 1.0


def test_one_euro_by_its_definition():
    """Casiez et al.: low-pass with cutoff min_cutoff + beta * |speed|, here in sizes of the face."""
    rng = np.random.default_rng(0)
    shape = get_markup("5").mean_shape * 100 + 50
    sequence = shape + rng.normal(0, 2, (6, 5, 2)).cumsum(0)
    smooth = OneEuroFilter(min_cutoff=0.8, beta=2.0, derivative_cutoff=1.5)
    found = [smooth(points, i / 10) for i, points in enumerate(sequence)]

    def share(cutoff):
        return 1 / (1 + 10 / (2 * np.pi * cutoff))

    held, speed = sequence[0], 0.0
    for points, got in zip(sequence[1:], found[1:]):
        speed = speed + share(1.5) * ((points - held) * 10 - speed)
        size = max(np.ptp(points, axis=0))
        cutoff = 0.8 + 2.0 * np.hypot(*speed.T)[:, None] / size
        held = held + share(cutoff) * (points - held)
        np.testing.assert_allclose(got, held, rtol=1e-9)
    np.testing.assert_array_equal(found[0], sequence[0])
    np.testing.assert_array_equal(smooth.fresh()(shape, 5.0), shape)


def test_jitter_is_movement_in_percent_of_the_face():
    shape = get_markup("5").mean_shape * 50
    sequence = np.stack([shape, shape + np.array([3, 4]), shape])
    assert jitter(sequence) == pytest.approx(100 * 5 / max(np.ptp(shape, axis=0)))
    with pytest.raises(ValueError, match="Received: shape"):
        jitter(shape[None])


@pytest.mark.parametrize("name", ["drawn.avi", "drawn.mp4", "drawn.webm"])
def test_an_annotated_video_is_written_beside_the_results(make, seeing, detector, tmp_path, name):
    video = align_video(seeing(), walk(make, STEPS), detector=detector, fps=12)
    frames = video.save(tmp_path / name, boxes=True)
    assert [path.name for path in tmp_path.iterdir()] == [name] and len(frames) == 20
    source = VideoSource(tmp_path / name)
    images = [image for _, image in source]
    assert source.fps == pytest.approx(12) and source.count == len(images) == 20
    plain = walk(make, STEPS)[7]
    assert images[7].shape == plain.shape
    x, y = frames[7].faces[0].landmarks[30]  # the nose's tip, drawn over the green square
    spot = np.s_[int(y) - 2 : int(y) + 3, int(x) - 2 : int(x) + 3]
    assert np.abs(images[7][spot].astype(int) - plain[spot]).max() > 60
    with pytest.raises(Exception, match=r"[Nn]ot|is not"):
        frames[0].faces.image  # noqa: B018  (pixels are not kept)
    assert json.loads(json.dumps(frames[2].to_dict()))["faces"][0]["track"] == 1


def test_a_video_that_fails_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match="size of the first"), VideoWriter(tmp_path / "a.avi", 25) as writer:
        writer.write(np.zeros((21, 31, 3), "uint8"))
        writer.write(np.zeros((20, 31, 3), "uint8"))
    with pytest.raises(ValueError, match="at least one frame"), VideoWriter(tmp_path / "a.avi", 25):
        pass
    assert not list(tmp_path.iterdir())
    with pytest.raises(ValueError, match=r"Received: path=.*a\.gif"):
        VideoWriter(tmp_path / "a.gif", 25)
    with VideoWriter(tmp_path / "odd.mp4", 25) as writer:
        writer.write(np.zeros((21, 31, 3), "uint8"))
    assert next(iter(VideoSource(tmp_path / "odd.mp4")))[1].shape == (22, 32, 3)


def test_frames_of_a_file_come_in_order_with_their_times(tmp_path):
    frames, landmarks = draw_clip(np.random.default_rng(0), "5", 10, height=80)
    write_clip(tmp_path / "clip.avi", frames, fps=20)
    found = list(VideoSource(tmp_path / "clip.avi"))
    np.testing.assert_allclose([seconds for seconds, _ in found], np.arange(10) / 20, atol=1e-3)
    for (_, image), frame in zip(found, frames, strict=True):
        assert np.abs(image.astype(int) - frame).mean() < 12
    assert np.abs(np.diff(landmarks, axis=0)).max() > 0.5


def test_an_address_of_a_file_has_the_times_of_the_video(tmp_path):
    frames, _ = draw_clip(np.random.default_rng(0), "5", 4, height=80)
    write_clip(tmp_path / "slow clip.avi", frames, fps=2)
    source = VideoSource((tmp_path / "slow clip.avi").as_uri())
    assert source.count == 4 and source.is_recorded and not source.is_camera
    np.testing.assert_allclose([seconds for seconds, _ in source], np.arange(4) / 2, atol=1e-3)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


def test_a_file_of_a_server_has_the_times_of_the_video(tmp_path):
    frames, _ = draw_clip(np.random.default_rng(0), "5", 4, height=80)
    write_clip(tmp_path / "slow.avi", frames, fps=2)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            source = VideoSource(f"http://127.0.0.1:{server.server_port}/slow.avi")
            times = [seconds for seconds, _ in source]
        finally:
            server.shutdown()
            thread.join()
    assert not source.is_camera
    np.testing.assert_allclose(times, np.arange(4) / 2, atol=1e-3)


def test_a_video_whose_codec_is_missing_says_so(tmp_path):
    frames, _ = draw_clip(np.random.default_rng(0), "5", 4, height=80)
    write_clip(tmp_path / "clip.avi", frames)
    data = (tmp_path / "clip.avi").read_bytes()
    (tmp_path / "clip.avi").write_bytes(data.replace(b"MJPG", b"QQQQ"))
    with pytest.raises(ValueError, match=r"cannot read|decodes no frame.*lacks its codec"):
        VideoSource(tmp_path / "clip.avi")


def test_one_image_is_no_video(make):
    with pytest.raises(ValueError, match=r"\(T, H, W, 3\); `align` takes a single image"):
        VideoSource(make.photo([]))
    assert VideoSource(np.stack([make.photo([])] * 2)).count == 2


@pytest.mark.parametrize(
    ("source", "error"),
    [("nowhere.mp4", FileNotFoundError), ("text.mp4", ValueError), (2.5, ValueError), (97, ValueError)],
)
def test_sources_that_are_none(tmp_path, source, error):
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(error, match="Received: source="):
        VideoSource(tmp_path / source if isinstance(source, str) else source)


def test_wrong_arguments(seeing, make, detector):
    with pytest.raises(ValueError, match="Received: search_every=0"):
        FaceTracker(seeing(), detector, search_every=0)
    with pytest.raises(ValueError, match="'dlib' boxes"):
        from kerasalign.geometry import CropSpec

        FaceTracker(make.model(CropSpec(size=64, scale=1.6, box="dlib")), detector)
    for wrong in ({"min_cutoff": 0}, {"beta": -1}, {"derivative_cutoff": 0}):
        with pytest.raises(ValueError, match="Received"):
            OneEuroFilter(**wrong)


# Two gray frames by `ffmpeg -f lavfi -i color=c=gray:size=64x64:rate=5:duration=0.4 -c:v libaom-av1 -crf 63 av1.ivf`.
AV1 = (
    "REtJRgAAIABBVjAxQABAAAUAAAABAAAAAgAAAAAAAAAbAAAAAAAAAAAAAAASAAoKAAAAAq//m18gCDILEAD6gAACwAAAAoAVAAAAAQAAAAAAAAAS"
    "ADIRMAPAgAAABv+AAALAACAAmRA="
)


def test_av1_is_decoded_or_named(tmp_path):
    path = tmp_path / "av1.ivf"
    path.write_bytes(base64.b64decode(AV1))
    try:
        frames = [image for _, image in VideoSource(path)]
    except ValueError as error:
        assert "does not decode AV1; convert it" in str(error) and "damaged" not in str(error)
    else:
        assert [frame.shape for frame in frames] == [(64, 64, 3)] * 2
