"""Arithmetic on additive shares over the integers, and many integers in one plaintext.

Two parties hold a and b with a + b = x; each alone looks like noise. Nothing is reduced modulo anything,
so nothing wraps around (docs/maths/shared-weights.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...encoding import Encoding, encode_integers, is_sparse, plain, round_up
from ...encoding import words as _words
from ...errors import HeadroomError, ParameterError
from ...tensor import EncryptedTensor
from ...tensor.operators import random_words

__all__ = ["Factor", "Masked", "Packing", "encrypted_product", "product", "scaled"]

STATISTICAL_BITS = 40
FACTOR_BITS = 32
LANES = 8  # ciphertexts that the widest backend computes on at once
Integers = NDArray[Any]  # Python integers


@dataclass(frozen=True)
class Masked:
    """Values of size up to `limit`, made uniform noise for whoever sees them with a mask added.

    Value and mask together lie in 0 .. `largest`, so that they fit a field and never borrow from the next. What
    is seen differs from noise by at most 2**-STATISTICAL_BITS (statistical distance).
    """

    limit: int

    @property
    def bits(self) -> int:
        """Bits of the uniform part."""
        return self.limit.bit_length() + 1 + STATISTICAL_BITS

    @property
    def largest(self) -> int:
        """Bound on value and mask together, hence on both shares."""
        return (1 << self.bits) + 2 * self.limit

    def draw(self, count: int) -> Integers:
        """Return fresh masks."""
        return _objects(random_words(count, self.bits)) + self.limit


@dataclass(frozen=True)
class Factor:
    """A public number as multiplier / 2**shift."""

    multiplier: int
    shift: int

    @classmethod
    def of(cls, number: float, scale_change: int) -> Factor:
        """Return number * 2**scale_change to FACTOR_BITS significant bits."""
        mantissa, exponent = math.frexp(number)
        shift = FACTOR_BITS - exponent - scale_change
        if shift < 1:
            raise ParameterError(
                f"{number:g} is too large a factor: use a smaller learning_rate or larger batches"
            )
        return cls(round(math.ldexp(mantissa, FACTOR_BITS)), shift)

    def limit(self, limit: int) -> int:
        """Bound on the size of scaled values of size up to `limit`."""
        return (limit * abs(self.multiplier) >> self.shift) + 1


def scaled(share: Integers, factor: Factor) -> Integers:
    """Return the share times a factor, rounded.

    Both parties do so on their own: the sum of the results is the scaled sum of the shares to within one unit,
    whatever the shares are, for neither share wraps around.
    """
    return (share * factor.multiplier + (1 << (factor.shift - 1))) >> factor.shift


def product(matrix: Any, share: Integers, limit: int, entry_bits: int) -> Integers:
    """Return matrix @ share exactly: a matrix of int64, dense or sparse, and integers up to `limit` in size.

    Limbs of the share are so narrow that products with entries below 2**entry_bits add up in 63 bits.
    """
    step = 62 - entry_bits - len(share).bit_length()
    limbs = (limit.bit_length() + 1) // step + 1
    total = np.zeros(matrix.shape[0], dtype=object)
    for k in range(limbs):
        limb = share >> (k * step)
        if k + 1 < limbs:
            limb = limb & ((1 << step) - 1)
        total = total + ((matrix @ limb.astype(np.int64)).astype(object) << (k * step))
    return total


def encrypted_product(matrix: Any, x: EncryptedTensor, bound: int) -> EncryptedTensor:
    """Return matrix @ x for a matrix of int64, dense or sparse."""
    result: EncryptedTensor = plain(matrix, bound=bound) @ x
    return result


def _objects(words: _words.Words) -> Integers:
    result = np.empty(len(words), dtype=object)
    result[:] = _words.to_python(words)
    return result


@dataclass(frozen=True)
class Packing:
    """Integers from 0 to 2**bits - 1 side by side in plaintexts.

    Attributes
    ----------
    bits : int
        Of a field.
    fields : int
        Of a plaintext. Element i of `count` stands in field i // groups of plaintext i % groups.
    """

    bits: int
    fields: int

    @classmethod
    def make(cls, largest: int, widest: int, capacity: int, what: str) -> Packing:
        """Lay out fields for final values up to `largest`, while terms up to `widest` are added up.

        Raises
        ------
        HeadroomError
        """
        bits = largest.bit_length()
        spare = max(widest.bit_length() + 4 - bits, 1)
        fields = (capacity.bit_length() - 1 - spare) // bits
        if fields < 1:
            raise HeadroomError(
                f"{what} take {bits + spare} bits and a plaintext of this key {capacity.bit_length() - 1}: "
                "use longer keys, a smaller logit_bound or fewer epochs"
            )
        return cls(bits, fields)

    @property
    def limit(self) -> int:
        """Largest plaintext."""
        return (1 << self.bits * self.fields) - 1

    def groups(self, count: int) -> int:
        """Return the plaintexts for `count` values: a multiple of LANES, for less than that costs the same."""
        return min(count, -(-count // (LANES * self.fields)) * LANES)

    def join(self, values: Integers) -> Integers:
        """Put plain integers, of any sign, side by side; of a matrix the elements of each column."""
        groups = self.groups(len(values))
        total = np.zeros((groups, *values.shape[1:]), dtype=object)
        for start in reversed(range(0, len(values), groups)):
            part = values[start : start + groups]
            total = total << self.bits
            total[: len(part)] += part
        return total

    def split(self, joined: Integers, count: int) -> Integers:
        """Take fields apart again."""
        words = _words.from_python(joined.tolist(), _words.width_for(self.limit)).astype("<i8")
        bits = np.unpackbits(
            words.view(np.uint8).reshape(len(joined), -1), axis=1, bitorder="little"
        )
        fields = bits[:, : self.bits * self.fields].reshape(len(joined), self.fields, self.bits)
        wide = np.zeros((count, 64 * _words.width_for(1 << self.bits)), dtype=np.uint8)
        wide[:, : self.bits] = fields.transpose(1, 0, 2).reshape(-1, self.bits)[:count]
        return _objects(np.packbits(wide, axis=1, bitorder="little").view("<i8"))

    def gather(self, x: EncryptedTensor) -> EncryptedTensor:
        """Put the elements of a tensor side by side: `bits` squarings for each (Horner's rule)."""
        evaluator, batch, groups = x.public.evaluator, x._batch, self.groups(x.size)
        up = _words.from_python([1 << self.bits] * groups, _words.width_for(1 << self.bits))
        *lower, top = range(0, x.size, groups)
        total = evaluator.take(batch, np.arange(top, x.size))
        for start in reversed(lower):
            part = evaluator.take(batch, np.arange(start, start + len(total)))
            raised = evaluator.add(evaluator.multiply_plain(total, up[: len(total)]), part)
            rest = np.arange(start + len(total), start + groups)
            total = (
                evaluator.concatenate([raised, evaluator.take(batch, rest)])
                if len(rest)
                else raised
            )
        return x._with(total, (groups,), Encoding(0, round_up(self.limit), True), True)

    def product(self, matrix: Any, x: EncryptedTensor, bound: int) -> EncryptedTensor:
        """Return matrix @ x packed, for a matrix of int64, dense or sparse, with entries up to `bound`.

        Dense rows that go into one plaintext are joined beforehand: their exponents stand in fields too, and
        the squarings of the product are those of the packing.
        """
        if is_sparse(matrix):
            return self.gather(encrypted_product(matrix, x, bound))
        joined = self.join(matrix.astype(object))
        width = _words.width_for(bound << self.bits * (self.fields - 1))
        words = _words.from_python(joined.reshape(-1).tolist(), width).reshape(*joined.shape, width)
        vector = np.arange(x.size, dtype=np.int64).reshape(1, -1)
        batch = x.public.evaluator.matmul_plain(x._batch, vector, words)
        return x._with(batch, (len(joined),), Encoding(0, round_up(self.limit), True), True)

    def plus(self, x: EncryptedTensor, values: Integers) -> EncryptedTensor:
        """Add plain integers to packed ciphertexts."""
        words = encode_integers(self.join(values), x.public.evaluator.capacity)
        return x._with(x.public.evaluator.add_plain(x._batch, words), folded=True)
