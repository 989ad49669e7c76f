import shutil

import pytest

from kerasalign.datasets import make_miniature


@pytest.fixture(scope="session")
def miniature(tmp_path_factory):
    """Folder of a data set's miniature, generated once; do not change it."""
    made = {}

    def folder(name):
        if name not in made:
            made[name] = make_miniature(name, tmp_path_factory.mktemp("miniatures") / name)
        return made[name]

    return folder


@pytest.fixture
def own_copy(miniature, tmp_path):
    """A copy of a miniature that a test may break."""

    def folder(name):
        return shutil.copytree(miniature(name), tmp_path / name)

    return folder
