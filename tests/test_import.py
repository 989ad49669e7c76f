"""`import kerasalign` is light, and every public name is there when asked for."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

import kerasalign
from kerasalign.support.keras_objects import CLASSES, register_with_keras

LIGHT = """
import sys, kerasalign
kerasalign.load, kerasalign.list_models(), kerasalign.get_markup("68")
kerasalign.CropSpec, kerasalign.get_protocol
heavy = {"keras", "tensorflow", "jax", "torch", "mtcnn", "huggingface_hub", "skimage"} & set(sys.modules)
sys.exit(str(heavy) if heavy else 0)
"""


def python(code):
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_import_and_light_names_load_no_backend():
    run = python(LIGHT)
    assert run.returncode == 0, run.stderr


def test_import_alone_loads_none_of_our_rooms():
    code = "import sys, kerasalign; print(sorted(m for m in sys.modules if m.startswith('kerasalign.')))"
    assert python(code).stdout.strip() == str(
        [f"kerasalign.{name}" for name in ("_lazy", "_version", "support", "support.keras_objects")]
    )


@pytest.mark.parametrize("name", kerasalign.__all__)
def test_public_names_exist(name):
    assert getattr(kerasalign, name).__doc__
    assert name in dir(kerasalign)


def test_unknown_name():
    with pytest.raises(AttributeError, match="no attribute 'lod'"):
        kerasalign.lod  # noqa: B018


def test_a_keras_file_opens_after_this_import_alone(tmp_path):
    """The files hold a model, its optimizer and metric, and a layer of ours."""
    from kerasalign.layers import BlurPool
    from kerasalign.models import AAN
    from kerasalign.training import CoupledSGD

    model = AAN(markup="5", stem=8, channels=(8, 16), embedding=16, size=32)
    model.compile(CoupledSGD(0.1))
    model.save(tmp_path / "model.keras")
    keras.Sequential([keras.Input((8, 8, 3)), BlurPool(4)]).save(tmp_path / "layers.keras")
    code = (
        "import kerasalign, keras; model = keras.models.load_model('model.keras');"
        "layers = keras.models.load_model('layers.keras');"
        "print(type(model).__name__, type(model.optimizer).__name__, type(layers.layers[0]).__name__);"
        "print(keras.__spec__.loader)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout.startswith("AAN CoupledSGD BlurPool"), run.stderr[-2000:]
    assert "SourceFileLoader" in run.stdout


def test_keras_may_be_imported_first(tmp_path):
    from kerasalign.layers import BlurPool

    keras.Sequential([keras.Input((8, 8, 3)), BlurPool(4)]).save(tmp_path / "layers.keras")
    registered = keras.saving.get_custom_objects()
    registered.pop("kerasalign>BlurPool")
    try:
        register_with_keras()
        assert isinstance(keras.models.load_model(tmp_path / "layers.keras").layers[0], BlurPool)
    finally:
        registered["kerasalign>BlurPool"] = BlurPool


def test_every_registered_class_has_a_stand_in():
    package, found = Path(kerasalign.__file__).parent, {}
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and any(
                "register_keras_serializable" in ast.unparse(decorator) for decorator in node.decorator_list
            ):
                module = ".".join(path.relative_to(package).with_suffix("").parts)
                found[module] = (*found.get(module, ()), node.name)
    assert found == CLASSES
