"""What tensors call: `scheme.ApproximateEvaluator` over the compiled verbs. Levels and scales are managed here.

A ciphertext with p data primes has the scale S[p]: S[L] = 2^scale_bits, S[p - 1] = S[p]^2 / q_p. So products
of ciphertexts of one level, or with plain operands at the same scale, land exactly on the next scale.
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import ckks as _ckks
from ..errors import DepthError, UnsupportedOperationError
from . import noise
from .batch import SlotBatch, cells, layered, ordered
from .columns import MAX_FACTOR, Columns, constants_of
from .diagonals import Diagonals
from .keys import EvaluationKeys
from .parameters import Parameters
from .rotations import Rotations
from .wire import batch_from_bytes, batch_to_bytes

__all__ = ["Evaluator"]

WIDE_BITS = 50
MAX_RESULT_BYTES = 8 << 30
CHUNK_VALUES = 1 << 22  # plain values encoded at once in a linear map: 32 MiB
Reals = NDArray[np.float64]


class Evaluator(Rotations, Columns, Diagonals):
    """Arithmetic on CKKS batches under one public key."""

    exact = False

    def __init__(
        self,
        context: _ckks.Context,
        public: _ckks.PublicKey,
        keys: EvaluationKeys,
        parameters: Parameters,
    ) -> None:
        self._context = context
        self._public = public
        self._keys = keys
        self.parameters = parameters
        self.slots = parameters.slots
        self.label = f"ckks-{parameters.ring_degree}"
        if not parameters.security_bits:
            self.label += "-INSECURE"
        self.scale_bits = parameters.scale_bits
        self._fresh = noise.fresh_public(parameters)
        self._rounding = noise.rounding(parameters)
        self._switching = noise.switching(parameters)
        self._product_noise = noise.product(parameters)
        self.range_limit = 1 << (parameters.scale_bits + (parameters.integer_bits or 0))
        primes = context.primes
        self._moduli = primes[: len(parameters.prime_bits)]
        scales = [0.0] * (len(self._moduli) + 1)
        scales[-1] = 2.0**parameters.scale_bits
        for p in range(len(self._moduli), 1, -1):
            scales[p - 1] = scales[p] ** 2 / self._moduli[p - 1]
        self._scales = scales
        self._capacities = [self._product(min(p, 2)) // 3 for p in range(len(scales))]
        self.capacity = self._capacities[-1]

    def _product(self, count: int) -> int:
        total = 1
        for q in self._moduli[:count]:
            total *= q
        return total

    # Levels

    def scale(self, a: SlotBatch) -> float:
        """Return the scale of a batch."""
        return self._scales[a.primes]

    def level(self, a: SlotBatch) -> int:
        """Return how many products can still follow."""
        return a.primes - self.parameters.base_primes

    def capacity_of(self, a: SlotBatch) -> int:
        """Return the largest integer that fits, with room for noise and the growth of scales."""
        capacity = self._capacities[a.core.primes] * (self.slots if a.total else 1)
        return capacity if a.factor == 1.0 else int(capacity * Fraction(abs(a.factor)))

    def _require_level(self, a: SlotBatch, what: str) -> None:
        if self.level(a) < 1:
            depth = self.parameters.depth
            raise DepthError(
                f"{what} needs a level and none is left: {depth} of {depth} are used; make the key with "
                f"hf.ckks.Parameters.for_depth({depth + 1}) or more, or decrypt and encrypt again"
            )

    def _at_level(self, a: SlotBatch, primes: int) -> SlotBatch:
        """Drop to fewer primes, with the scale that belongs there."""
        if a.primes == primes:
            return a
        core = _ckks.drop(a.core, primes + 1)
        w = round(self._scales[primes] * self._moduli[primes] / self._scales[a.primes])
        core = _ckks.multiply_integer(core, np.full(len(core), w, dtype=np.int64))
        return a.with_core(core, noise=math.hypot(a.noise, self._rounding))

    def _wide(self, limit_bits: int) -> bool:
        return limit_bits >= WIDE_BITS - 1

    def _value_bits(self, values: Reals, scale: float, limit: float | None = None) -> bool:
        largest = float(np.abs(values).max(initial=0.0)) if limit is None else limit
        return largest * scale >= 2.0 ** (WIDE_BITS - 1)

    # Encryption

    def blocks(self, values: Any) -> Reals:
        """Lay a flat array out over as many ciphertexts as it needs."""
        flat = np.asarray(values, dtype=np.float64).reshape(-1)
        count = -(-len(flat) // self.slots)
        if len(flat) == count * self.slots:
            return flat.reshape(count, self.slots)
        table = np.zeros((count, self.slots))
        table.reshape(-1)[: len(flat)] = flat
        return table

    def new_batch(self, core: _ckks.Batch, size: int, deviation: float) -> SlotBatch:
        """Return fresh ciphertexts of `size` elements, in order."""
        return SlotBatch(core, ordered(size), self.slots, noise=deviation)

    def encrypt(self, values: Any, limit: int | None = None) -> SlotBatch:
        """Encrypt real numbers with the public key."""
        table = self.blocks(values)
        wide = self._wide((limit or self.range_limit).bit_length())
        primes = len(self._moduli)
        core = _ckks.encrypt_public(self._public, table, primes, self._scales[primes], wide)
        return self.new_batch(core, int(np.size(values)), self._fresh)

    def rerandomize(self, a: SlotBatch) -> SlotBatch:
        """Add fresh encryptions of zero."""
        zeros = np.zeros((len(a.core), self.slots))
        fresh = _ckks.encrypt_public(self._public, zeros, a.primes, 1.0, False)
        return a.with_core(_ckks.add(a.core, fresh), noise=a.noise + self._fresh)

    # Arithmetic

    def _paired(self, a: SlotBatch, b: SlotBatch) -> tuple[SlotBatch, SlotBatch]:
        """Return the operands with equal elements in equal places."""
        alike = a.positions is b.positions and a.total == b.total and a.factor == b.factor
        if alike and a.core.alike(b.core):
            return a, b
        if a.total != b.total:
            a, b = (a if a.total else self._as_totals(a)), (b if b.total else self._as_totals(b))
        # To the larger factor: what is inside gets smaller by it, and so fits.
        if abs(a.factor) < abs(b.factor):
            a = self.multiply_plain(a, np.full(len(a), a.factor / b.factor), b.factor)
        elif a.factor != b.factor:
            b = self.multiply_plain(b, np.full(len(b), b.factor / a.factor), a.factor)
        primes = min(a.primes, b.primes)
        a, b = self._at_level(a, primes), self._at_level(b, primes)
        same = a.positions is b.positions or np.array_equal(a.positions, b.positions)
        if len(a.core) == len(b.core) and same:
            return a, b
        shifts = np.zeros(len(a), np.int64) if a.total else (b.places - a.places) % self.slots
        rows, cell = cells(a.items, b.items, shifts)
        right = _ckks.take(b.core, np.ascontiguousarray(rows[:, 1]))
        if rows[:, 2].any():
            right = self._rotated_rows(right, rows[:, 2])
            steps = max(len(self._keys.path(int(k), self.slots)) for k in rows[:, 2])
            b = replace(b, noise=math.hypot(b.noise, steps * self._switching))
        positions = cell if a.total else cell * self.slots + a.places
        left = _ckks.take(a.core, np.ascontiguousarray(rows[:, 0]))
        return (
            replace(a, core=left, positions=positions, clean=False, distinct=False),
            replace(b, core=right, positions=positions, clean=False, distinct=False),
        )

    def _as_totals(self, a: SlotBatch) -> SlotBatch:
        """Give every element its own ciphertext, as its total: one level."""
        if len(a) > self.slots:
            raise UnsupportedOperationError(
                f"{len(a)} elements met sums: adding them would take a ciphertext each; sum both sides, or "
                "decrypt first"
            )
        vectors = np.arange(len(a), dtype=np.int64)[:, None]
        return self.matmul_plain(a, vectors, np.ones((1, 1)), totals=True)

    def add(self, a: SlotBatch, b: SlotBatch) -> SlotBatch:
        """Add element by element."""
        a, b = self._paired(a, b)
        core = _ckks.add(a.core, b.core)
        return a.with_core(core, a.clean and b.clean, noise=a.noise + b.noise)

    def subtract(self, a: SlotBatch, b: SlotBatch) -> SlotBatch:
        """Subtract element by element."""
        a, b = self._paired(a, b)
        core = _ckks.subtract(a.core, b.core)
        return a.with_core(core, a.clean and b.clean, noise=a.noise + b.noise)

    def negate(self, a: SlotBatch) -> SlotBatch:
        """Negate element by element."""
        return a.with_core(_ckks.negate(a.core))

    def add_plain(self, a: SlotBatch, values: Reals) -> SlotBatch:
        """Add plain numbers: one encoding a ciphertext, or none where all its slots get the same number."""
        a, scale = layered(a), self.scale(a)
        values = values / (a.factor * self.slots if a.total else a.factor)
        terms = self._terms(a, values)
        if terms is not None and np.abs(terms).max(initial=0.0) * scale < MAX_FACTOR:
            return a.with_core(_ckks.add_integer(a.core, np.rint(terms * scale).astype(np.int64)))
        table = a.spread(values)
        return a.with_core(_ckks.add_plain(a.core, table, scale, self._value_bits(table, scale)))

    def multiply_plain(self, a: SlotBatch, values: Reals, factor: float | None = None) -> SlotBatch:
        """Multiply by plain numbers: one level."""
        self._require_level(a, "a product with plain numbers")
        a = layered(a)
        # Where other slots hold something, products hide it as well: no short way then.
        factors = constants_of(a, values) if a.clean or self._filled(a) else None
        whole = None if factors is None else self._scaled(a, factors)
        if whole is not None:
            core = whole
        elif a.total and len(a) == len(a.core):
            core = self._multiply_constants(a, values)
        else:
            table, scale = a.spread(values), self.scale(a)
            wide = self._value_bits(table, scale)
            core = _ckks.multiply_plain(a.core, table, scale, wide)
        deviation = math.hypot(a.noise * noise.size(values), self._rounding)
        factor = a.factor if factor is None else factor
        return a.with_core(core, clean=True, factor=factor, noise=deviation)

    def _multiply_constants(self, a: SlotBatch, values: Reals) -> _ckks.Batch:
        scale = self.scale(a)
        if np.abs(values).max(initial=0.0) * scale >= 2.0**62:
            table = a.spread(values)
            return _ckks.multiply_plain(a.core, table, scale, True)
        w = np.zeros(len(a.core), dtype=np.int64)
        w[a.positions] = np.rint(values * scale).astype(np.int64)
        return _ckks.multiply_integer(a.core, w)

    def multiply(
        self, a: SlotBatch, b: SlotBatch, bounds: tuple[float, float] = (1.0, 1.0)
    ) -> SlotBatch:
        """Multiply element by element: one level, one key switch a ciphertext.

        The declared bounds of both operands tell how their noise grows.
        """
        if a.total or b.total:
            raise UnsupportedOperationError(
                "a sum cannot be multiplied by another encrypted tensor: it is no longer in a slot"
            )
        key = self._keys.require_relinearization()
        a, b = layered(a), layered(b)
        same = replace(b, factor=a.factor)
        left, right = self._paired(a, same)
        self._require_level(left, "a product")
        core = _ckks.multiply(left.core, right.core, key)
        clean = left.clean or right.clean
        grown = left.noise * bounds[1] / abs(b.factor) + right.noise * bounds[0] / abs(a.factor)
        deviation = math.hypot(grown, self._product_noise)
        return left.with_core(core, factor=a.factor * b.factor, clean=clean, noise=deviation)

    # Elements in other orders

    def take(self, a: SlotBatch, indices: NDArray[np.int64]) -> SlotBatch:
        """Choose elements: a view, nothing moves."""
        positions = a.positions[indices]
        whole = len(positions) == len(a) and np.array_equal(
            np.sort(positions), np.sort(a.positions)
        )
        used, cell = np.unique(
            positions if a.total else positions // self.slots, return_inverse=True
        )
        core, cell = a.core, cell.reshape(-1).astype(np.int64)
        if len(used) < len(core):  # leave whole ciphertexts behind
            core = _ckks.take(core, used)
            positions = cell if a.total else cell * self.slots + positions % self.slots
        clean = a.clean and (whole or a.total)
        distinct = a.distinct and len(np.unique(positions)) == len(positions)
        return replace(a, core=core, positions=positions, clean=clean, distinct=distinct)

    def concatenate(self, batches: list[SlotBatch]) -> SlotBatch:
        """Join batches, brought to one level."""
        if any(b.total for b in batches):
            batches = [b if b.total else self._as_totals(b) for b in batches]
        factor = batches[0].factor
        batches = [
            b
            if b.factor == factor
            else self.multiply_plain(b, np.full(len(b), b.factor / factor), factor)
            for b in batches
        ]
        primes = min(b.primes for b in batches)
        joined, start = [], 0
        for b in batches:
            joined.append(replace(self._at_level(b, primes), positions=b.positions + start))
            start += len(b.core) * (1 if b.total else self.slots)
        return replace(
            joined[0],
            core=_ckks.concatenate([b.core for b in joined]),
            positions=np.concatenate([b.positions for b in joined]),
            distinct=all(b.distinct for b in joined),
            clean=all(b.clean for b in joined),
            noise=max(b.noise for b in joined),
        )

    # Sums

    def sum(self, a: SlotBatch, indices: NDArray[np.int64]) -> SlotBatch:
        """Add up rows of elements; without a level where whole ciphertexts add up."""
        flat = indices.reshape(-1)
        everything = len(indices) == 1 and np.array_equal(flat, ordered(len(a)))
        if everything and a.clean and a.distinct and not a.total:
            every = np.arange(len(a.core), dtype=np.int64)[None, :]
            core = _ckks.sum_groups(a.core, every)
            noise_of_all = a.noise * len(a.core)
            return replace(a, core=core, positions=ordered(1), total=True, noise=noise_of_all)
        items, places = a.items[indices], a.places[indices]
        if a.total or (places == places[:, :1]).all():
            rows, cell = np.unique(items, axis=0, return_inverse=True)
            cell = cell.reshape(-1).astype(np.int64)
            core = _ckks.sum_groups(a.core, np.ascontiguousarray(rows))
            positions = cell if a.total else cell * self.slots + places[:, 0]
            deviation = a.noise * indices.shape[1]
            distinct = len(np.unique(positions)) == len(positions)
            return replace(
                a, core=core, positions=positions, clean=a.total, noise=deviation, distinct=distinct
            )
        return self.matmul_plain(a, indices, np.ones((1, indices.shape[1])))

    def matmul_plain(
        self, a: SlotBatch, vectors: NDArray[np.int64], weights: Reals, totals: bool = False
    ) -> SlotBatch:
        """Return out[v * n_rows + r] = sum_j weights[r, j] * a[vectors[v, j]], one level.

        A ciphertext each, unless columns or diagonals make it less.
        """
        self._require_level(a, "a sum of chosen or weighted elements")
        if not totals:
            for packed in (self._column_map, self._diagonal_map):
                result = packed(a, vectors, weights)
                if result is not None:
                    return result
        count, rows = len(a.core), len(weights)
        needed = len(vectors) * rows * 16 * self.parameters.ring_degree * (a.primes - 1)
        if needed > MAX_RESULT_BYTES:
            raise UnsupportedOperationError(
                f"{len(vectors) * rows} sums would take a ciphertext each, {needed >> 30} GiB together: sum "
                "over rows that fill whole ciphertexts, or take fewer at once"
            )
        width = self.slots if not a.total else 1
        parts: list[_ckks.Batch] = []
        step = max(CHUNK_VALUES // max(count * self.slots, 1), 1)
        scale = self.scale(a)
        wide = self._value_bits(weights, scale)
        jobs = [(v, r) for v in range(len(vectors)) for r in range(rows)]
        for first in range(0, len(jobs), step):
            part = jobs[first : first + step]
            table = np.zeros((len(part), count * width))
            for row, (v, r) in enumerate(part):
                np.add.at(table[row], a.positions[vectors[v]], weights[r])
            table = table.reshape(len(part) * count, width)
            if a.total:
                table = np.repeat(table, self.slots, axis=1)
            parts.append(_ckks.linear_map(a.core, table, scale, wide, len(part)))
        core = parts[0] if len(parts) == 1 else _ckks.concatenate(parts)
        deviation = math.hypot(a.noise * noise.size(np.abs(weights)) * count, self._rounding)
        return SlotBatch(core, ordered(len(jobs)), self.slots, True, True, a.factor, deviation)

    def bucket_sum(self, a: SlotBatch, bins: NDArray[np.int32], n_bins: int) -> SlotBatch:
        """Add up items by bin, feature by feature: a ciphertext for each bin, one level."""
        chosen = np.arange(n_bins)[None, :, None] == bins.T[:, None, :]
        weights = chosen.reshape(-1, len(bins)).astype(np.float64)
        return self.matmul_plain(a, np.arange(len(a), dtype=np.int64)[None, :], weights)

    def divided(self, a: SlotBatch, count: int) -> SlotBatch:
        """Divide by a public count: the factor changes and no level is used."""
        return replace(a, factor=a.factor / count)

    # Bytes

    def leaving(self, a: SlotBatch) -> SlotBatch:
        """Return what may go to someone else: the elements alone, without the other slots."""
        if a.total:
            return a.with_core(_ckks.constant_only(a.core))
        if a.clean or self._filled(a):
            return a
        return self.multiply_plain(a, np.ones(len(a)))

    def batch_to_bytes(self, a: SlotBatch) -> bytes:
        """Return the canonical bytes, the same on every backend."""
        return batch_to_bytes(a)

    def batch_from_bytes(self, data: Any, count: int) -> SlotBatch:
        """Read canonical bytes, every residue checked."""
        return batch_from_bytes(data, count, self._context, self.slots)
