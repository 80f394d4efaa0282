"""How much noise ciphertexts carry, and the noise that hides it from those who see results.

Noise is tracked as the standard deviation of a coefficient, in units of the integers inside. It follows from
parameters, declared bounds and the evaluating party's own plain operands, never from messages.
"""

from __future__ import annotations

import math
import os

import numpy as np
from numpy.typing import NDArray

from .parameters import Parameters

__all__ = [
    "STATISTICAL_BITS",
    "flooded",
    "fresh_public",
    "fresh_symmetric",
    "rounding",
    "size",
    "switching",
]

STATISTICAL_BITS = 20
_VARIANCE = 10.5  # centred binomial of 2 x 21 bits


def rounding(parameters: Parameters) -> float:
    """Noise of dividing by a prime: rounding both parts, the second times a ternary secret."""
    return math.sqrt((1 + 2 * parameters.ring_degree / 3) / 12)


def switching(parameters: Parameters) -> float:
    """Noise of a key switch and its division."""
    specials = len(parameters.special_bits)
    if specials < 2:
        return rounding(parameters)
    # Digits of d primes are below d / 2 times their product, and meet one error for each coefficient.
    products = parameters.ring_degree * len(parameters.prime_bits)
    return math.sqrt(specials + 1) * rounding(parameters) + math.sqrt(_VARIANCE * products / 12)


def fresh_symmetric() -> float:
    """Noise of the owner's fresh ciphertexts."""
    return math.sqrt(_VARIANCE)


def fresh_public(parameters: Parameters) -> float:
    """Noise of fresh ciphertexts under the public key."""
    if parameters.special_bits:
        return rounding(parameters) + 1
    return math.sqrt(_VARIANCE * (1 + 4 * parameters.ring_degree / 3))


def size(values: NDArray[np.float64]) -> float:
    """Return the largest size of plain operands, rounded up to a power of two, at least 2^-30."""
    largest = float(np.abs(values).max(initial=0.0))
    return 2.0 ** max(math.ceil(math.log2(largest)) if largest > 0 else -30, -30)


def _gaussian(count: int) -> NDArray[np.float64]:
    """Normal deviates from the operating system's randomness (Box and Muller 1958)."""
    words = np.frombuffer(os.urandom(16 * count), dtype=np.uint64).reshape(2, count) >> np.uint64(
        11
    )
    u = (words + np.uint64(1)) / 2.0**53
    result: NDArray[np.float64] = np.sqrt(-2 * np.log(u[0])) * np.cos(2 * np.pi * u[1])
    return result


def flooded(
    values: NDArray[np.float64], noise: float, queries: int
) -> tuple[NDArray[np.float64], float]:
    """Return values plus Gaussian noise, rounded to a power of two below it, and that step.

    Parameters
    ----------
    values : ndarray of float64
    noise : float
        Standard deviation of the noise in `values`, in their unit.
    queries : int

    Notes
    -----
    Deviation sqrt(12 queries) 2^(s/2) noise for s = 20 bits of statistical security (Li, Micciancio, Schultz
    and Sorrell 2022, theorem 2).
    """
    deviation = noise * math.sqrt(12 * queries) * 2.0 ** (STATISTICAL_BITS / 2)
    step = 2.0 ** math.floor(math.log2(deviation))
    return np.rint((values + deviation * _gaussian(len(values))) / step) * step, step
