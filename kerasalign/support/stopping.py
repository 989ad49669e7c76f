"""Signals that ask a program to end, as exceptions: files are closed and results kept on the way out."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# Windows has no SIGHUP.
_SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


class Stopped(SystemExit):
    """A signal asked the program to end. Its exit code is the shell's: 128 and the number of the signal.

    Args:
        number: The signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.signal = signal.Signals(number)

    def __str__(self) -> str:
        return f"stopped by {self.signal.name}"


@contextmanager
def stops_cleanly() -> Iterator[None]:
    """Within the block, SIGTERM and SIGHUP raise `Stopped` in the main thread, so that `finally` blocks run.

    A second signal does nothing: it must not end the work of saving. A signal that the program was started to ignore
    stays ignored, as `nohup` wants. Elsewhere than in the main thread, which alone may set handlers, nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    stopped = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopped
        if not stopped:
            stopped = True
            raise Stopped(number)

    former = {number: signal.getsignal(number) for number in _SIGNALS}
    # A handler that was not set from Python is `None` and could not be put back.
    changed = [number for number, handler in former.items() if handler not in (signal.SIG_IGN, None)]
    for number in changed:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in changed:
            signal.signal(number, former[number])
