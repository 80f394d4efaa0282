"""pypaillier: Rust on GMP, short exponents. Its threads come from RAYON_NUM_THREADS at first use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from typing import Any

os.environ.setdefault("RAYON_NUM_THREADS", "1")

import paillier as pypaillier

from .case import OPERATIONS, Case
from .inputs import COLUMNS, Inputs, expect

NAME = "pypaillier"


def cases(bits: int, items: int = 64) -> Iterator[Case]:
    """Yield its operations on lists; products by its variable-time calls, which are the faster ones."""
    public, secret = pypaillier.generate_keypair(bits)
    inputs = Inputs.make(items)
    m = [int(v) for v in inputs.messages]
    f32, f52 = [int(v) for v in inputs.factors32], [int(v) >> 1 for v in inputs.factors53]
    x = [bytes(c) for c in pypaillier.encrypt_integers(public, m)]

    def decrypts_to(expected: Any) -> Any:
        return lambda result: expect(
            pypaillier.decrypt_many(secret, [bytes(c) for c in result]), expected
        )

    pairs = [[i, items + i] for i in range(items)]
    vector = [x[i % items] for i in range(COLUMNS)]
    row = [int(v) for v in inputs.matrix[0]]
    dot = sum(w * m[i % items] for i, w in enumerate(row))
    long = [x[i % items] for i in range(10_000)]

    def product() -> Any:
        return [
            pypaillier.add_many(
                public, [bytes(b) for b in pypaillier.multiply_integers_public(public, vector, row)]
            )
        ]

    def times(factors: list[int]) -> tuple[Any, Any]:
        products = [v * f for v, f in zip(m, factors, strict=True)]
        run = partial(pypaillier.multiply_integers_public, public, x, factors)
        return run, decrypts_to(products)

    table: list[tuple[str, int, Any, Any]] = [
        (OPERATIONS[0], items, lambda: pypaillier.encrypt_integers(public, m), decrypts_to(m)),
        (OPERATIONS[2], items, lambda: pypaillier.decrypt_many(secret, x), lambda r: expect(r, m)),
        (
            OPERATIONS[3],
            items,
            lambda: pypaillier.add_blocks(public, x + x, pairs),
            decrypts_to([2 * v for v in m]),
        ),
        (OPERATIONS[4], items, *times(f32)),
        (OPERATIONS[5], items, *times(f52)),
        (OPERATIONS[6], items, *times([-f for f in f32])),
        (
            OPERATIONS[7],
            10_000,
            lambda: [pypaillier.add_many(public, long)],
            decrypts_to([sum(m[i % items] for i in range(10_000))]),
        ),
        (OPERATIONS[8], COLUMNS, product, decrypts_to([dot])),
    ]
    for operation, count, run, check in table:
        yield Case(operation, NAME, f"{bits} bits", count, run, check)
