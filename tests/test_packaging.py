"""What we ship: the wheel carries manifest and weights, and they are found from a wheel and from a checkout."""

import json
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from kerasalign.hub import read_manifest

TOP = Path(__file__).resolve().parents[1]
LOOK = """
import json, kerasalign
from kerasalign.hub import manifest_path, read_manifest, weights_path
presets = read_manifest().presets.values()
bundled = [str(weights_path(p.weights)) for p in presets if p.weights and p.weights.source == "bundled"]
print(json.dumps({"package": kerasalign.__file__, "manifest": str(manifest_path()), "bundled": bundled,
                  "names": kerasalign.list_models()}))
"""


def python(*arguments, cwd):
    run = subprocess.run([sys.executable, *map(str, arguments)], cwd=cwd, capture_output=True, text=True,
                         timeout=300, check=False)  # fmt: skip
    assert run.returncode == 0, run.stderr
    return run.stdout


def look(install, cwd):
    """What an installation says of itself, in a process that sees it and our dependencies, but no other copy."""
    purelib = sysconfig.get_paths()["purelib"]
    code = f"import site, sys; site.addsitedir({str(install)!r}); sys.path.append({purelib!r})\n{LOOK}"
    return json.loads(python("-I", "-S", "-c", code, cwd=cwd).splitlines()[-1])


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from the sdist as a release is."""
    out = tmp_path_factory.mktemp("dist")
    python("-m", "build", "--no-isolation", "--outdir", out, TOP, cwd=out)
    return next(out.glob("*.whl"))


def bundled_files():
    presets = read_manifest().presets.values()
    return {f"kerasalign/weights/{p.weights.file}" for p in presets if p.weights and p.weights.source == "bundled"}


def test_wheel_holds_what_is_needed_and_no_more(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        assert archive.read("kerasalign/weights_manifest.json") == (TOP / "weights_manifest.json").read_bytes()
        metadata = next(name for name in names if name.endswith(".dist-info/METADATA"))
        assert "License-Expression: Apache-2.0" in archive.read(metadata).decode()
        entry_points = next(name for name in names if name.endswith("entry_points.txt"))
        assert "kerasalign = kerasalign.cli:app" in archive.read(entry_points).decode()
    assert "kerasalign/py.typed" in names
    assert names >= bundled_files()
    assert {name for name in names if "/weights/" in name} == bundled_files()
    assert {name.split("/")[0] for name in names} == {"kerasalign", metadata.split("/")[0]}
    assert not [name for name in names if "__pycache__" in name]
    # Two sets of weights: PyPI takes files of up to 100 MB.
    assert wheel.stat().st_size < 40e6


def test_manifest_and_weights_are_found_from_a_wheel(wheel, tmp_path):
    install = tmp_path / "site"
    python("-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", install, wheel, cwd=tmp_path)
    found = look(install, tmp_path)
    assert found["package"] == str(install / "kerasalign" / "__init__.py")
    assert found["manifest"] == str(install / "kerasalign" / "weights_manifest.json")
    assert found["bundled"] == [str(install / name) for name in sorted(bundled_files())]
    assert found["names"] == list(read_manifest().presets)


def test_manifest_and_weights_are_found_from_an_editable_install(tmp_path):
    code = f"import hatchling.build; hatchling.build.build_editable({str(tmp_path)!r})"
    python("-c", code, cwd=TOP)
    install = tmp_path / "site"
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as archive:
        archive.extractall(install)
    found = look(install, tmp_path)
    assert found["package"] == str(TOP / "kerasalign" / "__init__.py")
    assert found["manifest"] == str(TOP / "weights_manifest.json")
    assert found["bundled"] == [str(TOP / name) for name in sorted(bundled_files())]
