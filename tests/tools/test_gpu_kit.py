"""The kit for training on a borrowed machine: data goes there packed, weights come back in pieces."""

import tarfile

import numpy as np
import pytest
from PIL import Image

from tools.gpu import kit


@pytest.fixture
def photos(tmp_path):
    rng = np.random.default_rng(0)
    folder = tmp_path / "data" / "train"
    folder.mkdir(parents=True)
    for number in range(4):
        Image.fromarray(rng.integers(0, 256, (90, 90, 3)).astype("uint8")).save(folder / f"{number}.jpg", quality=95)
        (folder / f"{number}.pts").write_text("points")
    return tmp_path / "data"


def test_data_is_packed_as_it_is_or_smaller(photos, tmp_path):
    out = tmp_path / "data.tar"
    whole = sum(path.stat().st_size for path in photos.rglob("*.jpg"))
    assert kit.pack(photos, out, 10 * kit.MIB) is None
    with tarfile.open(out) as archive:
        assert archive.extractfile("train/0.jpg").read() == (photos / "train" / "0.jpg").read_bytes()
    room = out.stat().st_size - whole // 4
    assert kit.pack(photos, out, room) in kit.QUALITIES[1:] and out.stat().st_size <= room
    with pytest.raises(ValueError, match="`data` must fit into 4000 bytes"):
        kit.pack(photos, out, 4000)
    assert not out.exists()


def test_files_come_back_whole(tmp_path):
    rng = np.random.default_rng(0)
    contents = {"best.weights.h5": rng.bytes(2500), "run.json": b"{}", "empty": b""}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    kit.split([tmp_path / name for name in contents], tmp_path / "out", 1000)
    assert max(path.stat().st_size for path in (tmp_path / "out").glob("best*")) == 1000
    joined = kit.join(tmp_path / "out", tmp_path / "back")
    assert {path.name: path.read_bytes() for path in joined} == contents
    (tmp_path / "out" / "best.weights.h5.001").write_bytes(rng.bytes(1000))
    with pytest.raises(ValueError, match=r"best\.weights\.h5 is not what was split"):
        kit.join(tmp_path / "out", tmp_path / "back")
    (tmp_path / "out" / "best.weights.h5.002").unlink()
    with pytest.raises(ValueError, match=r"missing.*best\.weights\.h5\.002"):
        kit.join(tmp_path / "out", tmp_path / "back")


class Trainer:
    """Takes the place of the command: notes what it is asked for, and counts the steps of the run."""

    def __init__(self):
        self.asked = []

    def __call__(self, arguments, seconds):
        self.asked.append((list(arguments), seconds))
        if arguments[0] == "train":
            folder = kit.Path(arguments[arguments.index("--run") + 1])
            folder.mkdir(exist_ok=True, parents=True)
            state = folder / "state.json"
            steps = int(state.read_text()) + 1 if state.exists() else 1
            state.write_text(str(steps))
            (folder / "run.json").write_text("{}")
            (folder / "best.weights.h5").write_bytes(b"x" * 100 * steps)
        return 143


def half(preset, source, target):
    target.write_bytes(source.read_bytes()[::2])


def test_training_writes_pieces_and_goes_on_from_them(photos, tmp_path):
    pack_file, trainer = tmp_path / "data.tar", Trainer()
    kit.pack(photos, pack_file, 10 * kit.MIB)
    options = {"pack_file": pack_file, "keep_state": True, "most": 30, "run": trainer, "shrink": half}
    code = kit.train("scc-300w", tmp_path / "a", tmp_path / "out", 500, options=["--steps", "9"], **options)
    ((arguments, seconds),) = trainer.asked
    assert code == 143 and arguments[:2] == ["train", "scc-300w"] and arguments[-2:] == ["--steps", "9"]
    assert 490 < seconds <= 500 and (tmp_path / "a" / "data" / "train" / "3.pts").read_text() == "points"
    back = {path.name: path for path in kit.join(tmp_path / "out", tmp_path / "back")}
    assert set(back) == {"run.json", "best.weights.h5", "state.json"}
    assert back["best.weights.h5"].stat().st_size == 50
    # Another machine, which has nothing but the pieces.
    kit.train("scc-300w", tmp_path / "b", tmp_path / "again", 500, resume=tmp_path / "out", **options)
    assert kit.join(tmp_path / "again", tmp_path / "back")[-1].read_text() == "2"


def test_renders_are_made_on_all_cores(tmp_path):
    trainer = Trainer()
    kit.train("scc-synth", tmp_path / "a", tmp_path / "out", 500, render=60, run=trainer, shrink=half)
    rendering, training = (arguments for arguments, _ in trainer.asked)
    assert rendering[0] == "synth" and rendering[rendering.index("--count") + 1] == "60" and "--workers" in rendering
    assert training[training.index("--data") + 1] == rendering[rendering.index("--out") + 1]
