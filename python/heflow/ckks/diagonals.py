"""Plain matrix times encrypted vector by diagonals: the result lies in the slots of one ciphertext.

With M and L powers of two that hold the rows and the longer side, y_r = sum over t of z_(r + t M), where
z = sum over k < M of diagonal_k * (x rotated by k), diagonal_k(i) = W[i mod M, i + k mod L] (Halevi and Shoup
2014, section 4.3). Baby steps rotate x by 0 .. B - 1, giant steps results by B (Horner): about 2 sqrt(M) key
switches.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import ckks as _ckks
from . import noise
from .batch import SlotBatch, ordered
from .keys import EvaluationKeys

__all__ = ["Diagonals"]

CHUNK_VALUES = 1 << 22  # plain values encoded at once: 32 MiB
Reals = NDArray[np.float64]


def _power(n: int) -> int:
    return 1 << max(n - 1, 0).bit_length()


class Diagonals:
    """The part of the evaluator that multiplies matrices where all powers of two have rotation keys."""

    slots: int
    scale: Any
    _keys: EvaluationKeys
    _rounding: float
    _switching: float
    _rotate_core: Any
    _value_bits: Any

    def _diagonal_map(
        self, a: SlotBatch, vectors: NDArray[np.int64], weights: Reals
    ) -> SlotBatch | None:
        """Return `matmul_plain` of one vector in one ciphertext, or None if layout or keys do not allow it."""
        outputs, inputs = weights.shape
        alone = len(vectors) == 1 and len(a.core) == 1 and len(a) == inputs and not a.total
        if not (alone and outputs > 1 and a.clean and outputs <= self.slots):
            return None
        if not np.array_equal(a.positions[vectors[0]], ordered(inputs)) or not all(
            1 << i in self._keys.rotations for i in range(self.slots.bit_length() - 1)
        ):
            return None
        rows, length = _power(outputs), _power(max(outputs, inputs))
        baby = 1 << (rows.bit_length() // 2)  # the root of `rows`, or twice that
        steps = self._baby_steps(a.core, length, min(baby, rows))
        core, left = self._giant_steps(a, steps, weights, rows, length), rows
        while left < length:
            core = _ckks.add(core, self._rotate_core(core, left))
            left *= 2
        terms = rows * (length // rows)  # as if all errors were the same
        baby_noise = math.hypot(2 * a.noise, (self.slots // length).bit_length() * self._switching)
        deviation = math.hypot(
            terms * noise.size(weights) * baby_noise,
            terms * math.hypot(self._rounding, self._switching),
        )
        clean = length == rows
        return SlotBatch(core, ordered(outputs), self.slots, False, clean, a.factor, deviation)

    def _baby_steps(self, x: _ckks.Batch, length: int, count: int) -> _ckks.Batch:
        """Return x, periodic as far as it is read, rotated by 0 .. count - 1."""
        if length < self.slots:
            x = _ckks.add(x, self._rotate_core(x, self.slots - length))
        steps = [x]
        for b in range(1, count):
            low = b & -b
            steps.append(self._rotate_core(steps[b - low], low))
        return _ckks.concatenate(steps)

    def _giant_steps(
        self, a: SlotBatch, steps: _ckks.Batch, weights: Reals, rows: int, length: int
    ) -> _ckks.Batch:
        """Return the sum over k of diagonal k times x rotated by k, divided by a prime."""
        baby, scale = len(steps), self.scale(a)
        padded = np.zeros((rows, length))
        padded[: weights.shape[0], : weights.shape[1]] = weights
        wide = self._value_bits(weights, scale)
        at = np.arange(length)
        chunk = max(CHUNK_VALUES // (baby * self.slots), 1)
        giants = list(range(0, rows, baby))
        total: _ckks.Batch | None = None
        for end in range(len(giants), 0, -chunk):
            part = giants[max(end - chunk, 0) : end]
            table = np.zeros((len(part), baby, self.slots))
            for g, start in enumerate(part):
                for b in range(baby):
                    diagonal = padded[at % rows, (at + start + b) % length]
                    table[g, b, (at + start) % self.slots] = diagonal
            parts = _ckks.linear_map(steps, table.reshape(-1, self.slots), scale, wide, len(part))
            for g in reversed(range(len(part))):
                inner = _ckks.take(parts, np.array([g]))
                total = inner if total is None else _ckks.add(inner, self._rotate_core(total, baby))
        assert total is not None
        return total
