"""The tutorials run from top to bottom in a Jupyter kernel, with nothing given to them, and show what they promise."""

import re

import pytest

pytest.importorskip("ipykernel")
pytest.importorskip("fastapi")

from notebooks import NATIVE_LOG, TOP, TUTORIALS, page_of, run, stripped

NOTEBOOKS = sorted(TUTORIALS.glob("*.ipynb"))
# Old versions of huggingface_hub look for widgets of Jupyter, and nothing here needs these.
NO_WIDGETS = re.compile(r"^.*TqdmWarning: IProgress not found.*\n.*\n?", re.M)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Name of each tutorial to its notebook with outputs, run as they are: they are short enough."""
    return {path.stem: book for path, book in run(NOTEBOOKS, tmp_path_factory.mktemp("tutorials"))}


def said(book):
    """What a notebook prints and shows as text."""
    outputs = [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]
    return "\n".join(output.get("text") or output.data.get("text/plain", "") for output in outputs)


def numbers(pattern, book):
    found = re.search(pattern, said(book))
    assert found, f"{pattern} is not in:\n{said(book)}"
    return [float(number) for number in found.groups()]


def test_every_tutorial_is_in_the_navigation_and_committed_without_outputs():
    plan = (TOP / "mkdocs.yml").read_text("utf-8")
    assert len(NOTEBOOKS) == 10
    for path in NOTEBOOKS:
        assert f"tutorials/{path.name}" in plan and stripped(path), path.name


def test_no_tutorial_warns(ran):
    warnings = {
        name: NO_WIDGETS.sub("", NATIVE_LOG.sub("", output.text)).strip()
        for name, book in ran.items()
        for cell in book.cells
        for output in cell.get("outputs", ())
        if output.output_type == "stream" and output.name == "stderr" and "Skipped" not in output.text
    }
    assert not {name: text for name, text in warnings.items() if text}


def test_every_tutorial_is_a_page_with_pictures(ran):
    for name, book in ran.items():
        page, pictures = page_of(book, name)
        assert page.startswith("# ") and f"notebooks/{name}.ipynb" in page.split("\n\n")[1]
        assert all(f"]({name}/{file})" in page for file in pictures)
        assert pictures or name == "serve"
        assert sum(map(len, pictures.values())) < 2e6


def test_photos_give_faces_and_tables(ran):
    assert numbers(r"(\d+) faces\n", ran["first-landmarks"]) == [7]
    assert numbers(r"([\d.]+) px from what align gives", ran["first-landmarks"])[0] < 0.05
    assert "broken.jpg - " in said(ran["many-photos"])
    faces, columns = numbers(r"(\d+) rows, (\d+) columns", ran["many-photos"])
    assert faces >= 8 and columns > 136


def test_faces_of_a_video_keep_their_numbers(ran):
    tracks = re.findall(r"face \d+: frames (\d+) to (\d+)", said(ran["video"]))
    # A face that the edge still cuts may be found, lost again, and found anew: a short track of its own.
    assert len([first for first, last in tracks if int(last) - int(first) >= 5]) == 7 and len(tracks) <= 8
    raw, smoothed = numbers(r"raw: ([\d.]+) %(?:.|\n)*smoothed: ([\d.]+) %", ran["video"])
    assert smoothed < raw / 2


def test_training_lowers_the_error(ran):
    before, after = numbers(r"held-out photos: ([\d.]+) % before, ([\d.]+) % after", ran["own-points"])
    assert after < before / 2
    assert numbers(r"([\d.]+) px apart", ran["own-points"])[0] < 0.02
    trained, default = numbers(r"60 steps: NME ([\d.]+) %(?:.|\n)*ships: NME ([\d.]+) %", ran["train-and-measure"])
    assert default < trained < 60


def test_other_runtimes_agree(ran):
    onnx, litert = numbers(r"ONNX: 7 faces, on average ([\d.]+) px(?:.|\n)*LiteRT.*average ([\d.]+) px", ran["export"])
    assert onnx < 0.05 and litert < 1
    assert numbers(r"from align: ([\d.]+) px", ran["export"])[0] < 1
    assert numbers(r"from ONNX: ([\d.]+) px", ran["export"])[0] < 1


def test_alignment_helps_recognition(ran):
    unaligned, aligned = numbers(r"no alignment: ([\d.]+) %(?:.|\n)*five points: ([\d.]+) %", ran["verify-faces"])
    assert aligned > unaligned + 5
    assert re.search(r"the same person: .* accepted\nsomeone else: .* refused", said(ran["verify-faces"]))


def test_presets_are_checked_before_they_are_published(ran):
    for name in ("own-points", "publish"):
        assert re.search(r"'model.weights.h5': \d+", said(ran[name]))
    assert '"paper": "musica"' in said(ran["publish"])


def test_the_server_answers_and_shares_passes(ran):
    text = said(ran["serve"])
    assert "7 faces;" in text and "415 " in text
    assert re.search(r"^40 photos in", text, re.MULTILINE)
    assert re.search(r"passe?s?: .*[2-8]: \d+", text)
