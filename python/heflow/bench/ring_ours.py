"""The bare negacyclic transform of heflow, where the compiled module shows it for tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gmpy2
import numpy as np

from .._core import testing
from .case import Case
from .ckks_inputs import NTT

PRIME_BITS = 47
SHIFT = 5


def ntt_cases(library: str, ring_degree: int, size: str) -> Iterator[Case]:
    """Yield one transform of a polynomial modulo a 47-bit prime, copies in and out included."""
    ntt = getattr(testing, "ntt", None)
    if ntt is None:
        return
    modulus = ntt_prime(ring_degree)
    rng = np.random.default_rng(20240903)
    a = rng.integers(0, modulus, ring_degree).astype(np.uint64)

    def check(values: Any) -> None:
        """Multiplication by a monomial is a negacyclic shift: true in any order of the outputs."""
        shifted = np.roll(a, SHIFT)
        shifted[:SHIFT] = (modulus - shifted[:SHIFT]) % modulus
        monomial = np.zeros_like(a)
        monomial[SHIFT] = 1
        product = np.asarray(values).astype(object) * np.asarray(ntt(monomial, modulus))
        assert np.array_equal(product % modulus, np.asarray(ntt(shifted, modulus)).astype(object))

    yield Case(NTT, library, size, 1, lambda: ntt(a, modulus), check)


def ntt_prime(ring_degree: int) -> int:
    """Return the largest prime below 2^47 that is 1 modulo twice the ring degree."""
    step = 2 * ring_degree
    candidate: int = (2**PRIME_BITS - 1) // step * step + 1
    while candidate >= 2**PRIME_BITS or not gmpy2.is_prime(candidate):
        candidate -= step
    return candidate
