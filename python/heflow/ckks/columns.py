"""Weighted sums of whole ciphertexts: terms that lie in the same slots of different ciphertexts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import ckks as _ckks
from . import noise
from .batch import SlotBatch

__all__ = ["Columns", "constants_of"]

MAX_FACTOR = 2.0**62
Reals = NDArray[np.float64]


def constants_of(a: SlotBatch, values: Reals) -> Reals | None:
    """Return the one factor of each ciphertext, or None if elements of a ciphertext have different ones."""
    if a.total:
        return None
    if len(values) == 1:
        return np.repeat(values, len(a.core))
    table = np.zeros(len(a.core))
    items = a.items
    table[items] = values
    return table if np.array_equal(table[items], values) else None


class Columns:
    """The part of the evaluator that scales ciphertexts as a whole."""

    slots: int
    scale: Any
    _rounding: float

    def _filled(self, a: SlotBatch) -> bool:
        """Whether every slot holds an element."""
        return not a.total and a.distinct and len(a) == len(a.core) * self.slots

    def _terms(self, a: SlotBatch, values: Reals) -> Reals | None:
        """Return the one number for all slots of each ciphertext, or None if they get different ones."""
        if not a.total:
            return constants_of(a, values) if self._filled(a) else None
        rows = np.zeros(len(a.core))
        rows[a.positions] = values
        return rows

    def _scaled(self, a: SlotBatch, factors: Reals) -> _ckks.Batch | None:
        """Multiply each ciphertext by its factor, one level; None if a factor is too large for a word."""
        scaled = factors * self.scale(a)
        if np.abs(scaled).max(initial=0.0) >= MAX_FACTOR:
            return None
        return _ckks.multiply_integer(a.core, np.rint(scaled).astype(np.int64))

    def _column_map(
        self, a: SlotBatch, vectors: NDArray[np.int64], weights: Reals
    ) -> SlotBatch | None:
        """Return `matmul_plain` as sums of scaled ciphertexts, or None if the layout does not allow it."""
        if a.total or not a.clean or not vectors.size:
            return None
        items, places = a.items[vectors], a.places[vectors]
        if (items != items[:1]).any() or (places != places[:, :1]).any():
            return None
        chosen = np.ascontiguousarray(items[0])
        terms = (
            a
            if np.array_equal(chosen, np.arange(len(a.core)))
            else a.with_core(_ckks.take(a.core, chosen))
        )
        return self._weighted(terms, weights, places[:, 0])

    def combine_rows(self, a: SlotBatch, weights: Reals) -> SlotBatch | None:
        """Return sums over the first axis of rows that lie alike, each in ciphertexts of its own; else None."""
        length = len(a) // weights.shape[1]
        if (
            a.total
            or not a.clean
            or not length
            or length > self.slots
            or len(a.core) != weights.shape[1]
        ):
            return None
        rows = a.positions.reshape(-1, length)
        starts = np.arange(len(rows), dtype=np.int64)[:, None] * self.slots
        if (rows - starts != rows[:1]).any() or rows[0].max() >= self.slots:
            return None
        return self._weighted(a, weights, rows[0])

    def _weighted(
        self, terms: SlotBatch, weights: Reals, places: NDArray[np.int64]
    ) -> SlotBatch | None:
        scaled = weights * self.scale(terms)
        if np.abs(scaled).max(initial=0.0) >= MAX_FACTOR:
            return None
        core = _ckks.weighted_sums(terms.core, np.rint(scaled).astype(np.int64))
        starts = np.arange(len(weights), dtype=np.int64)[None, :] * self.slots
        deviation = math.hypot(terms.noise * noise.size(weights) * weights.shape[1], self._rounding)
        positions = (places[:, None] + starts).reshape(-1)
        return SlotBatch(core, positions, self.slots, False, terms.clean, terms.factor, deviation)
