"""Residues at the ends of the ranges that kernels state, for every backend and every size of prime."""

import heflow as hf
import numpy as np
import pytest
from heflow._core import testing

BACKENDS = [b.name for b in hf.backends() if b.available]
BITS = [20, 46, 47, 48, 49, 50]


def extremes(n, top, rng):
    """Limbs that hold nothing but the ends of 0 .. top - 1, in patterns that add up."""
    zero, last = np.uint64(0), np.uint64(top - 1)
    halves = np.arange(n) < n // 2
    yield np.full(n, last)
    yield np.where(halves, last, zero)
    yield np.where(halves, zero, last)
    yield np.where(np.arange(n) % 2, last, zero)
    yield np.where(rng.integers(0, 2, n), last, zero)
    yield rng.integers(top - 3, top, n).astype(np.uint64)


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("log_degree", [10, 13, 15, 16])
def test_transforms_of_words_below_twice_the_prime(bits, log_degree):
    n, rng = 1 << log_degree, np.random.default_rng(bits + log_degree)
    p = testing.ntt_primes(bits, log_degree, 1)[0]
    for limb in extremes(n, 2 * p, rng):
        for inverse in (False, True):
            expected = testing.ntt(limb % np.uint64(p), p, "portable", inverse=inverse)
            for name in BACKENDS:
                assert np.array_equal(testing.ntt(limb, p, name, inverse=inverse), expected), name


@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize("bits", BITS)
def test_products_with_any_word_of_52_bits(name, bits):
    n, rng = 1024, np.random.default_rng(bits)
    p = testing.ntt_primes(bits, 10, 1)[0]
    for a in (*extremes(n, 2**52, rng), *extremes(n, p, rng)):
        for b in extremes(n, p, rng):
            exact = a.astype(object) * b.astype(object) % p
            assert np.array_equal(testing.ring_product(a, b, p, name).astype(object), exact)
