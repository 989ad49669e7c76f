"""Tables of text."""

from kerasalign.support.tables import Table


def test_columns_are_aligned_and_numbers_stand_on_the_right():
    table = Table("Sizes", ("model", "faces", ""), [("a", "9", "complete"), ("long name", "-", "")], ["A note."])
    assert str(table).splitlines() == [
        "Sizes",
        "model      faces",
        "---------  -----  --------",
        "a              9  complete",
        "long name      -",
        "A note.",
    ]


def test_a_long_last_cell_goes_on_below_itself():
    lines = str(Table("", ("key", "value"), [("notes", "word " * 60)])).splitlines()
    assert all(len(line) <= 120 for line in lines)
    assert lines[3].startswith("       word") and sum(line.count("word") for line in lines) == 60


def test_a_table_without_rows_has_its_head():
    assert str(Table("", ("a", "b"), [])) == "a  b\n-  -"
