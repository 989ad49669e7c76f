"""`import kerasalign` is light, and every public name is there when asked for."""

import subprocess
import sys

import pytest

import kerasalign

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
    assert python(code).stdout.strip() == "['kerasalign._lazy', 'kerasalign._version']"


@pytest.mark.parametrize("name", kerasalign.__all__)
def test_public_names_exist(name):
    assert getattr(kerasalign, name).__doc__
    assert name in dir(kerasalign)


def test_unknown_name():
    with pytest.raises(AttributeError, match="no attribute 'lod'"):
        kerasalign.lod  # noqa: B018
