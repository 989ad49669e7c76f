"""On a local cluster of two workers: all rows once, also where a worker dies; a restart does what is left."""

import os
import signal

import numpy as np
import pytest
from typer.testing import CliRunner

from kerasalign.cli import app
from kerasalign.distributed import Report, align_dataset, align_files, render_series
from kerasalign.synth import SceneConfig
from kerasalign.synth.dataset.series import Series, picture_path, write_series

pq = pytest.importorskip("pyarrow.parquet")
pytestmark = [
    # Ray's own: settings and modules that it no longer wants itself, and sockets that it leaves open.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


def dies_once(marker, finder):
    """A detector whose process is killed at one of the photos, the first time."""

    def find(photo):
        if photo[0, 0, 0] == 77 and not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return finder(photo)

    return find


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL here")
def test_a_worker_that_dies_loses_and_doubles_nothing(ray, five_dots, finder, photos, tmp_path):
    from PIL import Image

    Image.fromarray(np.full((40, 60, 3), 77, "uint8")).save(photos / "5.png")
    marker, out = tmp_path / "died", tmp_path / "out"
    options = {"detector": dies_once(marker, finder), "rows_per_file": 3, "concurrency": 2, "progress": False}
    assert align_files(photos, out, five_dots, **options) == Report(rows=10, faces=9, problems=1, files=4)
    assert marker.exists()
    paths = pq.read_table(out, columns=["path"]).column("path").to_pylist()
    assert sorted(paths) == sorted(map(str, photos.iterdir()))
    (photos / "new.png").write_bytes((photos / "0.png").read_bytes())
    assert align_files(photos, out, five_dots, **options) == Report(rows=1, faces=1, files=1, skipped=10)
    assert align_files(photos, out, five_dots, **options) == Report(skipped=11)
    with pytest.raises(ValueError, match=r"results of other settings: \['options'\] differ"):
        align_files(photos, out, five_dots, max_faces=1, **options)


def test_a_data_set_of_ray_data(ray, five_dots, finder, png):
    rows = [{"id": i, "image": png(seed=i) if i % 4 else b"no"} for i in range(8)]
    found = align_dataset(ray.data.from_items(rows), five_dots, detector=finder, concurrency=1).take_all()
    assert sorted((row["id"], len(row["landmarks"]), row["problem"] != "") for row in found) == [
        (i, int(i % 4 > 0), i % 4 == 0) for i in range(8)
    ]
    with pytest.raises(ValueError, match="`runtime` must be 'keras' on GPUs"):
        align_dataset(ray.data.from_items(rows), num_gpus=1, runtime="litert")
    with pytest.raises(ValueError, match="`concurrency` must be at least 1"):
        align_dataset(ray.data.from_items(rows), concurrency=0)


def test_renders_are_those_of_one_machine(ray, tmp_path):
    series = Series(seed=3, size=32, scene=SceneConfig.preset("frontal"))
    assert write_series(series, 3, tmp_path / "one", progress=False) == 3
    assert render_series(series, 3, tmp_path / "ray", concurrency=1, progress=False) == 3
    for index in range(3):
        ours, theirs = (picture_path(tmp_path / name, index) for name in ("ray", "one"))
        for suffix in (".jpg", ".npz", ".pts"):
            assert ours.with_suffix(suffix).read_bytes() == theirs.with_suffix(suffix).read_bytes()
    assert render_series(series, 3, tmp_path / "ray", progress=False) == 0


def test_the_command_renders_on_ray(ray, tmp_path):
    run = [
        "synth",
        "--engine",
        "ray",
        "--count",
        "2",
        "--size",
        "32",
        "--preset",
        "frontal",
        "--out",
        str(tmp_path / "out"),
    ]
    done = CliRunner().invoke(app, run)
    assert done.exit_code == 0, done.output
    assert picture_path(tmp_path / "out", 1).exists()


def test_the_command_refuses_what_only_one_machine_has(photos, tmp_path):
    run = CliRunner().invoke(app, ["align", str(photos), "--engine", "ray", "--json", "--out", str(tmp_path / "out")])
    assert run.exit_code == 1 and "With --engine ray results are Parquet files" in run.output.replace("`", "")
    run = CliRunner().invoke(app, ["align", str(photos), "--workers", "2"])
    assert run.exit_code == 1 and "--workers needs --engine ray" in run.output.replace("`", "")
