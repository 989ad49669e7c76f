"""Files of photos become files of landmarks: all rows once, and nothing is done twice."""

import tarfile

import pytest

from kerasalign.distributed import AlignTable
from kerasalign.distributed.files import UnitWriter
from kerasalign.distributed.units import Unit, list_units

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


@pytest.fixture
def sources(photos, png):
    """The folder of photos with a Parquet file, a tar file, one that is cut off, and a Parquet file that is none."""
    pq.write_table(pa.table({"id": [1, 2, 3], "image": [png(), b"no", png(seed=1)]}), photos / "a.parquet")
    with tarfile.open(photos / "b.tar", "w") as archive:
        for path in sorted(photos.glob("*.png"))[:6]:
            archive.add(path, path.name)
    content = (photos / "b.tar").read_bytes()
    (photos / "c.tar").write_bytes(content[: 2 * 7680])
    (photos / "d.parquet").write_bytes(b"nothing")
    return photos


def test_units_of_a_folder(sources):
    paths, units = list_units(sources)
    assert [path.rsplit("/", 1)[1] for path in paths] == [f"{i}.png" for i in range(10)]
    assert [unit.kind for unit in units] == ["parquet", "tar", "tar", "parquet"]
    before = units[1].name
    assert before == list_units([sources / "b.tar"])[1][0].name
    (sources / "b.tar").write_bytes((sources / "c.tar").read_bytes())
    assert units[1].name != before
    with pytest.raises(FileNotFoundError, match="no such file or folder"):
        list_units(sources / "none")


def test_every_photo_of_every_kind_of_file_has_a_row(sources, five_dots, finder, tmp_path):
    write = UnitWriter(AlignTable(five_dots, "photo", detector=finder), tmp_path)
    paths, (table, archive, cut, broken) = list_units(sources)
    assert write(Unit("paths", tuple(paths))) == {"rows": 10, "faces": 9, "problems": 1}
    assert write(table) == {"rows": 3, "faces": 2, "problems": 1}
    assert pq.read_table(tmp_path / table.name).column("id").to_pylist() == [1, 2, 3]
    assert write(archive) == {"rows": 6, "faces": 5, "problems": 1}
    members = pq.read_table(tmp_path / archive.name).column("path").to_pylist()
    assert members == [f"{sources}/b.tar/{i}.png" for i in range(6)]
    rows = write(cut)["rows"]
    problems = pq.read_table(tmp_path / cut.name).column("problem").to_pylist()
    assert 1 < rows < 7 and "cannot be read to its end" in problems[-1] and problems[0] == ""
    assert write(broken) == {"rows": 1, "faces": 0, "problems": 1}
    assert pq.read_table(tmp_path / broken.name).column("path").to_pylist() == [str(sources / "d.parquet")]
