"""GMP through gmpy2, number by number: the floor under every other library.

The bare arithmetic of what heflow computes, without encodings and keys as objects: h^a with a of n/2 bits
(Damgard, Jurik, Nielsen 2010), decryption modulo p^2 and q^2, products modulo n^2.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import gmpy2

from .case import OPERATIONS, TEXTBOOK, Case
from .inputs import Inputs, expect
from .small_inputs import BITS, Small

NAME = "gmpy2"
ENCRYPT, OWNER, DECRYPT, ADD, TIMES_32, TIMES_53 = OPERATIONS[:6]


def _prime(bits: int) -> gmpy2.mpz:
    return gmpy2.next_prime(secrets.randbits(bits) | 3 << (bits - 2))


class _Key:
    """n = p q with what a careful implementation precomputes."""

    def __init__(self, bits: int) -> None:
        self.p, self.q = _prime(bits // 2), _prime(bits // 2)
        self.n = self.p * self.q
        self.n2, self.p2, self.q2 = self.n**2, self.p**2, self.q**2
        self.hp = gmpy2.invert((self.p - 1) * self.q, self.p)
        self.hq = gmpy2.invert((self.q - 1) * self.p, self.q)
        self.p_inverse = gmpy2.invert(self.p, self.q)
        self.p2_inverse = gmpy2.invert(self.p2, self.q2)
        x = gmpy2.mpz(secrets.randbelow(int(self.n)))
        self.base = gmpy2.powmod(-x * x, self.n, self.n2)
        self.exponent_bits = bits // 2

    def encrypt(self, m: int) -> gmpy2.mpz:
        a = secrets.randbits(self.exponent_bits)
        return (1 + m * self.n) * gmpy2.powmod(self.base, a, self.n2) % self.n2

    def encrypt_as_owner(self, m: int) -> gmpy2.mpz:
        r = secrets.randbelow(int(self.n))
        rp, rq = gmpy2.powmod(r, self.n, self.p2), gmpy2.powmod(r, self.n, self.q2)
        return (1 + m * self.n) * (rp + self.p2 * ((rq - rp) * self.p2_inverse % self.q2)) % self.n2

    def encrypt_textbook(self, m: int) -> gmpy2.mpz:
        r = secrets.randbelow(int(self.n))
        return (1 + m * self.n) * gmpy2.powmod(r, self.n, self.n2) % self.n2

    def decrypt(self, c: gmpy2.mpz) -> gmpy2.mpz:
        mp = (gmpy2.powmod(c, self.p - 1, self.p2) - 1) // self.p * self.hp % self.p
        mq = (gmpy2.powmod(c, self.q - 1, self.q2) - 1) // self.q * self.hq % self.q
        return mp + self.p * ((mq - mp) * self.p_inverse % self.q)


def cases(bits: int, items: int = 64) -> Iterator[Case]:
    """Yield the single operations of Paillier, and modular exponentiation."""
    key = _Key(bits)
    n, n2 = key.n, key.n2
    inputs = Inputs.make(items)
    m = [int(v) % int(n) for v in inputs.messages]
    f32, f53 = [int(v) for v in inputs.factors32], [int(v) for v in inputs.factors53]
    x = [key.encrypt(v) for v in m]
    few = m[: max(items // 8, 2)]
    exponent = gmpy2.mpz(secrets.randbits(bits) | 1 << (bits - 1))

    def decrypts_to(expected: list[int]) -> Any:
        return lambda result: expect([key.decrypt(c) for c in result], [v % n for v in expected])

    table = [
        (ENCRYPT, items, lambda: [key.encrypt(v) for v in m], decrypts_to(m)),
        (OWNER, items, lambda: [key.encrypt_as_owner(v) for v in m], decrypts_to(m)),
        (DECRYPT, items, lambda: [key.decrypt(c) for c in x], lambda r: expect(r, m)),
        (ADD, items, lambda: [c * c % n2 for c in x], decrypts_to([2 * v for v in m])),
        (
            TIMES_32,
            items,
            lambda: [gmpy2.powmod(c, f, n2) for c, f in zip(x, f32, strict=True)],
            decrypts_to([v * f for v, f in zip(m, f32, strict=True)]),
        ),
        (
            TIMES_53,
            items,
            lambda: [gmpy2.powmod(c, f, n2) for c, f in zip(x, f53, strict=True)],
            decrypts_to([v * f for v, f in zip(m, f53, strict=True)]),
        ),
        (TEXTBOOK, len(few), lambda: [key.encrypt_textbook(v) for v in few], decrypts_to(few)),
        (
            OPERATIONS[-1],
            items,
            lambda: gmpy2.powmod_base_list(x, exponent, n),
            lambda result: expect(result[:4], [pow(int(c), int(exponent), int(n)) for c in x[:4]]),
        ),
    ]
    for operation, count, run, check in table:
        yield Case(operation, NAME, f"{bits} bits", count, run, check)


def small_cases(count: int) -> Iterator[Case]:
    """Yield Paillier's operations on `count` numbers, one after the other."""
    key, small = _Key(BITS), Small.make(count)
    n, n2 = key.n, key.n2
    m, f = small.messages.tolist(), small.factors.tolist()
    x = [key.encrypt(v) for v in m]

    def product(factors: list[Any]) -> list[Any]:
        total = gmpy2.mpz(1)
        for factor in factors:
            total = total * factor % n2
        return [total]

    def powers(sign: int) -> list[Any]:
        return [gmpy2.powmod(c, sign * w, n2) for c, w in zip(x, f, strict=True)]

    runs: dict[str, Any] = {
        "encrypt": lambda: [key.encrypt(v) for v in m],
        "encrypt, owner": lambda: [key.encrypt_as_owner(v) for v in m],
        "decrypt": lambda: _signed([key.decrypt(c) for c in x], n),
        "add": lambda: [c * c % n2 for c in x],
        "subtract": lambda: [c * gmpy2.invert(c, n2) % n2 for c in x],
        "add plain": lambda: [c * (1 + w * n) % n2 for c, w in zip(x, f, strict=True)],
        "x 32-bit": lambda: powers(1),
        "x negative 32-bit": lambda: powers(-1),
    }
    if count > 1:
        runs |= {"sum": lambda: product(x), "dot, 32-bit": lambda: product(powers(1))}
    yield from small.exact_cases(
        NAME, runs, lambda made: _signed([key.decrypt(c) for c in made], n)
    )


def _signed(values: list[Any], n: Any) -> list[Any]:
    return [v if 2 * v < n else v - n for v in values]
