"""Primes for new keys, and the checks on moduli and primes from elsewhere. Runs on gmpy2."""

from __future__ import annotations

import operator
import secrets
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import gmpy2

from ..errors import ParameterError

__all__ = [
    "MAX_BITS",
    "KeyPrime",
    "check_modulus",
    "check_primes",
    "is_probable_prime",
    "key_prime",
    "prime_pair",
    "whole_number",
]

MAX_BITS = 8192
RANDOM_ROUNDS = 6  # our candidates are random: FIPS 186-5, table B.1, and a Lucas test besides
FOREIGN_ROUNDS = 64  # a stranger may have chosen the number to deceive a test
SMALLEST_FACTOR = 1 << 20
_SIEVE_LIMIT = 1 << 13
_MULTIPLIER_BITS = 24


@dataclass(frozen=True, repr=False)
class KeyPrime:
    """A prime p = 2 t r + 1 with r prime and t small, odd and factored.

    Attributes
    ----------
    p, r, t : int
    generator : int
        Of the whole group Z_p^*; certain, because p - 1 is factored.
    """

    p: int
    r: int
    t: int
    generator: int


@lru_cache(maxsize=4)
def _primorial(limit: int) -> int:
    return int(gmpy2.primorial(limit))


def whole_number(value: Any) -> int | None:
    """Return an integer of any common type as int; None for all else, booleans included."""
    if isinstance(value, bool):
        return None
    try:
        return operator.index(value)
    except TypeError:
        return None


def is_probable_prime(n: int, rounds: int) -> bool:
    """Test by Miller-Rabin with fresh random bases, and by a strong Lucas test."""
    if n < 1 << 16:
        return bool(gmpy2.is_prime(n))
    if n % 2 == 0 or not gmpy2.is_strong_prp(n, 2):
        return False
    bases = (2 + secrets.randbelow(n - 3) for _ in range(rounds))
    return all(gmpy2.is_strong_prp(n, b) for b in bases) and bool(gmpy2.is_strong_selfridge_prp(n))


def key_prime(bits: int) -> KeyPrime:
    """Return a random prime p = 2 t r + 1, 3 modulo 4, with sqrt(2) 2^(bits-1) <= p < 2^bits.

    The lower bound is that of FIPS 186-5, appendix A.1. First a random prime r is found, then t is
    drawn at random until p is prime. About bits / 20 tests of each kind follow the sieve.
    """
    t_bits = min(_MULTIPLIER_BITS, bits // 4)
    low = int(gmpy2.isqrt(gmpy2.mpz(1) << (2 * bits - 1))) + 1
    high = (1 << bits) - 1
    sieve = _primorial(min(_SIEVE_LIMIT, 1 << (bits // 4)))
    while True:
        r = secrets.randbits(bits - 1 - t_bits) | 1 << (bits - 2 - t_bits) | 1
        if gmpy2.gcd(r, sieve) != 1 or not is_probable_prime(r, RANDOM_ROUNDS):
            continue
        # t = 2 u + 1, so that p = 3 modulo 4.
        first, last = -(-(low - 1) // (2 * r)) // 2, ((high - 1) // (2 * r) - 1) // 2
        for _ in range(64 * bits):
            t = 2 * (first + secrets.randbelow(last - first + 1)) + 1
            p = 2 * t * r + 1
            if gmpy2.gcd(p, sieve) == 1 and is_probable_prime(p, RANDOM_ROUNDS):
                return KeyPrime(p, r, t, _generator(p, [2, r, *_odd_factors(t)]))


def _odd_factors(t: int) -> set[int]:
    factors, divisor = set(), 3
    while divisor * divisor <= t:
        while t % divisor == 0:
            factors.add(divisor)
            t //= divisor
        divisor += 2
    return factors | ({t} if t > 1 else set())


def _generator(p: int, factors: list[int]) -> int:
    while True:
        g = 2 + secrets.randbelow(p - 3)
        if all(gmpy2.powmod(g, (p - 1) // f, p) != 1 for f in factors):
            return g


def prime_pair(bits: int) -> tuple[KeyPrime, KeyPrime]:
    """Return two key primes that fit each other; their product has exactly `bits` bits.

    gcd(p-1, q-1) = 2 and |p - q| > 2^(bits/2 - 100), of FIPS 186-5, appendix A.1.
    """
    half = bits // 2
    p = key_prime(half)
    while True:
        q = key_prime(half)
        far = abs(p.p - q.p) > (1 << half >> 100)
        fits = gmpy2.gcd(p.p - 1, q.p - 1) == 2
        # The last condition is certain for r of this size, and cheap to prove.
        if far and fits and gmpy2.gcd(p.p * q.p, (p.p - 1) * (q.p - 1)) == 1:
            return p, q


def check_modulus(n: int) -> None:
    """Refuse a modulus that cannot be a product of two large primes. It proves no more than that.

    Raises
    ------
    ParameterError
    """
    if n < 15:
        raise ParameterError(f"n={n}: the product of two large primes is needed")
    if n % 2 == 0:
        raise ParameterError("n is even: it is not a product of two large primes")
    bits = n.bit_length()
    if bits > MAX_BITS:
        raise ParameterError(f"n has {bits} bits; the limit is {MAX_BITS}")
    limit = min(SMALLEST_FACTOR, 1 << max(bits // 4, 2))
    if gmpy2.gcd(n, _primorial(limit)) != 1:
        raise ParameterError(f"n has a prime factor below {limit}: it is no key, or a trap")
    if is_probable_prime(n, RANDOM_ROUNDS):
        raise ParameterError("n is prime: everybody could decrypt")
    if gmpy2.is_power(n):
        raise ParameterError("n is a perfect power: it is not a product of two different primes")


def check_primes(p: int, q: int, blum: bool) -> None:
    """Refuse factors that are not two different primes which make a Paillier key.

    Parameters
    ----------
    p, q : int
    blum : bool
        Also ask for p = q = 3 modulo 4 and gcd(p-1, q-1) = 2, which the randomizer "djn" rests on.

    Raises
    ------
    ParameterError
        The message names p or q, never their digits.
    """
    if p == q:
        raise ParameterError("p and q are equal: n = p^2 is factored by a square root")
    for name, value in (("p", p), ("q", q)):
        if value < 3 or value % 2 == 0:
            raise ParameterError(f"{name} must be an odd prime")
        if value.bit_length() > MAX_BITS:
            raise ParameterError(f"{name} has {value.bit_length()} bits; n may have {MAX_BITS}")
        if not is_probable_prime(value, FOREIGN_ROUNDS):
            raise ParameterError(f"{name} is not prime")
    half = max(p.bit_length(), q.bit_length())
    if abs(p.bit_length() - q.bit_length()) > half // 16:
        raise ParameterError(
            "p and q differ too much in size: the smaller one decides the security"
        )
    if abs(p - q) <= 1 << half >> 100:
        raise ParameterError("p and q are too close: Fermat's method factors n")
    if gmpy2.gcd(p * q, (p - 1) * (q - 1)) != 1:
        raise ParameterError("n shares a factor with (p-1)(q-1): decryption would be ambiguous")
    if blum and not (p % 4 == q % 4 == 3 and gmpy2.gcd(p - 1, q - 1) == 2):
        raise ParameterError(
            "randomizer='djn' needs p = q = 3 modulo 4 and gcd(p-1, q-1) = 2, which these primes "
            "do not fulfil: use randomizer='textbook', or a new key from keygen()"
        )
