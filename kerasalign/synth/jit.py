"""Compiled loops: numba, an extra of the renderer alone."""

from __future__ import annotations

try:
    import numba
except ImportError as error:  # pragma: no cover - the extra is there wherever the tests run
    raise ImportError("The face renderer needs numba, which is not installed: pip install 'kerasalign[synth]'. "
                      f"Received: {error}") from error

#: Compiles a loop: no Python inside, no lock held, results the same on every run.
kernel = numba.njit(cache=True, nogil=True, fastmath=False, error_model="numpy")
#: The same, pasted into the kernel that calls it.
inlined = numba.njit(cache=True, nogil=True, fastmath=False, error_model="numpy", inline="never")
