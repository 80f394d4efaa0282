"""Small tensors: one call on few elements, where what surrounds the arithmetic counts as well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .case import Case
from .inputs import expect

__all__ = ["BITS", "RING_DEGREE", "SCALAR", "Small", "size_label"]

BITS, RING_DEGREE, SCALAR = 2048, 8192, 1.5
_EXACT = "Paillier 2048: "
_APPROXIMATE = "CKKS N=8192: "


def size_label(count: int) -> str:
    """Return how tables call this many elements."""
    return f"{count} element" + "s" * (count > 1)


@dataclass(frozen=True)
class Small:
    """The same `count` elements for every library, with what each operation must give."""

    count: int
    messages: NDArray[np.int64]
    factors: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]

    @classmethod
    def make(cls, count: int) -> Small:
        """Draw elements from a fixed seed."""
        rng = np.random.default_rng(20240905)
        m, f = rng.integers(-(2**30), 2**30, count), rng.integers(2**31, 2**32, count)
        return cls(count, m, f, rng.standard_normal(count), rng.standard_normal(count))

    def exact_cases(
        self, library: str, runs: dict[str, Callable[[], Any]], decrypt: Callable[[Any], Any]
    ) -> Iterator[Case]:
        """Yield Paillier's operations that a library has; `decrypt` gives integers."""
        m, f = self.messages.astype(object), self.factors.astype(object)
        expected = {
            "encrypt": m,
            "encrypt, owner": m,
            "decrypt": m,
            "add": m + m,
            "subtract": m - m,
            "add plain": m + f,
            "x 32-bit": m * f,
            "x negative 32-bit": m * -f,
            "sum": m.sum(),
            "dot, 32-bit": m @ f,
        }
        for operation, run in runs.items():
            read = (lambda made: made) if operation == "decrypt" else decrypt
            yield self._case(_EXACT + operation, library, run, read, expected[operation], expect)

    def approximate_cases(
        self, library: str, runs: dict[str, Callable[[], Any]], decrypt: Callable[[Any], Any]
    ) -> Iterator[Case]:
        """Yield the operations of CKKS that a library has; `decrypt` gives real numbers."""
        x, y = self.x, self.y
        expected = {
            "encrypt": x,
            "encrypt, owner": x,
            "decrypt": x,
            "add": x + y,
            "subtract": x - y,
            "add plain": x + y,
            "add number": x + SCALAR,
            "x plain": x * y,
            "x number": x * SCALAR,
            "ct x ct": x * y,
            "sum": x.sum(),
            "dot plain": x @ y,
            "to bytes": x,
            "from bytes": x,
        }
        for operation, run in runs.items():
            read = (lambda made: made) if operation == "decrypt" else decrypt
            yield self._case(
                _APPROXIMATE + operation, library, run, read, expected[operation], _close
            )

    def _case(
        self, operation: str, library: str, run: Any, read: Any, expected: Any, compare: Any
    ) -> Case:
        check = lambda made: compare(read(made), expected)  # noqa: E731
        return Case(operation, library, size_label(self.count), 1, run, check)


def _close(actual: Any, expected: Any) -> None:
    assert np.abs(np.ravel(actual) - np.ravel(expected)).max() < 1e-3, "wrong result"
