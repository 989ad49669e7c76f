"""What we ship: the wheel carries manifest and free weights, kerasalign-weights the others; `load` finds both."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import h5py
import pytest
from PIL import Image
from skimage import data

from kerasalign.core.origin import PACKAGE
from kerasalign.hub import read_manifest

TOP = Path(__file__).resolve().parents[1]
LOOK = """
import json, kerasalign
from kerasalign.hub import WeightsError, resolve, manifest_path, read_manifest, weights_path
presets = read_manifest().presets.values()
bundled = [str(weights_path(p.weights)) for p in presets if p.weights and p.weights.source == "bundled"]
bundled += [str(weights_path(read_manifest().detector.weights))]
package = [p.name for p in presets if p.weights and p.weights.source == "kerasalign-weights"]
found = {}
for name in package:
    try:
        found[name] = str(resolve(name).weights_path())
    except WeightsError as error:
        found[name] = f"{type(error).__name__}: {error}"
print(json.dumps({"package": kerasalign.__file__, "manifest": str(manifest_path()), "bundled": bundled,
                  "package weights": found, "names": kerasalign.list_models(),
                  "available": kerasalign.list_models(available=True)}))
"""

# What the extra `onnx` installs; a name that is None in `sys.modules` cannot be imported.
WITHOUT_ONNX = """
import os, sys
os.environ["KERASALIGN_HOME"] = os.getcwd()
sys.modules.update(dict.fromkeys(("onnx", "onnxruntime", "tf2onnx")))
import kerasalign
model = kerasalign.load("musica19-synth")
print(len(model.align("group.jpg")))
for work in (
    lambda: kerasalign.export(model, "exported.onnx"),
    lambda: kerasalign.load("musica19-synth", runtime="onnxruntime"),
):
    try:
        work()
    except ImportError as error:
        print(error)
"""


def python(*arguments, cwd, env=None):
    run = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=env,
    )
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


@pytest.fixture(scope="module")
def weights_wheel(tmp_path_factory):
    """The wheel of kerasalign-weights."""
    out = tmp_path_factory.mktemp("weights")
    python("-c", f"import hatchling.build; hatchling.build.build_wheel({str(out)!r})", cwd=TOP / "weights")
    return next(out.glob("*.whl"))


def install(target, *wheels):
    python("-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", target, *wheels, cwd=target.parent)
    return target


def of_source(source):
    return [p for p in read_manifest().presets.values() if p.weights and p.weights.source == source]


def bundled_files():
    """What the manifest says of the files in the package: name to `Weights`."""
    bundled = [preset.weights for preset in of_source("bundled")] + [read_manifest().detector.weights]
    return {f"kerasalign/weights/{weights.file}": weights for weights in bundled}


def test_weights_in_the_package_may_be_used_commercially():
    """Those that may not are in kerasalign-weights: whoever installs kerasalign gets nothing that binds them."""
    held = {path.relative_to(TOP).as_posix() for path in (TOP / "kerasalign").rglob("*.h5")}
    assert held == set(bundled_files())
    assert all(weights.commercial_use for weights in bundled_files().values())
    assert not {preset.weights.file for preset in of_source(PACKAGE)} & {Path(name).name for name in held}


def test_weights_are_not_too_large():
    """PyPI takes files of up to 100 MB, and a repository keeps every file for ever."""
    bundled = sum(path.stat().st_size for path in (TOP / "kerasalign" / "weights").iterdir())
    sizes = [preset.weights.bytes for preset in of_source(PACKAGE)]
    assert bundled <= 60e6 and max(sizes) <= 50e6 and sum(sizes) <= 200e6


@pytest.mark.parametrize("folder", ["kerasalign/weights", "weights/kerasalign_weights"])
def test_weights_files_name_no_folder_of_the_machine_that_made_them(folder):
    files = sorted((TOP / folder).glob("*.h5"))
    assert files
    for path in files:
        with h5py.File(path) as file:
            said = "".join(str(value) for value in file.attrs.values())
        assert not re.search(r'"(/|[A-Za-z]:\\\\)', said), path.name


@pytest.mark.parametrize("preset", of_source("bundled") + of_source(PACKAGE), ids=lambda preset: preset.name)
def test_a_weights_file_has_its_presets_name(preset):
    assert preset.weights.file == f"{preset.name}.weights.h5"


def test_wheel_holds_what_is_needed_and_no_more(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        assert archive.read("kerasalign/weights_manifest.json") == (TOP / "weights_manifest.json").read_bytes()
        metadata = next(name for name in names if name.endswith(".dist-info/METADATA"))
        assert "License-Expression: Apache-2.0" in archive.read(metadata).decode()
        entry_points = next(name for name in names if name.endswith("entry_points.txt"))
        assert "kerasalign = kerasalign.cli:app" in archive.read(entry_points).decode()
    assert "kerasalign/py.typed" in names
    # Beside the detector's weights lies the same network for ONNX Runtime.
    assert {name for name in names if "/weights/" in name} == {*bundled_files(), "kerasalign/weights/detector.onnx"}
    assert {name.split("/")[0] for name in names} == {"kerasalign", metadata.split("/")[0]}
    assert not [name for name in names if "__pycache__" in name]
    with tarfile.open(next(wheel.parent.glob("*.tar.gz"))) as sdist:
        weights = {name.split("/", 1)[1] for name in sdist.getnames() if name.endswith(".h5")}
    assert weights == set(bundled_files())


def test_a_release_shows_the_pictures_of_its_readme_on_the_package_index(tmp_path):
    """Where GitHub Actions builds it, no link and no picture of the description leads nowhere."""
    code = (
        "from hatchling.builders.wheel import WheelBuilder; "
        f"core = WheelBuilder({str(TOP)!r}).metadata.core; print(core.readme); print(core.urls)"
    )
    env = {**os.environ, "GITHUB_REPOSITORY": "someone/fork", "GITHUB_REF_NAME": "v9.8"}
    text = python("-c", code, cwd=tmp_path, env=env)
    assert "![Landmarks on seven people in one photo](https://github.com/someone/fork/raw/v9.8/docs/images/" in text
    assert "(https://github.com/someone/fork/blob/v9.8/docs/install.md)" in text
    assert "'Source': 'https://github.com/someone/fork'" in text
    targets = re.findall(r"\]\(([^)]+)\)", text)
    assert targets and all(target.startswith("https://") for target in targets)
    plain = python("-c", code, cwd=tmp_path, env={k: v for k, v in env.items() if not k.startswith("GITHUB_")})
    assert "(docs/images/group.jpg)" in plain and plain.endswith("{}\n")


def test_the_weights_wheel_holds_its_files_and_their_terms(weights_wheel):
    with zipfile.ZipFile(weights_wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        terms = next(name for name in archive.namelist() if name.endswith("LICENSE.txt"))
        text = archive.read(terms).decode()
    files = {f"kerasalign_weights/{preset.weights.file}" for preset in of_source(PACKAGE)}
    assert names == {*files, "kerasalign_weights/__init__.py"}
    research = text.split("2. Files for research only")[1]
    for preset in of_source(PACKAGE):
        assert preset.weights.sha256 in text and preset.weights.license in text
        assert (preset.weights.file in research) == (not preset.weights.commercial_use)


def test_manifest_and_weights_are_found_from_wheels(wheel, weights_wheel, tmp_path):
    site = install(tmp_path / "site", wheel)
    found = look(site, tmp_path)
    assert found["package"] == str(site / "kerasalign" / "__init__.py")
    assert found["manifest"] == str(site / "kerasalign" / "weights_manifest.json")
    assert found["bundled"] == [str(site / name) for name in bundled_files()]
    assert found["names"] == list(read_manifest().presets)
    for name, told in found["package weights"].items():
        assert told.startswith("WeightsNotInstalled") and f"{name}.weights.h5" in told and "is bundled" in told
    assert not {*found["package weights"]} & {*found["available"]}
    found = look(install(site, weights_wheel), tmp_path)
    files = {preset.name: str(site / "kerasalign_weights" / preset.weights.file) for preset in of_source(PACKAGE)}
    assert found["package weights"] == files
    assert {*files} <= {*found["available"]}


def test_manifest_and_weights_are_found_from_an_editable_install(tmp_path):
    code = f"import hatchling.build; hatchling.build.build_editable({str(tmp_path)!r})"
    python("-c", code, cwd=TOP)
    site = tmp_path / "site"
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as archive:
        archive.extractall(site)
    found = look(site, tmp_path)
    assert found["package"] == str(TOP / "kerasalign" / "__init__.py")
    assert found["manifest"] == str(TOP / "weights_manifest.json")
    assert found["bundled"] == [str(TOP / name) for name in bundled_files()]
    folder = TOP / "weights" / "kerasalign_weights"
    held = {preset.name: str(folder / preset.weights.file) for preset in of_source(PACKAGE)}
    assert found["package weights"] == held
    assert {*held} <= {*found["available"]}


def test_without_the_extra_onnx_everything_but_onnx_works(tmp_path):
    Image.fromarray(data.astronaut()).save(tmp_path / "group.jpg")
    faces, exporting, loading = python("-c", WITHOUT_ONNX, cwd=tmp_path).splitlines()
    assert faces == "1"
    assert "kerasalign[onnx]" in exporting and "onnx and tf2onnx" in exporting
    assert "kerasalign[onnx]" in loading
    assert not (tmp_path / "exported.onnx").exists()
