"""heflow through its public API, on arrays."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import numpy as np

import heflow as hf

from .case import OPERATIONS, TEXTBOOK, Case
from .inputs import COLUMNS, Inputs, bucket_totals, expect

NAME = "heflow"


def cases(bits: int, items: int = 4096, small: bool = False) -> Iterator[Case]:
    """Yield every operation; `small` shrinks the sums and buckets for smoke runs."""
    secret = hf.paillier.keygen(bits, insecure=bits < 2048)
    public = secret.public
    items = max(items, COLUMNS)
    inputs = Inputs.make(items, bucket_items=1000 if small else 100_000, rows=2 if small else 64)
    m = inputs.messages
    x, y = public.encrypt(m), secret.encrypt(m[::-1].copy())
    exact = inputs.exact(m)

    def decrypts_to(expected: Any) -> Any:
        return lambda result: expect(secret.decrypt_integers(result), expected)

    many = np.arange(1000 if small else 10_000) % items
    long, vector = x[many], x[:COLUMNS]
    rows = x[np.arange(len(inputs.bins)) % items]
    totals = bucket_totals(m[np.arange(len(inputs.bins)) % items], inputs.bins)
    product = inputs.matrix.astype(object) @ exact[:COLUMNS]
    table: list[tuple[int, Any, Any]] = [
        (items, lambda: public.encrypt(m), decrypts_to(m)),
        (items, lambda: secret.encrypt(m), decrypts_to(m)),
        (items, lambda: secret.decrypt(x), lambda result: expect(result, m)),
        (items, lambda: x + y, decrypts_to(m + m[::-1])),
        (items, lambda: x * inputs.factors32, decrypts_to(exact * inputs.factors32)),
        (items, lambda: x * inputs.factors53, decrypts_to(exact * inputs.factors53)),
        (items, lambda: x * -inputs.factors32, decrypts_to(exact * -inputs.factors32)),
        (len(many), lambda: long.sum(), decrypts_to(exact[many].sum())),
        (inputs.matrix.size, lambda: inputs.matrix @ vector, decrypts_to(product)),
        (inputs.bins.size, lambda: hf.bucket_sum(rows, inputs.bins, 32), decrypts_to(totals)),
    ]
    for operation, (count, run, check) in zip(OPERATIONS, table, strict=False):
        yield Case(operation, NAME, f"{bits} bits", count, run, check)

    foreign = hf.paillier.public_from_n(public.n, insecure=bits < 2048)
    few = m[: items // 16]
    yield Case(
        TEXTBOOK, NAME, f"{bits} bits", len(few), lambda: foreign.encrypt(few), decrypts_to(few)
    )
    n, exponent = public.n, secrets.randbits(bits) | 1 << (bits - 1)
    bases = [secrets.randbelow(n) for _ in range(64 if small else 1024)]
    yield Case(
        OPERATIONS[-1],
        NAME,
        f"{bits} bits",
        len(bases),
        lambda: hf.powmod(bases, exponent, n),
        lambda result: expect(result[:8], [pow(b, exponent, n) for b in bases[:8]]),
    )
