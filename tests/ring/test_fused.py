"""Transforms joined with what comes before and after them, against the same in Python's integers."""

import functools

import heflow as hf
import numpy as np
import pytest
from heflow._core import testing

BACKENDS = [b.name for b in hf.backends() if b.available]
NONE = np.zeros(0, np.uint64)
TERMS = (1, 2, 3, 4, 8)
MOST_TERMS = max(TERMS)
SIZES = [(40, 10), (47, 11), (47, 12), (47, 13), (50, 13), (46, 14), (47, 15), (47, 16)]


class Inputs:
    """Moduli to come from and one to compute with; limbs of each, at random or all at their edge."""

    def __init__(self, bits, log_degree, edge):
        rng = np.random.default_rng(bits * 100 + log_degree)
        self.n = 1 << log_degree
        self.primes = testing.ntt_primes(bits, log_degree, MOST_TERMS + 1)

        def limb(p):
            return (
                np.full(self.n, p - 1, np.uint64)
                if edge
                else rng.integers(0, p, self.n).astype(np.uint64)
            )

        self.p = self.primes[-1]
        self.others = [limb(q) for q in self.primes[:-1]]
        self.weights = [self.p - 1 if edge else int(rng.integers(1, self.p)) for _ in self.others]
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

    @functools.cached_property
    def sums(self):
        """Limbs and weights of sums of terms, with the transform of each sum."""
        result = [(self.others[:1], [1], self.ntt(balanced(self.others[0], self.primes[0])))]
        total = 0
        for count in range(1, MOST_TERMS + 1):
            last = count - 1
            total = total + self.weights[last] * balanced(self.others[last], self.primes[last])
            if count in TERMS:
                result.append((self.others[:count], self.weights[:count], self.ntt(total)))
        return result

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
def test_transforms_of_small_integers(given, name):
    assert equal(given.call("forward_int8", name), given.ntt(given.small), given.p)


@pytest.mark.parametrize("name", BACKENDS)
def test_transforms_of_terms(given, name):
    for limbs, weights, expected in given.sums:
        got = given.call("forward_terms", name, limbs, weights=weights)
        assert equal(got, expected, given.p)


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
    a, d = given.a.astype(object), given.b.astype(object)
    for limbs, weights, taken in given.sums[::2]:
        for addend, plus in ((None, 0), (given.b, given.primes[0] * d)):
            got = given.call(
                "forward_divide", name, [given.a, addend, *limbs], w=given.w, weights=weights
            )
            assert equal(got, (a + plus - taken) * given.w, given.p)


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
