"""The bare negacyclic transform of heflow, through the compiled module's names for tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import heflow as hf

from .._core import testing
from .case import Case
from .ckks_inputs import NTT

PRIME_BITS = 47
REPEATS = 64
SHIFT = 5


def ntt_cases(library: str, ring_degree: int, size: str) -> Iterator[Case]:
    """Yield the forward transform of one limb modulo a 47-bit prime.

    The compiled module repeats it, so that one call and its copies weigh little; the result is checked on a
    call that transforms once.
    """
    modulus = testing.ntt_primes(PRIME_BITS, ring_degree.bit_length() - 1, 1)[0]
    backend = hf.default_backend()
    rng = np.random.default_rng(20240903)
    limb = rng.integers(0, modulus, ring_degree).astype(np.uint64)

    def transform(values: Any) -> Any:
        return np.asarray(testing.ntt(values, modulus, backend)).astype(object)

    def check(_: Any) -> None:
        """Multiplication by a monomial is a negacyclic shift: true in any order of the outputs."""
        shifted = np.roll(limb, SHIFT)
        shifted[:SHIFT] = (modulus - shifted[:SHIFT]) % modulus
        monomial = np.zeros_like(limb)
        monomial[SHIFT] = 1
        product = transform(limb) * transform(monomial) % modulus
        assert np.array_equal(product, transform(shifted) % modulus), "wrong transform"

    def run() -> Any:
        return testing.ntt(limb, modulus, backend, repeats=REPEATS)

    yield Case(NTT, library, size, REPEATS, run, check)
