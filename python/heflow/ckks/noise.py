"""How much noise ciphertexts carry, and the noise that hides it from those who see results.

Noise is tracked as the standard deviation of a coefficient, in units of the integers inside. It follows from
parameters, declared bounds and the evaluating party's own plain operands, never from messages. Noise of
operands adds up as if it were the same; what a division adds is independent of it, and adds up in squares.
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
    "product",
    "rounding",
    "size",
    "switching",
]

STATISTICAL_BITS = 20
_VARIANCE = 10.5  # centred binomial of 2 x 21 bits


def rounding(parameters: Parameters) -> float:
    """Noise of dividing by a prime: rounding both parts, the second times a ternary secret."""
    return math.sqrt((1 + 2 * parameters.ring_degree / 3) / 12)


def _digits(parameters: Parameters) -> float:
    """Noise of the errors in an evaluation key: each digit of key switching meets one for each coefficient.

    A digit of d primes with product D sums d multiples of D, uniform in -1/2 .. 1/2; all is divided by P.
    """
    bits, room = parameters.prime_bits, sum(parameters.special_bits)
    for each in range(len(bits) if len(parameters.special_bits) > 1 else 1, 0, -1):
        digits = [bits[i : i + each] for i in range(0, len(bits), each)]
        if all(sum(d) <= room for d in digits):
            break
    variance = sum(len(d) / 12 * 4.0 ** (sum(d) - room) for d in digits)
    return math.sqrt(_VARIANCE * parameters.ring_degree * variance)


def switching(parameters: Parameters) -> float:
    """Noise of a key switch and its division by all special primes."""
    return math.hypot(
        math.sqrt(len(parameters.special_bits)) * rounding(parameters), _digits(parameters)
    )


def product(parameters: Parameters) -> float:
    """Noise that relinearising and rescaling add: one division by the special primes and one more."""
    specials = len(parameters.special_bits)
    divided = (
        1 if specials == 1 else specials + 1
    )  # by one special prime exactly, and else prime by prime
    last = 2.0 ** parameters.prime_bits[-1]
    return math.hypot(math.sqrt(divided) * rounding(parameters), _digits(parameters) / last)


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
