"""Arithmetic modulo n^2 of every backend against Python's integers, where operands are extreme."""

import ctypes
import math
import platform
import random
from contextlib import contextmanager

import heflow as hf
import numpy as np
import pytest
from heflow._core import paillier as core

# Around whole limbs of every radix, and the sizes of keys and their prime factors.
SIZES = [3, 39, 40, 63, 90, 142, 193, 248, 520, 1024, 1536, 2048, 3072, 4096, 8192]


def moduli(bits):
    """Odd numbers of `bits` bits: all ones, nearly a power of two, with zeros inside, at random."""
    ones, power = (1 << bits) - 1, 1 << (bits - 1) | 1
    zeros = power | 1 << (bits // 2)
    chosen = [ones, zeros | random.Random(bits).getrandbits(bits), power, zeros]
    return list(dict.fromkeys(chosen))[: 4 if bits < 3000 else 2 if bits < 5000 else 1]


def residues(n):
    """Units modulo n^2 whose halves, or limbs, are as large or as small as they can be."""
    square, rng = n * n, random.Random(n)
    candidates = [1, square - 1, n + 1, n - 1, square - n + 1, square - n - 1, 2, square >> 1]
    candidates += [(1 << k) - 1 for k in range(1, square.bit_length(), max(1, n.bit_length() // 5))]
    candidates += [rng.randrange(1, square) for _ in range(6)]
    return [c for c in candidates if 0 < c < square and math.gcd(c, n) == 1]


class Numbers:
    """Batches of residues under one modulus and backend."""

    def __init__(self, n, backend):
        self.key = core.PublicKey(n.to_bytes((n.bit_length() + 7) // 8, "little"), b"", 0, backend)
        self.size = self.key.ciphertext_bytes

    def batch(self, values):
        return core.from_bytes(self.key, b"".join(v.to_bytes(self.size, "little") for v in values))

    def integers(self, batch):
        data = core.to_bytes(self.key, batch)
        return [
            int.from_bytes(data[i : i + self.size], "little")
            for i in range(0, len(data), self.size)
        ]


def check(n, backend):
    square, numbers = n * n, Numbers(n, backend)
    x = residues(n)
    y = x[::-1]
    a, b = numbers.batch(x), numbers.batch(y)
    assert numbers.integers(a) == x
    product, expected = (
        core.add(numbers.key, a, b),
        [u * v % square for u, v in zip(x, y, strict=True)],
    )
    assert numbers.integers(product) == expected
    for _ in range(4):  # results of products, not canonical, are factors again
        product = core.add(numbers.key, product, product)
        expected = [e * e % square for e in expected]
    assert numbers.integers(product) == expected
    powers = [(-1) ** i * (3**i + 1) for i in range(len(x))]
    power = core.multiply_plain(numbers.key, a, np.array(powers, np.int64).reshape(-1, 1))
    assert numbers.integers(power) == [pow(u, e, square) for u, e in zip(x, powers, strict=True)]


@pytest.mark.parametrize("bits", SIZES)
def test_products_and_powers(backend, bits):
    for n in moduli(bits):
        check(n, backend)


@contextmanager
def rounding(mode):
    """Set the rounding mode of this thread, as libraries of interval arithmetic leave it."""
    library = ctypes.CDLL(None)
    before = library.fegetround()
    try:
        assert library.fesetround(mode) == 0
        yield
    finally:
        library.fesetround(before)


MODE_AT = {"x86_64": 10, "aarch64": 22}.get(platform.machine())  # its bit in <fenv.h>


@pytest.mark.skipif(MODE_AT is None, reason="numbers of rounding modes are not known here")
@pytest.mark.parametrize("mode", [1, 2, 3])
def test_rounding_mode_does_not_matter(backend, mode):
    """Doubles carry limbs: every step must be exact, whatever the mode."""
    with hf.threads(1):
        for bits in (142, 1024, 2048):
            for n in moduli(bits):
                with rounding(mode << MODE_AT):
                    check(n, backend)
