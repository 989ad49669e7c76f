"""Settings of every test process."""

import gc
import os
import sys

import pytest

# A process of pytest-xdist for each core is at work already: more threads would wait for each other. The processes that
# tests start take this over.
for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")

# Keras' networks are many small objects that refer to each other: looking for garbage as often as Python does by
# default took a sixth of the suite's time.
gc.set_threshold(50_000, 20, 20)

# Minutes each, in one process: last, they would keep one core waiting.
LONG = ("tests/test_tutorials.py", "tests/models/test_elsewhere.py", "tests/training/test_visibility.py")


def pytest_collection_modifyitems(items):
    """Starts the long files first; the others stay in their order."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


@pytest.fixture(scope="module")
def eagerly():
    """TensorFlow runs the functions of a module's tests step by step instead of compiling them.

    For tests of what stands around a few training steps, whose compilation takes longer than they do. That the steps
    compile is tested for each network in `models/test_every_model.py`, and for recipes in `models` and
    `synth/test_stream.py`.
    """
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is None:
        yield
        return
    tensorflow.config.run_functions_eagerly(True)
    yield
    tensorflow.config.run_functions_eagerly(False)
