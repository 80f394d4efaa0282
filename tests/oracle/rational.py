"""Exact tensors: the integers that an encrypted tensor should hold, over Python integers.

Every operation is the definition; nothing is shared with the library but the rounding rule.
"""

from fractions import Fraction

import numpy as np


def round_half_even(x, scale_bits):
    """Round Fraction(x) * 2**scale_bits to an integer, ties to even."""
    return round(Fraction(x) * 2**scale_bits)


class Exact:
    """An object array of integers and a scale."""

    def __init__(self, integers, scale_bits):
        self.integers = np.asarray(integers, dtype=object)
        self.scale_bits = scale_bits

    @classmethod
    def of(cls, values, scale_bits):
        values = np.asarray(values)
        flat = [round_half_even(v.item(), scale_bits) for v in values.reshape(-1)]
        out = np.empty(len(flat), dtype=object)
        out[:] = flat
        return cls(out.reshape(values.shape), scale_bits)

    @property
    def shape(self):
        return self.integers.shape

    def to(self, scale_bits):
        return self.integers * 2 ** (scale_bits - self.scale_bits)

    def __add__(self, other):
        scale = max(self.scale_bits, other.scale_bits)
        return Exact(self.to(scale) + other.to(scale), scale)

    def __neg__(self):
        return Exact(-self.integers, self.scale_bits)

    def __sub__(self, other):
        return self + -other

    def __mul__(self, other):
        return Exact(self.integers * other.integers, self.scale_bits + other.scale_bits)

    def __matmul__(self, other):
        return Exact(np.dot(self.integers, other.integers), self.scale_bits + other.scale_bits)

    def move(self, function):
        return Exact(function(self.integers), self.scale_bits)

    def floats(self):
        out = [float(Fraction(int(v), 2**self.scale_bits)) for v in np.ravel(self.integers)]
        return np.array(out).reshape(self.shape)
