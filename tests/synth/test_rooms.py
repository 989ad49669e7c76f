"""The sub-rooms of the renderer: each builds on those before it."""

import ast
from pathlib import Path

import kerasalign.synth

ROOM = Path(kerasalign.synth.__file__).parent
ORDER = ("jit", "head", "appearance", "rendering", "dataset")


def test_arrows_point_to_earlier_rooms():
    files = [file for file in ROOM.rglob("*.py") if file.parent != ROOM]
    assert len(files) > 40
    for file in files:
        own = file.relative_to(ROOM).parts[0]
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("kerasalign.synth."):
                other = node.module.split(".")[2]
                assert ORDER.index(other) <= ORDER.index(own), f"{file.name} imports {node.module}"
