"""GMP through gmpy2: the floor under every other library."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import gmpy2

from .case import OPERATIONS, TEXTBOOK, Case
from .inputs import expect

NAME = "gmpy2"


def cases(bits: int, items: int = 64) -> Iterator[Case]:
    """Yield modular exponentiation, and the bare arithmetic of textbook decryption and addition."""
    n = gmpy2.mpz(secrets.randbits(bits) | 1 << (bits - 1) | 1)
    exponent = gmpy2.mpz(secrets.randbits(bits) | 1 << (bits - 1))
    bases = [gmpy2.mpz(secrets.randbelow(int(n))) for _ in range(items)]
    yield Case(
        OPERATIONS[-1],
        NAME,
        f"{bits} bits",
        items,
        lambda: gmpy2.powmod_base_list(bases, exponent, n),
        lambda result: expect(result[:4], [pow(int(b), int(exponent), int(n)) for b in bases[:4]]),
    )
    p = gmpy2.next_prime(secrets.randbits(bits // 2) | 1 << (bits // 2 - 1))
    squares = [b * b for b in bases]
    modulus = p * p
    yield Case(
        "decrypt",
        NAME,
        f"{bits} bits",
        items,
        lambda: [
            (gmpy2.powmod(c, p - 1, modulus), gmpy2.powmod(c, p - 1, modulus)) for c in squares
        ],
        lambda result: expect([result[0][0]], [pow(int(squares[0]), int(p - 1), int(modulus))]),
    )
    n2 = n * n
    yield Case(
        TEXTBOOK,
        NAME,
        f"{bits} bits",
        max(items // 8, 2),
        lambda: [gmpy2.powmod(b, n, n2) for b in bases[: max(items // 8, 2)]],
        lambda result: expect(result[:1], [pow(int(bases[0]), int(n), int(n2))]),
    )
