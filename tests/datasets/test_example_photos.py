"""The photos that come with the library."""

import kerasalign
from kerasalign.support.images import load_image


def test_the_photos_are_small_and_readable(tmp_path):
    folder = kerasalign.example_photos(tmp_path / "new" / "photos")
    (folder / "group.jpg").write_bytes(b"")
    (folder / "mine.txt").write_text("stays")
    assert kerasalign.example_photos(str(folder)) == folder
    photos = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.jpg"))
    assert photos[0] == "group.jpg" and len(photos) == 9
    assert all(name.startswith("portraits/") for name in photos[1:])
    assert {load_image(folder / name).shape for name in photos} == {(480, 1008, 3), (410, 335, 3)}
    assert sum((folder / name).stat().st_size for name in photos) < 300_000
    assert (folder / "mine.txt").read_text() == "stays"
