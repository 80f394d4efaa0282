"""The same inputs for every library: random, of both signs, never zeros."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Inputs"]

ROWS, COLUMNS = 64, 512


@dataclass(frozen=True)
class Inputs:
    """Messages and plain operands for `items` items."""

    messages: NDArray[np.int64]
    factors32: NDArray[np.int64]
    factors53: NDArray[np.int64]
    matrix: NDArray[np.int32]
    bins: NDArray[np.int32]

    @classmethod
    def make(cls, items: int, rows: int = ROWS, bucket_items: int = 100_000) -> Inputs:
        """Draw inputs from a fixed seed."""
        rng = np.random.default_rng(20240901)
        return cls(
            messages=rng.integers(-(2**31), 2**31, items),
            factors32=rng.integers(2**31, 2**32, items),
            factors53=rng.integers(2**52, 2**53, items),
            matrix=rng.integers(-(2**31), 2**31, (rows, COLUMNS)).astype(np.int32),
            bins=rng.integers(0, 32, (bucket_items, 10)).astype(np.int32),
        )

    def exact(self, a: Any) -> NDArray[Any]:
        """Return Python integers, so that expected products cannot overflow."""
        return np.asarray(a).astype(object)


def expect(actual: Any, expected: Any) -> None:
    """Assert that two sequences of integers are equal."""
    left, right = [int(v) for v in np.ravel(actual)], [int(v) for v in np.ravel(expected)]
    assert left == right, "wrong result"


def bucket_totals(values: NDArray[Any], bins: NDArray[np.int32], n_bins: int = 32) -> NDArray[Any]:
    """Return what a bucket sum must give, feature by feature."""
    totals = np.zeros((bins.shape[1], n_bins), dtype=object)
    for feature in range(bins.shape[1]):
        sums = np.zeros(n_bins, dtype=np.int64)
        np.add.at(sums, bins[:, feature], values.astype(np.int64))
        totals[feature] = sums
    return totals
