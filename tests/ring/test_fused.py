"""Transforms joined with what comes before and after them, against the same in Python's integers."""

import heflow as hf
import numpy as np
import pytest
from heflow._core import testing

BACKENDS = [b.name for b in hf.backends() if b.available]
NONE = np.zeros(0, np.uint64)
SIZES = [(40, 10), (47, 11), (47, 12), (47, 13), (50, 13), (46, 14), (47, 15), (47, 16)]


class Inputs:
    """Two moduli to come from and one to compute with; limbs of each, at random or all at their edge."""

    def __init__(self, bits, log_degree, edge):
        rng = np.random.default_rng(bits * 100 + log_degree)
        self.n = 1 << log_degree
        self.primes = testing.ntt_primes(bits, log_degree, 3)

        def limb(p):
            return (
                np.full(self.n, p - 1, np.uint64)
                if edge
                else rng.integers(0, p, self.n).astype(np.uint64)
            )

        self.low, self.high = limb(self.primes[0]), limb(self.primes[1])
        self.p = self.primes[2]
        self.a, self.b, self.c = limb(self.p), limb(self.p), limb(self.p)
        self.w = int(rng.integers(1, self.p))
        self.small = (
            np.full(self.n, -21, np.int8) if edge else rng.integers(-21, 22, self.n).astype(np.int8)
        )
        size = 2.0**50 - 1
        self.reals = np.full(self.n, -size) if edge else np.rint(rng.uniform(-size, size, self.n))

    def ntt(self, values):
        residues = (np.asarray(values).astype(object) % self.p).astype(np.uint64)
        return testing.ntt(residues, self.p, BACKENDS[0]).astype(object)

    def intt(self, values):
        residues = (np.asarray(values) % self.p).astype(np.uint64)
        return testing.ntt(residues, self.p, BACKENDS[0], inverse=True)

    def call(self, which, name, limbs=(), reals=(), **rest):
        limbs = [NONE if x is None else x for x in limbs]
        reals = [np.zeros(0) if x is None else x for x in reals]
        return testing.fused(which, name, self.primes, limbs, self.small, reals, **rest)


def balanced(limb, p):
    values = limb.astype(object)
    return np.where(values > p // 2, values - p, values)


def integers(reals):
    return np.array([int(x) for x in reals], dtype=object)


def equal(got, expected, p):
    return np.array_equal(got.astype(object), expected % p)


@pytest.fixture(scope="module", params=[(*s, e) for s in SIZES for e in (False, True)], ids=str)
def given(request):
    return Inputs(*request.param)


@pytest.mark.parametrize("name", BACKENDS)
def test_transforms_of_small_and_switched(given, name):
    assert equal(given.call("forward_int8", name), given.ntt(given.small), given.p)
    low = balanced(given.low, given.primes[0])
    assert equal(given.call("forward_switched", name, [given.low]), given.ntt(low), given.p)


@pytest.mark.parametrize("name", BACKENDS)
def test_join(given, name):
    x, u, v = integers(given.reals), given.a.astype(object), given.b.astype(object)
    limbs, c = [given.a, given.b], np.roll(given.reals, 1)
    for a, addend, wide in (
        (given.reals, c, False),
        (given.reals, None, False),
        (None, c, False),
        (None, c * 2.0**40, True),
    ):
        inside = (0 if a is None else given.w * x) + (0 if addend is None else integers(addend))
        got = given.call("forward_join", name, limbs, [a, addend], w=given.w, wide=wide)
        assert equal(got, given.ntt(inside) + u * v, given.p)


@pytest.mark.parametrize("name", BACKENDS)
def test_divide(given, name):
    low, high = balanced(given.low, given.primes[0]), balanced(given.high, given.primes[1])
    a, d = given.a.astype(object), given.b.astype(object)
    for second in (None, given.high):
        taken = given.ntt(low if second is None else low + given.primes[0] * high)
        for addend in (None, given.b):
            whole = a - taken if addend is None else a + given.primes[0] * d - taken
            got = given.call(
                "forward_divide", name, [given.a, addend, given.low, second], w=given.w
            )
            assert equal(got, whole * given.w, given.p)


@pytest.mark.parametrize("name", BACKENDS)
def test_inverse_of_products(given, name):
    a, b, c = (x.astype(object) for x in (given.a, given.b, given.c))
    assert np.array_equal(given.call("inverse_product", name, [given.a, None, None]), given.intt(a))
    for addend, plus in ((None, 0), (given.c, c)):
        got = given.call("inverse_product", name, [given.a, given.b, addend])
        assert np.array_equal(got, given.intt(a * b + plus))


@pytest.mark.parametrize("name", BACKENDS)
def test_remainders_and_rounding(given, name):
    e = given.small.astype(object)
    expected = balanced(((given.a.astype(object) + e) % given.p), given.p) - e
    assert equal(given.call("remainders", name, [given.a]), expected, given.p)
    for factor in (0.125, 2.0**-40, 3.0, 2.0**40):
        rounded = integers(np.rint(given.reals * factor))
        scale = np.full(given.n, factor)
        for added, plus in ((False, 0), (True, e)):
            if added and factor > 3:
                continue  # beyond 2^52 no small integer can be added exactly
            got = given.call("round_scaled", name, reals=[given.reals, scale], wide=added)
            assert equal(got, rounded + plus, given.p)
