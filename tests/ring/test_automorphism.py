"""The automorphisms X -> X^g move values in NTT order: against the same on coefficients."""

import heflow as hf
import numpy as np
import pytest
from heflow._core import testing

BACKENDS = [b.name for b in hf.backends() if b.available]


def substituted(a, g, p):
    """a(X^g) modulo X^n + 1 and p: coefficient i moves to i g, and X^n is -1."""
    n = len(a)
    to = np.arange(n) * g % (2 * n)
    result = np.zeros_like(a)
    result[to % n] = np.where(to < n, a, (p - a) % p)
    return result


@pytest.mark.parametrize("log_degree", [10, 13, 16])
@pytest.mark.parametrize("name", BACKENDS)
def test_values_move_as_coefficients_do(name, log_degree):
    n = 1 << log_degree
    p = testing.ntt_primes(47, log_degree, 1)[0]
    rng = np.random.default_rng(log_degree)
    a = rng.integers(0, p, n).astype(np.uint64)
    values = testing.ntt(a, p, name)
    exponents = [1, 3, 5, 7, 25, 2 * n - 1, *(2 * rng.integers(0, n, 20) + 1)]
    for g in map(int, exponents):
        expected = testing.ntt(substituted(a, g, p), p, name)
        assert np.array_equal(testing.permuted(values, g, name), expected), g
