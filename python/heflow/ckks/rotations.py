"""Rotations of slots: the part of the evaluator that moves elements by key switches."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import ckks as _ckks
from .batch import SlotBatch, ordered
from .keys import EvaluationKeys

__all__ = ["Rotations"]


class Rotations:
    """What an evaluator does with rotation keys."""

    slots: int
    _keys: EvaluationKeys
    _switching: float
    add: Any
    take: Any

    def _rotated_rows(self, core: _ckks.Batch, steps: NDArray[np.int64]) -> _ckks.Batch:
        parts = [
            self._rotate_core(_ckks.take(core, np.array([i])), int(k)) for i, k in enumerate(steps)
        ]
        return _ckks.concatenate(parts)

    def _rotate_core(self, core: _ckks.Batch, steps: int) -> _ckks.Batch:
        for step in self._keys.path(steps, self.slots):
            core = _ckks.rotate(core, self._keys.rotations[step])
        return core

    def _fills(self, a: SlotBatch, length: int) -> bool:
        """Whether rows of `length` elements are whole ciphertexts."""
        whole = length == self.slots and not a.total and len(a) == len(a.core) * self.slots
        return whole and np.array_equal(a.positions, ordered(len(a)))

    def rotate(self, a: SlotBatch, steps: int, length: int) -> SlotBatch:
        """Rotate rows of elements to the left: one key switch where they fill ciphertexts, else a view."""
        if not self._fills(a, length):
            if not len(a):
                return a
            rows = np.arange(len(a), dtype=np.int64).reshape(-1, length)
            view: SlotBatch = self.take(a, np.roll(rows, -steps, axis=1).reshape(-1))
            return view
        passes = len(self._keys.path(steps, self.slots))
        core = self._rotate_core(a.core, steps % self.slots)
        return a.with_core(core, noise=math.hypot(a.noise, passes * self._switching))

    def add_rotations(self, a: SlotBatch, steps: list[int], length: int) -> SlotBatch:
        """Add rotations of rows to them: one decomposition for all whose keys are there."""
        paths = [self._keys.path(k, self.slots) for k in steps] if self._fills(a, length) else []
        if paths and all(len(p) == 1 for p in paths):
            core = _ckks.add_rotations(a.core, [self._keys.rotations[p[0]] for p in paths])
            return a.with_core(
                core,
                noise=math.hypot(
                    a.noise * (len(steps) + 1), math.sqrt(len(steps)) * self._switching
                ),
            )
        total: SlotBatch = a
        for k in steps:
            total = self.add(total, self.rotate(a, k, length))
        return total
