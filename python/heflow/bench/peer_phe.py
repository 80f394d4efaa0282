"""python-paillier (phe), with gmpy2."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from phe import paillier

from .case import OPERATIONS, Case
from .inputs import COLUMNS, Inputs, expect
from .small_inputs import BITS, Small

NAME = "phe"


def cases(bits: int, items: int = 32) -> Iterator[Case]:
    """Yield every operation that phe has; per-number objects in lists."""
    public, secret = paillier.generate_paillier_keypair(n_length=bits)
    inputs = Inputs.make(items)
    m = [int(v) for v in inputs.messages]
    f32, f53 = [int(v) for v in inputs.factors32], [int(v) for v in inputs.factors53]
    x = [public.encrypt(v) for v in m]

    def decrypts_to(expected: Any) -> Any:
        return lambda result: expect([secret.decrypt(c) for c in result], expected)

    long = [x[i % items] for i in range(2000)]
    vector = [x[i % items] for i in range(COLUMNS)]
    row = [int(v) for v in inputs.matrix[0]]
    dot = sum(w * m[i % items] for i, w in enumerate(row))

    def product() -> list[Any]:
        total = vector[0] * row[0]
        for c, w in zip(vector[1:], row[1:], strict=True):
            total = total + c * w
        return [total]

    table: list[tuple[str, int, Any, Any]] = [
        (OPERATIONS[0], items, lambda: [public.encrypt(v) for v in m], decrypts_to(m)),
        (OPERATIONS[1], items, lambda: [public.encrypt(v) for v in m], decrypts_to(m)),
        (OPERATIONS[2], items, lambda: [secret.decrypt(c) for c in x], lambda r: expect(r, m)),
        (OPERATIONS[3], items, lambda: [c + c for c in x], decrypts_to([2 * v for v in m])),
        (
            OPERATIONS[4],
            items,
            lambda: [c * f for c, f in zip(x, f32, strict=True)],
            decrypts_to([v * f for v, f in zip(m, f32, strict=True)]),
        ),
        (
            OPERATIONS[5],
            items,
            lambda: [c * f for c, f in zip(x, f53, strict=True)],
            decrypts_to([v * f for v, f in zip(m, f53, strict=True)]),
        ),
        (
            OPERATIONS[6],
            items,
            lambda: [c * -f for c, f in zip(x, f32, strict=True)],
            decrypts_to([-v * f for v, f in zip(m, f32, strict=True)]),
        ),
        (
            OPERATIONS[7],
            len(long),
            lambda: [sum(long[1:], long[0])],
            decrypts_to([sum(m[i % items] for i in range(2000))]),
        ),
        (OPERATIONS[8], COLUMNS, product, decrypts_to([dot])),
    ]
    for operation, count, run, check in table:
        yield Case(operation, NAME, f"{bits} bits", count, run, check)


def small_cases(count: int) -> Iterator[Case]:
    """Yield Paillier's operations on `count` numbers, one object each."""
    public, secret = paillier.generate_paillier_keypair(n_length=BITS)
    small = Small.make(count)
    m, f = small.messages.tolist(), small.factors.tolist()
    x = [public.encrypt(v) for v in m]
    pairs = list(zip(x, f, strict=True))
    runs: dict[str, Any] = {
        "encrypt": lambda: [public.encrypt(v) for v in m],
        "encrypt, owner": lambda: [public.encrypt(v) for v in m],
        "decrypt": lambda: [secret.decrypt(c) for c in x],
        "add": lambda: [c + c for c in x],
        "subtract": lambda: [c - c for c in x],
        "add plain": lambda: [c + w for c, w in pairs],
        "x 32-bit": lambda: [c * w for c, w in pairs],
        "x negative 32-bit": lambda: [c * -w for c, w in pairs],
    }
    if count > 1:
        runs |= {
            "sum": lambda: [sum(x[1:], x[0])],
            "dot, 32-bit": lambda: [sum((c * w for c, w in pairs[1:]), x[0] * f[0])],
        }
    yield from small.exact_cases(NAME, runs, lambda made: [secret.decrypt(c) for c in made])
