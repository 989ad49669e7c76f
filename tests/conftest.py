"""Settings of every test process."""

import gc

# Keras' networks are many small objects that refer to each other: looking for garbage as often as Python does by
# default took a sixth of the suite's time.
gc.set_threshold(50_000, 20, 20)

# Two minutes each, in one process: last, they would keep one core waiting.
LONG = ("tests/test_tutorials.py", "tests/models/test_elsewhere.py")


def pytest_collection_modifyitems(items):
    """Starts the long files first; the others stay in their order."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))
