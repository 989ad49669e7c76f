"""Work within bounds of time and memory."""

import time
import tracemalloc
from contextlib import contextmanager


@contextmanager
def bounded(seconds: float, megabytes: float):
    """Fails if the block takes longer, or holds more memory of Python and NumPy at once."""
    tracemalloc.start()
    start = time.perf_counter()
    try:
        yield
        took, (_, peak) = time.perf_counter() - start, tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert took < seconds and peak < megabytes * 2**20, f"{took:.2f} s, {peak / 2**20:.1f} MB"
