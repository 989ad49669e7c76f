import io
import logging

import numpy as np
import pytest
from PIL import Image

from kerasalign.detection import get_detector
from kerasalign.geometry import BoxMap, CropSpec
from kerasalign.inference import Batch, CallableDetector, Detection, Face, Faces, align, align_iter
from kerasalign.support.images import ImageError

BOX = (50, 30, 90, 70)
ONE_PIXEL = 0.02


def png(image, **options):
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "PNG", **options)
    return stream.getvalue()


def test_landmarks_are_in_pixels_of_the_photo(model, detector, make):
    faces = align(model, make.photo([BOX]), detector=detector)
    assert isinstance(faces, Faces) and len(faces) == 1 and isinstance(faces[0], Face)
    np.testing.assert_allclose(faces[0].landmarks, make.expected(BOX), atol=ONE_PIXEL)
    np.testing.assert_array_equal(faces[0].box, BOX)
    assert faces[0].score == 0.5 and faces.size == (160, 120) and faces[0].landmarks.dtype == np.float64


def test_every_kind_of_photo(tmp_path, model, detector, make):
    image = make.photo([BOX])
    path = tmp_path / "face.png"
    path.write_bytes(png(image))
    data = path.read_bytes()
    for source in (path, str(path), data, io.BytesIO(data), Image.open(path), image):
        faces = align(model, source, detector=detector)
        np.testing.assert_allclose(faces.landmarks, make.expected(BOX)[None], atol=ONE_PIXEL)
        np.testing.assert_array_equal(faces.image, image)


def test_exif_rotated_photo_is_aligned_upright(model, detector, make):
    exif = Image.Exif()
    exif[0x0112] = 6
    data = png(np.ascontiguousarray(np.rot90(make.photo([BOX]))), exif=exif)
    faces = align(model, data, detector=detector)
    assert faces.size == (160, 120)
    np.testing.assert_allclose(faces.landmarks, make.expected(BOX)[None], atol=ONE_PIXEL)


def test_photo_with_alpha_and_gray_and_sixteen_bit_photos(model, make):
    image = make.photo([BOX])
    boxes = [BOX]
    rgba = np.dstack([image, np.full(image.shape[:2], 255, "uint8")])
    for source in (png(rgba), png(image[..., 0]), png(image[..., 0].astype("uint16") * 257)):
        faces = align(model, source, boxes=boxes)
        np.testing.assert_allclose(faces.landmarks, make.expected(BOX)[None], atol=ONE_PIXEL)


def test_photo_without_a_face_gives_empty_faces(model, detector, make):
    faces = align(model, make.photo([]), detector=detector)
    assert isinstance(faces, Faces) and len(faces) == 0 and list(faces) == [] and not faces.problem
    assert faces.landmarks.shape == (0, 68, 2) and faces.boxes.shape == (0, 4)
    assert faces.to("5").landmarks.shape == (0, 5, 2)
    np.testing.assert_array_equal(np.asarray(faces.draw()), faces.image)


@pytest.mark.parametrize("box", [(0, 0, 30, 30), (140, 90, 159, 119), (0, 0, 159, 119)])
def test_faces_at_the_border(model, detector, make, box):
    faces = align(model, make.photo([box]), detector=detector)
    np.testing.assert_allclose(faces[0].landmarks, make.expected(box), atol=ONE_PIXEL)


def test_given_boxes_may_reach_outside_the_photo_and_keep_their_order(model, make):
    boxes = np.array([[-20, -30, 25, 20], [150, 100, 300, 260], [-90, -90, 40, 40]], "float64")
    faces = align(model, make.photo([]), boxes=boxes)
    np.testing.assert_array_equal(faces.boxes, boxes)
    for face, box in zip(faces, boxes):
        np.testing.assert_allclose(face.landmarks, make.expected(box), atol=0.1)
    assert len(align(model, make.photo([BOX]), boxes=[])) == 0


def test_box_map_turns_the_detectors_box_into_the_landmark_box(model, make):
    tall = CallableDetector(lambda image: [(40, 0, 80, 80)], BoxMap(scale=(1.0, 0.5), shift=(0.25, 0.125)))
    faces = align(model, make.photo([]), detector=tall)
    np.testing.assert_allclose(faces[0].landmarks, make.expected((50, 30, 90, 70)), atol=ONE_PIXEL)
    np.testing.assert_array_equal(faces[0].box, (40, 0, 80, 80))


def test_a_model_that_takes_the_detectors_own_boxes_gets_them_unmapped(make):
    model = make.model(CropSpec(size=64, scale=1.6, box="tall"))
    tall = CallableDetector(lambda image: [BOX], BoxMap(scale=(3.0, 3.0)), name="tall")
    faces = align(model, make.photo([]), detector=tall)
    np.testing.assert_allclose(faces[0].landmarks, make.expected(BOX), atol=ONE_PIXEL)
    np.testing.assert_allclose(align(model, make.photo([]), boxes=[BOX]).landmarks, faces.landmarks)


def test_boxes_of_the_wrong_kind_are_refused_before_work_starts(make, detector):
    model = make.model(CropSpec(size=64, scale=1.6, box="other"))
    with pytest.raises(ValueError, match=r"'square'.*kind='other'"):
        align(model, [make.photo([BOX])], detector=detector)
    assert detector.photos == 0


def test_angle_of_a_detection_turns_the_crop(model, make):
    turned = CallableDetector(lambda image: [Detection(BOX, angle=90.0)])
    middle = np.array([70.0, 50.0])
    upright = make.expected(BOX) - middle
    faces = align(model, make.photo([]), detector=turned)
    clockwise = np.stack([-upright[:, 1], upright[:, 0]], -1) + middle
    np.testing.assert_allclose(faces[0].landmarks, clockwise, atol=ONE_PIXEL)
    assert faces[0].angle == faces.to_dict()["faces"][0]["angle"] == 90.0


def test_extra_outputs_reach_the_face(make, detector):
    model = make.model(error=3.5, iterations=2, failed=True)
    face = align(model, make.photo([BOX]), detector=detector)[0]
    assert (face.error, face.iterations, face.failed) == (3.5, 2, True)


@pytest.mark.parametrize("refine", [0, 1, 2])
def test_refine_crops_by_the_landmarks_box(make, detector, refine):
    model = make.model(shrink=0.5)
    faces = align(model, make.photo([BOX]), detector=detector, refine=refine)
    half = 20 * 0.5 ** (refine + 1)  # each pass halves the box that the next one crops by
    last = (70 - half, 50 - half, 70 + half, 50 + half)
    np.testing.assert_allclose(faces[0].landmarks, make.expected(last), atol=ONE_PIXEL)
    np.testing.assert_array_equal(faces[0].box, BOX)
    assert len(model.batches) == refine + 1


@pytest.mark.parametrize("refine", [0, 1, 2])
def test_refine_turns_the_crop_upright(make, detector, refine):
    model = make.model(turn=20.0)
    (face,) = align(model, make.photo([BOX]), detector=detector, refine=refine)
    assert model.markup.upright_angle(face.landmarks) == pytest.approx(20.0 * (refine + 1), abs=1e-3)


def test_only_faces_whose_landmarks_disagree_with_their_crop_are_cropped_again(make, detector):
    upright, wide = (10, 20, 49, 59), (80, 40, 149, 60)
    model = make.model()
    first, second = align(model, make.photo([upright, wide]), detector=detector, refine=2)
    assert model.batches == [2, 1]  # the landmarks of a wide box are as high as it is wide
    for face, box in ((first, upright), (second, wide)):
        np.testing.assert_allclose(face.landmarks, make.expected(box), atol=ONE_PIXEL)
    turned = make.model(turn=6.0)
    align(turned, make.photo([upright]), detector=detector, refine=1)
    assert turned.batches == [1, 1]


def test_refine_survives_collapsed_landmarks(make, detector):
    faces = align(make.model(shrink=0.0), make.photo([BOX]), detector=detector, refine=2)
    np.testing.assert_allclose(faces[0].landmarks, np.tile([70.0, 50.0], (68, 1)), atol=ONE_PIXEL)


def test_list_gives_a_batch_in_order_with_shared_forward_passes(model, detector, make):
    boxes = [[BOX], [], [(10, 10, 40, 40), BOX, (100, 20, 150, 70)], [(20, 20, 60, 60)]]
    batch = align(model, [make.photo(item) for item in boxes], detector=detector, batch_size=3)
    assert isinstance(batch, Batch) and [len(faces) for faces in batch] == [1, 0, 3, 1]
    assert model.batches == [3, 1, 1] and batch.errors == []
    for faces, item in zip(batch, boxes):
        for face, box in zip(faces, item):
            np.testing.assert_allclose(face.landmarks, make.expected(box), atol=ONE_PIXEL)


def test_one_photo_in_a_list_is_a_batch_and_an_empty_list_an_empty_one(model, detector, make):
    batch = align(model, [make.photo([BOX])], detector=detector)
    assert isinstance(batch, Batch) and len(batch) == 1
    assert isinstance(align(model, [], detector=detector), Batch)
    assert len(align(model, (), detector=detector)) == 0


@pytest.fixture
def folder(tmp_path, make):
    (tmp_path / "b.png").write_bytes(png(make.photo([BOX])))
    (tmp_path / "d_landscape.png").write_bytes(png(make.photo([])))
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), "uint8")
    Image.fromarray(noise).save(tmp_path / "a.jpg")
    data = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(data[: len(data) // 2])
    (tmp_path / "c.jpg").write_text("no pixels here")
    (tmp_path / "e.jpg").write_bytes(b"")
    (tmp_path / "f.png").write_bytes(png(make.photo([BOX, (110, 20, 150, 60)])))
    (tmp_path / "readme.txt").write_text("not a photo and not called one")
    return tmp_path


def test_folder_with_broken_files_reports_them_and_goes_on(folder, model, detector, caplog):
    with caplog.at_level(logging.WARNING):
        batch = align(model, folder, detector=detector)
    names = [photo.source.name for photo in batch]
    assert names == ["a.jpg", "b.png", "c.jpg", "d_landscape.png", "e.jpg", "f.png"]
    assert [len(photo) for photo in batch] == [0, 1, 0, 0, 0, 2]
    assert [error.index for error in batch.errors] == [0, 2, 4]
    assert [error.source.name for error in batch.errors] == ["a.jpg", "c.jpg", "e.jpg"]
    assert "damaged" in batch.errors[0].reason and "empty" in batch.errors[2].reason
    assert not batch[3].problem and batch[2].problem == batch.errors[1].reason
    for name in ("a.jpg", "c.jpg", "e.jpg"):
        assert name in caplog.text


def test_broken_file_can_raise_and_a_single_one_always_does(folder, model, detector):
    with pytest.raises(ImageError, match=r"a\.jpg"):
        align(model, folder, detector=detector, on_error="raise")
    with pytest.raises(ImageError, match=r"c\.jpg"):
        align(model, folder / "c.jpg", detector=detector)
    with pytest.raises(ImageError, match="no such file"):
        align(model, folder / "gone.jpg", detector=detector)


def test_empty_folder_and_sub_folders(tmp_path, model, detector, make, caplog):
    assert len(align(model, tmp_path, detector=detector)) == 0
    assert "No photos" in caplog.text
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.png").write_bytes(png(make.photo([BOX])))
    assert len(align(model, tmp_path, detector=detector)) == 0
    assert len(align(model, str(tmp_path), detector=detector, recursive=True)[0]) == 1


def test_boxes_for_a_list(model, make):
    photos = [make.photo([]), make.photo([])]
    batch = align(model, photos, boxes=[[BOX], np.zeros((0, 4))])
    assert [len(faces) for faces in batch] == [1, 0]
    with pytest.raises(ValueError, match=r"`boxes`.*2 photos"):
        align(model, photos, boxes=[[BOX]])


def test_stream_is_lazy_and_holds_no_pixels(model, detector, make):
    read = []

    def photos():
        for i in range(100):
            read.append(i)
            yield png(make.photo([BOX]))

    stream = align_iter(model, photos(), detector=detector, batch_size=4)
    assert read == []
    first = next(stream)
    assert len(first) == 1 and len(read) < 30
    np.testing.assert_array_equal(first.image, make.photo([BOX]))
    assert first.image is not first.image, "read again each time"


@pytest.mark.parametrize("where", ["photos", "detector"])
def test_what_was_found_before_an_error_is_given_first(model, detector, make, where):
    looked = []

    def find(image):
        looked.append(1)
        if where == "detector" and len(looked) == 6:
            raise RuntimeError("the sixth")
        return detector.detect(image)

    def photos():
        yield from [make.photo([BOX])] * 5
        if where == "photos":
            raise RuntimeError("the sixth")
        yield from [make.photo([BOX])] * 5

    stream = align_iter(model, photos(), detector=find)
    # The detector gets four photos together: those of its last group are lost with it.
    assert [len(next(stream)) for _ in range(5 if where == "photos" else 4)] == [1] * (5 if where == "photos" else 4)
    with pytest.raises(RuntimeError, match="the sixth"):
        list(stream)


def test_predict_options_reach_the_model(model, detector, make):
    align(model, make.photo([BOX]), detector=detector, early_exit=False)
    (options,) = model.options
    assert options["early_exit"] is False and "landmarks" in options["outputs"]


def test_a_model_is_asked_only_for_the_outputs_that_faces_keep(make, detector):
    class Asked(make.model):
        runtime = "keras"

        def predict_crops(self, crops, outputs=None, **options):
            maps = {"heatmaps": np.zeros((len(crops), 9, 9))}
            found = super().predict_crops(crops, outputs=outputs, **options) | maps
            return {key: found[key] for key in found if key in outputs}

    model = Asked(error=2.0, shrink=0.5)
    (face,) = align(model, make.photo([BOX]), detector=detector, refine=1)
    assert face.error == 2.0 and "heatmaps" not in model.options[0]["outputs"]
    assert {"landmarks", "error", "iterations", "failed", "confidence"} == set(model.options[1]["outputs"])


@pytest.mark.parametrize(
    "options",
    [
        {"refine": -1},
        {"refine": 1.5},
        {"batch_size": 0},
        {"on_error": "ignore"},
        {"detector": "dlib"},
        {"detector": 3},
        {"boxes": [(1, 2, 3)]},
        {"boxes": [(5, 5, 1, 9)]},
        {"boxes": [(0, 0, np.nan, 3)]},
        {"boxes": [(10_000, 10, 10_050, 60)]},
        {"boxes": [(0.2, 0.2, 0.6, 0.7)]},
        {"boxes": [(20, 20, 20.001, 20.001)]},
        {"boxes": [(-5000, -5000, 5000, 5000)]},
        {"boxes": "A" * 9000},
        {"detector": lambda image: [(0.2, 0.2, 0.6, 0.7)]},
        {"max_faces": 0},
        {"min_score": 1.5},
    ],
)
def test_wrong_arguments_are_refused(model, make, options):
    with pytest.raises(ValueError, match="Received") as caught:
        align(model, make.photo([BOX]), **{"detector": lambda image: []} | options)
    assert model.batches == [] and len(str(caught.value)) < 600


def test_a_misspelt_option_is_refused_without_a_face_too(make):
    class StrictModel(make.model):
        def predict_crops(self, crops, batch_size=64, outputs=None, early_exit=True):
            return super().predict_crops(crops, outputs=outputs)

    for wrong, meant in (("early_exitt", "early_exit"), ("refin", "refine")):
        with pytest.raises(ValueError, match=rf"is '{meant}' meant\?.*Received: {wrong}=1"):
            align(StrictModel(), make.photo([]), detector=lambda image: [], **{wrong: 1})
    assert len(align(StrictModel(), make.photo([]), detector=lambda image: [], early_exit=False)) == 0


def test_the_largest_faces_of_a_high_enough_score(model, make):
    found = [(10, 10, 30, 30, 0.9), (50, 10, 90, 50, 0.4), (10, 60, 40, 90, 0.6), (100, 60, 150, 110, 0.8)]
    photo = make.photo([])

    def scores(**options):
        return [face.score for face in align(model, photo, detector=lambda image: found, **options)]

    assert scores() == [0.9, 0.4, 0.6, 0.8]
    assert scores(max_faces=2) == [0.4, 0.8]
    assert scores(min_score=0.5) == [0.9, 0.6, 0.8]
    assert scores(max_faces=2, min_score=0.5) == [0.6, 0.8]
    faces = align(model, photo, boxes=[box[:4] for box in found], max_faces=1)
    np.testing.assert_allclose(faces.landmarks[0], make.expected(found[3][:4]), atol=1e-4)
    assert get_detector("kerasalign", min_score=0.7).min_score == 0.7


def test_an_empty_path_is_no_folder(model, tmp_path, monkeypatch, make):
    Image.fromarray(make.photo([])).save(tmp_path / "a.png")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ImageError, match="the path is empty"):
        align(model, "")


def test_refine_needs_landmark_boxes_and_align_a_markup(make, detector):
    with pytest.raises(ValueError, match="refine"):
        align(make.model(CropSpec(64, 1.6, box="square")), make.photo([BOX]), detector=detector, refine=1)
    model = make.model()
    model.markup = None
    with pytest.raises(ValueError, match="markup"):
        align(model, make.photo([BOX]), detector=detector)


def test_progress_bar_only_on_request_where_there_is_no_terminal(model, detector, make, capsys):
    photos = [make.photo([BOX])] * 3
    align(model, photos, detector=detector)
    assert capsys.readouterr() == ("", "")
    assert len(align(model, photos, detector=detector, progress=True)) == 3
    assert "Aligning" in capsys.readouterr().err
