"""The notebook runs from top to bottom, with a short training, and shows what it promises."""

import ast
import json
import shutil
from pathlib import Path

import pytest

from kerasalign.markups import unregister_markup

NOTEBOOK = Path(__file__).resolve().parents[2] / "examples" / "portraits.ipynb"
CELLS = [cell for cell in json.loads(NOTEBOOK.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]


def run(source, names):
    """Runs a cell as a notebook does, and returns the value of its last expression."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names) if last else None


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """The value that each cell shows with its HTML, the folder, and the variables at the end."""
    folder, values, names = tmp_path_factory.mktemp("notebook"), [], {}
    shutil.copytree(NOTEBOOK.with_name("portraits"), folder / "portraits")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for cell in CELLS:
            value = run("".join(cell["source"]), names)
            # As a notebook does: at once, and in its folder.
            values.append((value, value._repr_html_() if hasattr(value, "_repr_html_") else ""))
            if "parameters" in cell["metadata"].get("tags", ()):
                names["epochs"] = 2
    unregister_markup("seven-points")
    return values, folder, names


def test_every_portrait_has_its_face(shown):
    _, _, names = shown
    assert [len(faces) for faces in names["batch"]] == [1] * 4
    assert all(abs(faces[0].pose.yaw) < 35 for faces in names["batch"])
    assert len(names["same"]) == 1 and [len(faces) for faces in names["pair"]] == [1, 1]


def test_results_are_shown(shown):
    values, _, _ = shown
    kinds = [(type(value).__name__, html) for value, html in values if value is not None]
    assert [kind for kind, _ in kinds] == ["Batch", "Image", "Pose", "Image", "Faces", "DataFrame", "Faces", "Info"]
    assert all("<img" in html for kind, html in kinds if kind in ("Batch", "Faces"))


def test_files_are_written(shown):
    _, folder, _ = shown
    written = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {"results/faces.csv", "results/faces_coco.json", "seven-points/preset.json"} <= written
    rows = (folder / "results" / "faces.csv").read_text(), (folder / "results" / "stream.csv").read_text()
    assert len({text.count("\n") for text in rows}) == 1
    assert len(list((folder / "results" / "pts").iterdir())) == len(list((folder / "drawn").iterdir())) == 4


def test_new_points_begin_near_the_answer(shown):
    _, _, names = shown
    assert names["before"] < 12 and names["after"] < 12
    assert names["own"].adaptation.new == ()


def test_no_output_is_kept():
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in CELLS)
