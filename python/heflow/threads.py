"""How many threads batched operations use. Results never depend on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ._core import threads as _threads
from .errors import ParameterError
from .whole import is_whole

__all__ = ["num_threads", "set_num_threads", "threads"]


def num_threads() -> int:
    """Return the number of threads: `HEFLOW_NUM_THREADS`, else the CPUs this process may use."""
    return _threads.count()


def set_num_threads(n: int) -> None:
    """Set the number of threads for the whole process.

    Parameters
    ----------
    n : int
        1 to 1024.

    Raises
    ------
    ParameterError
    """
    if not is_whole(n) or n < 1:
        raise ParameterError(f"{n!r} threads asked for; a number from 1 to 1024 is needed")
    _threads.set_count(n)


@contextmanager
def threads(n: int) -> Iterator[None]:
    """Use `n` threads inside a `with` block; the setting is the process's, not the calling thread's."""
    before = num_threads()
    set_num_threads(n)
    try:
        yield
    finally:
        set_num_threads(before)
