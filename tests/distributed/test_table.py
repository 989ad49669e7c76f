"""Tables of photos: a row in is a row out, whatever is in it."""

import pickle
import sys

import numpy as np
import pytest

from kerasalign.distributed import AlignTable
from kerasalign.inference import align

pd = pytest.importorskip("pandas")
pa = pytest.importorskip("pyarrow")


@pytest.fixture
def aligned(five_dots, finder):
    return AlignTable(five_dots, "image", detector=finder)


def test_every_row_comes_back_and_says_what_was_wrong(aligned, five_dots, finder, png):
    images = [png(), b"no photo", None, png(height=30), np.zeros((50, 40, 3), "uint8")]
    frame = pd.DataFrame({"image": images, "id": list("abcde")}, index=[9, 8, 7, 6, 5])
    found = pickle.loads(pickle.dumps(aligned.with_column("image")))(frame)
    assert list(found.index) == list(frame.index) and list(found["id"]) == list("abcde") and "image" not in found
    assert [len(scores) for scores in found["scores"]] == [1, 0, 0, 0, 1]
    assert "not an image" in found["problem"][8] and found["problem"][6] == "RuntimeError: the detector broke"
    assert list(found["problem"][[9, 5]]) == ["", ""] and found["problem"][7]
    alone = align(five_dots, images[0], detector=finder)
    np.testing.assert_allclose(found["landmarks"][9], alone.landmarks)
    np.testing.assert_allclose(found["boxes"][9], alone.boxes)
    assert (found["width"][9], found["height"][9]) == (60, 40) and len(found["poses"][9][0]) == 3


def test_paths_stay_and_an_empty_table_has_the_same_columns(five_dots, finder, photos):
    work = AlignTable(five_dots, "path", detector=finder)
    frame = pd.DataFrame({"path": [str(photos / "0.png"), str(photos / "none.png")]})
    found = list(work.frames([frame, frame.head(0)]))
    assert list(found[0]["path"]) == list(frame["path"]) and found[0]["problem"][1] == "there is no such file"
    assert list(found[0].dtypes) == list(found[1].dtypes) and len(found[1]) == 0


def test_tables_of_arrow(aligned, png):
    hugging_face = [{"bytes": png(), "path": "a.png"}, {"bytes": b"no", "path": None}]
    pixels = np.zeros((2, 20, 30, 3), "uint8")
    for images in (
        pa.array([png(), b"no"]),
        pa.array(hugging_face),
        pa.FixedShapeTensorArray.from_numpy_ndarray(pixels),
    ):
        found = aligned.table(pa.table({"id": [1, 2], "image": images}))
        scores = [len(row) for row in found.column("scores").to_pylist()]
        assert found.column_names[0] == "id" and scores in ([1, 0], [1, 1])
    assert np.shape(found.column("landmarks").to_pylist()) == (2, 1, 5, 2)


def test_what_is_wrong_for_all_rows_is_raised(five_dots, png):
    with pytest.raises(ValueError, match=r"`runtime` must be one of"):
        AlignTable(runtime="torch")
    with pytest.raises(ValueError, match=r"takes the options .*Received: \['boxes'\]"):
        AlignTable(boxes=[])
    with pytest.raises(ValueError, match=r"`column` must be one of \['image'\]. Received: column='path'"):
        AlignTable(five_dots)(pd.DataFrame({"image": [png()]}))
    with pytest.raises(ValueError, match=r"columns \['width'\]"):
        AlignTable(five_dots, "image")(pd.DataFrame({"image": [png()], "width": [3]}))
    with pytest.raises(ValueError, match="`refine` must be an integer"):
        AlignTable(five_dots, "image", refine="twice")(pd.DataFrame({"image": [png()]}))


# Spark warns of the pandas of today.
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_spark_takes_it(five_dots, finder, png, monkeypatch):
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    spark_sql = pytest.importorskip("pyspark.sql")
    cloudpickle = pytest.importorskip("pyspark.cloudpickle")
    cloudpickle.register_pickle_by_value(sys.modules[type(five_dots).__module__])
    session = spark_sql.SparkSession.builder.master("local[2]").config("spark.ui.enabled", False).getOrCreate()
    try:
        rows = session.createDataFrame([(str(i), png(seed=i) if i != 4 else b"no") for i in range(6)], ["id", "image"])
        work = AlignTable(five_dots, "image", detector=finder)
        found = rows.repartition(2).mapInPandas(work.frames, f"id string, {work.spark_schema}").collect()
    finally:
        session.stop()
    assert sorted((row.id, len(row.landmarks)) for row in found) == [(str(i), int(i != 4)) for i in range(6)]
    assert np.shape(found[0].landmarks or [[[0] * 2] * 5]) == (1, 5, 2)


def test_dask_takes_it(five_dots, finder, photos):
    dataframe = pytest.importorskip("dask.dataframe")
    frame = pd.DataFrame({"path": sorted(map(str, photos.iterdir()))})
    parts = dataframe.from_pandas(frame, npartitions=3)
    work = AlignTable(five_dots, "path", detector=finder)
    found = parts.map_partitions(work, meta=work(parts._meta)).compute(scheduler="threads")
    assert [len(scores) for scores in found["scores"]] == [1, 1, 1, 0, 1, 1, 1, 1, 1, 1]
