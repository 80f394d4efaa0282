"""Elements in slots: which element of a tensor lies where in which ciphertext."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .._core import ckks as _ckks

__all__ = ["SlotBatch", "cells", "layered", "ordered"]

Positions = NDArray[np.int64]


@lru_cache(maxsize=64)
def ordered(count: int) -> Positions:
    """Return 0 .. count - 1, always the same array: to know it again costs nothing."""
    positions = np.arange(count, dtype=np.int64)
    positions.setflags(write=False)
    return positions


# Not frozen: every operation makes one, and that would cost 0.5 us.
@dataclass(slots=True, eq=False)
class SlotBatch:
    """Ciphertexts and the layout of elements in them; never changed.

    Attributes
    ----------
    core : _core.ckks.Batch
    positions : ndarray of int64, shape (size,)
        Element i is slot positions[i] % slots of ciphertext positions[i] // slots; with `total`, the sum
        of all slots of ciphertext positions[i].
    slots : int
    total : bool
    clean : bool
        Slots that hold no element hold zero.
    factor : float
        Public factor of every element, applied on decryption.
    noise : float
        Estimated standard deviation of a coefficient's noise (`noise`).
    distinct : bool
        No two elements share a place.
    """

    core: _ckks.Batch
    positions: Positions
    slots: int
    total: bool = False
    clean: bool = True
    factor: float = 1.0
    noise: float = 0.0
    distinct: bool = True

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return int(self.core.nbytes) + int(self.positions.nbytes)

    @property
    def primes(self) -> int:
        """Data primes left."""
        return self.core.primes

    @property
    def items(self) -> Positions:
        """Ciphertext of each element."""
        return self.positions if self.total else self.positions // self.slots

    @property
    def places(self) -> Positions:
        """Slot of each element."""
        return self.positions % self.slots

    @property
    def in_order(self) -> bool:
        """Whether element i is in place i."""
        return self.positions is ordered(len(self.positions))

    def with_core(
        self,
        core: _ckks.Batch,
        clean: bool | None = None,
        factor: float | None = None,
        noise: float | None = None,
    ) -> SlotBatch:
        """Return other ciphertexts under the same layout; `replace` would cost 3 us."""
        return SlotBatch(
            core,
            self.positions,
            self.slots,
            self.total,
            self.clean if clean is None else clean,
            self.factor if factor is None else factor,
            self.noise if noise is None else noise,
            self.distinct,
        )

    def spread(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Put one value for each element, or one for all, where the elements lie, zeros elsewhere."""
        if self.total:
            rows = np.zeros(len(self.core))
            rows[self.positions] = values
            return np.repeat(rows[:, None], self.slots, axis=1)
        if self.in_order and len(values) == len(self.core) * self.slots:
            return np.ascontiguousarray(values).reshape(len(self.core), self.slots)
        table = np.zeros((len(self.core), self.slots))
        flat = table.reshape(-1)
        if self.in_order:
            flat[: len(self)] = values
        else:
            flat[self.positions] = values
        return table


def layered(batch: SlotBatch) -> SlotBatch:
    """Return a batch in which no two elements share a place: repeats get copies of their ciphertext."""
    if batch.distinct:
        return batch
    order = np.argsort(batch.positions, kind="stable")
    ordered = batch.positions[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(order) else order
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    layers = int(rank.max(initial=0)) + 1
    count = len(batch.core)
    core = _ckks.take(batch.core, np.tile(np.arange(count), layers))
    step = count if batch.total else count * batch.slots
    return replace(
        batch, core=core, positions=batch.positions + rank * step, clean=False, distinct=True
    )


def cells(*columns: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the different rows of parallel columns, and the row that each entry belongs to."""
    rows, inverse = np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)
    return rows, inverse.reshape(-1).astype(np.int64)
