"""The negacyclic transform against the schoolbook product, and the backends against one another."""

import heflow as hf
import numpy as np
import pytest
from heflow._core import testing

BACKENDS = [b.name for b in hf.backends() if b.available]


def schoolbook(a, b, p):
    """a b mod X^n + 1, through one product of large integers (Kronecker)."""
    n, shift = len(a), 128
    x = sum(int(v) << (shift * i) for i, v in enumerate(a))
    y = sum(int(v) << (shift * i) for i, v in enumerate(b))
    data = (x * y).to_bytes(2 * n * shift // 8, "little")
    digits = [
        int.from_bytes(data[i : i + shift // 8], "little") for i in range(0, len(data), shift // 8)
    ]
    return [(digits[i] - digits[i + n]) % p for i in range(n)]


@pytest.mark.parametrize("bits", [30, 40, 46, 47, 48, 50])
@pytest.mark.parametrize("log_degree", range(10, 17))
def test_round_trip_and_agreement(bits, log_degree):
    rng = np.random.default_rng(bits * 100 + log_degree)
    n, p = 1 << log_degree, testing.ntt_primes(bits, log_degree, 1)[0]
    alternating = np.where(np.arange(n) % 2, p - 1, 0).astype(np.uint64)
    for limb in (
        rng.integers(0, p, n).astype(np.uint64),
        np.full(n, p - 1, np.uint64),
        alternating,
        np.zeros(n, np.uint64),
    ):
        transformed = [testing.ntt(limb, p, name) for name in BACKENDS]
        for name, values in zip(BACKENDS, transformed, strict=True):
            assert np.array_equal(values, transformed[0])
            assert np.array_equal(testing.ntt(values, p, name, inverse=True), limb)


@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize("bits", [40, 47, 50])
def test_products_equal_schoolbook(name, bits):
    rng = np.random.default_rng(bits)
    p = testing.ntt_primes(bits, 10, 1)[0]
    for a, b in (
        rng.integers(0, p, (2, 1024)).astype(np.uint64),
        np.full((2, 1024), p - 1, np.uint64),
    ):
        x, y = testing.ntt(a, p, name), testing.ntt(b, p, name)
        product = testing.ntt(testing.ring_product(x, y, p, name), p, name, inverse=True)
        assert product.tolist() == schoolbook(a, b, p)


def test_primes_are_what_is_asked_for():
    primes = testing.ntt_primes(47, 13, 5)
    assert len(set(primes)) == 5 and primes == sorted(primes, reverse=True)
    assert all(p >> 46 == 1 and p % 16384 == 1 for p in primes)
    with pytest.raises(hf.ParameterError, match="more bits"):
        testing.ntt_primes(18, 16, 20)


def test_moduli_that_have_no_transform_are_refused():
    limb = np.zeros(1024, np.uint64)
    for p in (65537 * 3, 2**49 - 1, testing.ntt_primes(50, 10, 1)[0] * 2 + 1):
        with pytest.raises(hf.ParameterError, match="prime below"):
            testing.ntt(limb, p, BACKENDS[0])
