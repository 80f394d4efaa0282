"""Primes for new keys, and the checks on moduli and primes from elsewhere. Runs on gmpy2."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import gmpy2

from ..errors import ParameterError

__all__ = ["KeyPrime", "check_modulus", "check_primes", "prime_pair"]

MILLER_RABIN_ROUNDS = 64  # for numbers from elsewhere; our own candidates are random and need fewer
SMALLEST_FACTOR = 1 << 20
_PRIMORIAL = int(gmpy2.primorial(SMALLEST_FACTOR))
_SIEVE = int(gmpy2.primorial(2000))


@dataclass(frozen=True, repr=False)
class KeyPrime:
    """A prime p = 2 t r + 1 with r prime, t small and odd, and a generator of its whole group."""

    p: int
    generator: int


def _is_prime(n: int) -> bool:
    return bool(gmpy2.is_strong_bpsw_prp(n)) and bool(gmpy2.is_prime(n, 5))


def key_prime(bits: int) -> KeyPrime:
    """Return a random Blum prime of exactly `bits` bits with its two top bits pattern >= sqrt(2)/2.

    p - 1 = 2 t r is factored by construction, so that a generator is certain. The cost is one prime r,
    and a search over t that leaves r as it is.
    """
    small = min(16, bits // 8)
    low = int(gmpy2.isqrt(gmpy2.mpz(1) << (2 * bits - 1))) + 1  # FIPS 186-5: p >= sqrt(2) 2^(bits-1)
    high = 1 << bits
    while True:
        r = secrets.randbits(bits - 1 - small) | (1 << (bits - 2 - small)) | 1
        if gmpy2.gcd(r, _SIEVE) != 1 or not _is_prime(r):
            continue
        first, last = low // (2 * r) + 1, (high - 1) // (2 * r)
        # t odd makes p = 3 mod 4; start anywhere and go round once.
        candidates = range(first | 1, last, 2)
        if not candidates:
            continue
        start = secrets.randbelow(len(candidates))
        for i in range(len(candidates)):
            t = candidates[(start + i) % len(candidates)]
            p = 2 * t * r + 1
            if gmpy2.gcd(p, _SIEVE) == 1 and _is_prime(p):
                return KeyPrime(p, _generator(p, t, r))


def _generator(p: int, t: int, r: int) -> int:
    factors = {2, r}
    rest, divisor = t, 3
    while rest > 1:
        if rest % divisor == 0:
            factors.add(divisor)
            rest //= divisor
        else:
            divisor += 2
    while True:
        g = 2 + secrets.randbelow(p - 3)
        if all(gmpy2.powmod(g, (p - 1) // f, p) != 1 for f in factors):
            return g


def prime_pair(bits: int) -> tuple[KeyPrime, KeyPrime]:
    """Return two key primes whose product has exactly `bits` bits (FIPS 186-5, appendix A.1)."""
    half = bits // 2
    while True:
        p, q = key_prime(half), key_prime(bits - half)
        n = p.p * q.p
        far = abs(p.p - q.p) >> max(half - 100, 0) != 0
        if far and n.bit_length() == bits and gmpy2.gcd(p.p - 1, q.p - 1) == 2:
            if gmpy2.gcd(n, (p.p - 1) * (q.p - 1)) == 1:
                return p, q


def check_modulus(n: int) -> None:
    """Refuse a modulus that cannot be a product of two large primes. It proves no more than that.

    Raises
    ------
    ParameterError
    """
    if not isinstance(n, int) or isinstance(n, bool) or n < 15:
        raise ParameterError(f"n={n!r}: a positive integer, the product of two large primes, is needed")
    if n % 2 == 0:
        raise ParameterError("n is even: it is not a product of two large primes")
    if n.bit_length() > 8192:
        raise ParameterError(f"n has {n.bit_length()} bits; the limit is 8192")
    factor_limit = min(SMALLEST_FACTOR, 1 << max(n.bit_length() // 4, 2))
    shared = int(gmpy2.gcd(n, _PRIMORIAL if factor_limit == SMALLEST_FACTOR else gmpy2.primorial(factor_limit)))
    if shared != 1:
        raise ParameterError(f"n has a prime factor below {factor_limit}: whoever made it can be attacked")
    if gmpy2.is_prime(n, MILLER_RABIN_ROUNDS):
        raise ParameterError("n is prime: everybody could decrypt")
    if gmpy2.is_power(n):
        raise ParameterError("n is a perfect power: it is not a product of two different primes")


def check_primes(p: int, q: int) -> None:
    """Refuse factors that are not two different primes which make a Paillier key.

    Raises
    ------
    ParameterError
        The message names p or q, never their digits.
    """
    for name, value in (("p", p), ("q", q)):
        if not isinstance(value, int) or isinstance(value, bool) or value < 3:
            raise ParameterError(f"{name} must be an odd prime")
        if not gmpy2.is_prime(value, MILLER_RABIN_ROUNDS) or not gmpy2.is_strong_bpsw_prp(value):
            raise ParameterError(f"{name} is not prime")
    if p == q:
        raise ParameterError("p and q are equal: n = p^2 is factored by a square root")
    half = max(p.bit_length(), q.bit_length())
    if abs(p.bit_length() - q.bit_length()) > half // 4:
        raise ParameterError("p and q differ too much in size: the smaller one decides the security")
    if half >= 512 and abs(p - q) >> (half - 100) == 0:
        raise ParameterError("p and q are too close: Fermat's method factors n")
    if gmpy2.gcd(p * q, (p - 1) * (q - 1)) != 1:
        raise ParameterError("n shares a factor with (p-1)(q-1): decryption would be ambiguous")
