"""A network is built only if the weights file is one of its size: what a config costs is known before it is paid."""

from __future__ import annotations

import math
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import keras

#: Most numbers and arrays of a network without a weights file: ten times what the largest of this field have.
MOST_WEIGHTS, MOST_VARIABLES = 500_000_000, 20_000

_budget = threading.local()


class TooLarge(ValueError):
    """A network has weights that its weights file does not have, or the file leaves them out."""


class _Budget:
    """The shapes that the variables of a network may have, and how many variables and numbers there may be in all.

    Args:
        shapes: Allowed shapes of variables with more than `FREE` numbers; `None` allows any.
        numbers: Most numbers in all.
        variables: Most variables.
        source: The weights file, for messages.
    """

    # What files leave out, such as states of random number generators, is small.
    FREE = 4096

    def __init__(self, shapes: Collection[tuple[int, ...]] | None, numbers: int, variables: int, source: str):
        self.shapes, self.numbers, self.variables, self.source = shapes, numbers, variables, source

    def take(self, shape: Any) -> None:
        """Counts a variable that is about to be made.

        Raises:
            TooLarge: If it is not among the allowed ones.
        """
        shape = tuple(int(side) for side in shape)
        size = math.prod(shape)
        if size > self.FREE and self.shapes is not None and shape not in self.shapes:
            raise TooLarge(f"The network has a weight of shape {shape}, and {self.source} has none")
        self.numbers -= size
        self.variables -= 1
        if min(self.numbers, self.variables) < 0:
            raise TooLarge(f"The network has more weights than {self.source}")


def stored_shapes(file: str | Path) -> list[tuple[int, ...]]:
    """Shape of each array of a weights file, from its headers.

    Raises:
        TooLarge: If an array's numbers are not in the file: left out, compressed, or in another file.
        OSError: If it is no HDF5 file.
    """
    shapes: list[tuple[int, ...]] = []

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and item.size:
            # A few bytes can stand for terabytes: Keras writes none of these kinds.
            if item.external or item.is_virtual or item.id.get_storage_size() < item.size * item.dtype.itemsize:
                raise TooLarge(f"The numbers of '{name}' are not stored in the file. Received: {file}")
            shapes.append(tuple(item.shape))

    with h5py.File(file, "r") as stored:
        stored.visititems(visit)
    return shapes


@contextmanager
def only_weights_of(file: str | Path | None) -> Iterator[None]:
    """While the block runs, this thread can make no variables of Keras but those of a weights file.

    Args:
        file: The `.weights.h5` file; `None` allows any shapes, up to `MOST_WEIGHTS` numbers.

    Raises:
        TooLarge: As soon as a network needs another variable, before its memory is taken.
        ValueError: If the file is not as Keras writes it.
    """
    if file is None:
        what = f"{MOST_WEIGHTS:,}, the most that are built without a weights file"
        budget = _Budget(None, MOST_WEIGHTS, MOST_VARIABLES, what)
    else:
        shapes = stored_shapes(file)
        # Each number takes at least two bytes of the file.
        numbers = Path(file).stat().st_size // 2 + 10 * _Budget.FREE
        budget = _Budget(set(shapes), numbers, 2 * len(shapes) + 1000, str(file))
    outer = getattr(_budget, "current", None)
    _budget.current = budget
    _count_variables()
    try:
        yield
    finally:
        _budget.current = outer


def _count_variables() -> None:
    """Has Keras' variables count themselves; once per process. Threads without a budget notice nothing."""
    make = keras.Variable.__init__
    if getattr(make, "counts", False):
        return

    def counted(self, initializer, shape=None, *arguments, **options):
        budget = getattr(_budget, "current", None)
        if budget is not None:
            budget.take(shape if shape is not None else getattr(initializer, "shape", ()))
        make(self, initializer, shape, *arguments, **options)

    counted.counts = True  # type: ignore[attr-defined]
    keras.Variable.__init__ = counted
