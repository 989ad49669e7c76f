"""A network of Keras hangs in a process that was forked after one was made: there it is refused."""

from __future__ import annotations

import os

# Whether this process has made a network, and whether it is the child of one that had when it was forked.
_state = {"made": False, "forked": False}


class ForkedNetwork(RuntimeError):
    """A network of Keras is made or run in a process that was forked from one with such a network."""


def _after_fork() -> None:
    _state["forked"] = _state["forked"] or _state["made"]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def note_network() -> None:
    """Notes that this process makes or runs a network of Keras, whose threads no fork copies.

    Raises:
        ForkedNetwork: If the process was forked after that. TensorFlow and JAX would wait for ever for threads that
            only the parent has.
    """
    if _state["forked"]:
        raise ForkedNetwork(
            "This process was forked from one that had made a network of Keras, and would hang here. Start processes "
            "by `multiprocessing.get_context('spawn')`; load the model in each worker, without gunicorn's `--preload`; "
            "or use `kerasalign.load(name, runtime='onnxruntime')`, which works after a fork. See docs/serving.md."
        )
    _state["made"] = True
