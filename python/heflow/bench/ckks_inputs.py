"""The CKKS suite: names of its operations, parameters, and the same data for every library."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .case import Case

__all__ = ["DATA_PRIMES", "Vectors", "byte_cases", "largest_error", "size_label"]

ENCRYPT_PUBLIC = "encrypt, public key"
ENCRYPT_OWNER = "encrypt, owner"
DECRYPT = "decrypt"
ADD = "add"
TIMES_PLAIN = "x plain vector"
PRODUCT = "ct x ct"
ROTATE = "rotate"
SUM = "sum of all slots"
NTT = "forward NTT"
CONTEXT_BYTES = "context bytes"
SUM_CONTEXT_BYTES = "context bytes, with keys for sums"
PUBLIC_BYTES = "ciphertext bytes, public key"
OWNER_BYTES = "ciphertext bytes, owner"

BATCH = 32  # ciphertexts
BATCHES = {
    operation: f"{operation}, {BATCH} ciphertexts"
    for operation in (ENCRYPT_PUBLIC, ENCRYPT_OWNER, DECRYPT, PRODUCT, ROTATE)
}

SCALE_BITS = 40
DATA_PRIMES = {8192: 3, 16384: 6}


def size_label(ring_degree: int) -> str:
    """Name the parameters as tables do."""
    return f"N={ring_degree}, {DATA_PRIMES[ring_degree]} data primes"


class Vectors:
    """Two vectors of N(0, 1) that fill the slots, and what each operation must give."""

    def __init__(self, ring_degree: int) -> None:
        rng = np.random.default_rng(20240902)
        self.x = rng.standard_normal(ring_degree // 2)
        self.y = rng.standard_normal(ring_degree // 2)

    def expected(self, operation: str) -> NDArray[np.float64]:
        """Return the exact result of an operation on x, or on x and y."""
        if operation == ADD:
            return self.x + self.y
        if operation in (TIMES_PLAIN, PRODUCT):
            return self.x * self.y
        if operation == ROTATE:
            return np.roll(self.x, -1)
        if operation == SUM:
            return np.array([self.x.sum()])
        return self.x

    def error(self, operation: str, decrypted: Any) -> float:
        """Return the largest absolute error of a decrypted result, and assert that it is small."""
        tolerance = 2e-2 if operation == SUM else 1e-4
        return largest_error(decrypted, self.expected(operation), tolerance)

    def cases(
        self,
        library: str,
        size: str,
        runs: dict[str, Callable[[], Any]],
        decrypt: Callable[[Any], Any],
    ) -> Iterator[Case]:
        """Yield operations on one ciphertext; what they give is decrypted for the check."""

        def check(operation: str) -> Callable[[Any], float]:
            if operation == DECRYPT:
                return lambda result: self.error(operation, result)
            slots = 1 if operation == SUM else None
            return lambda result: self.error(operation, np.ravel(decrypt(result))[:slots])

        for operation, run in runs.items():
            yield Case(operation, library, size, 1, run, check(operation))


def byte_cases(library: str, size: str, runs: dict[str, Callable[[], int]]) -> Iterator[Case]:
    """Yield sizes in bytes."""
    for operation, run in runs.items():
        yield Case(operation, library, size, 1, run, lambda _: None, unit="bytes")


def largest_error(actual: Any, expected: Any, tolerance: float) -> float:
    """Return the largest absolute error; a wrong shape or one above `tolerance` is an AssertionError."""
    left, right = np.ravel(np.asarray(actual, dtype=np.float64)), np.ravel(expected)
    assert left.shape == right.shape, f"{left.size} results for {right.size} expected"
    error = float(np.max(np.abs(left - right)))
    assert error <= tolerance, f"error {error:.3g} is above {tolerance:.3g}"
    return error
