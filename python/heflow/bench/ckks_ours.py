"""heflow's CKKS through its public API, on vectors that fill the slots."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import ckks_inputs as suite
from .case import Case
from .ckks_inputs import Vectors, byte_cases
from .ring_ours import ntt_cases

NAME = "heflow"
SPECIAL_BITS = {8192: (47,), 16384: (47, 47, 47)}


def parameters(ring_degree: int) -> Any:
    """Return the parameters: 47 bits at the base, 40 for each level, 47 for each special prime."""
    levels = suite.DATA_PRIMES[ring_degree] - 1
    return _ckks().Parameters(
        ring_degree=ring_degree,
        prime_bits=(47, *(suite.SCALE_BITS,) * levels),
        special_bits=SPECIAL_BITS[ring_degree],
        scale_bits=suite.SCALE_BITS,
    )


def cases(ring_degree: int) -> Iterator[Case]:
    """Yield every operation, then sizes in bytes, then the bare transform."""
    secret = _ckks().keygen(parameters(ring_degree))
    public, for_sums = secret.public, secret.public_for(rotations="sum")
    vectors, size = Vectors(ring_degree), suite.size_label(ring_degree)
    x, y = public.encrypt(vectors.x), public.encrypt(vectors.y)
    turning = secret.public_for(rotations=(1,)).encrypt(vectors.x)
    summing = for_sums.encrypt(vectors.x)

    runs: dict[str, Callable[[], Any]] = {
        suite.ENCRYPT_PUBLIC: lambda: public.encrypt(vectors.x),
        suite.ENCRYPT_OWNER: lambda: secret.encrypt(vectors.x),
        suite.ADD: lambda: x + y,
        suite.TIMES_PLAIN: lambda: x * vectors.y,
        suite.PRODUCT: lambda: x * y,
        suite.ROTATE: lambda: turning.rotate(1),
        suite.SUM: lambda: summing.sum(),
        suite.DECRYPT: lambda: secret.decrypt(x),
    }
    yield from vectors.cases(NAME, size, runs, secret.decrypt)
    lengths: dict[str, Callable[[], int]] = {
        suite.CONTEXT_BYTES: lambda: len(public.to_bytes()),
        suite.SUM_CONTEXT_BYTES: lambda: len(for_sums.to_bytes()),
        suite.PUBLIC_BYTES: lambda: len(x.to_bytes()),
        suite.OWNER_BYTES: lambda: len(secret.encrypt(vectors.x).to_bytes()),
    }
    yield from byte_cases(NAME, size, lengths)
    yield from ntt_cases(NAME, ring_degree, size)
    yield from _batches(ring_degree, secret)


def _batches(ring_degree: int, secret: Any) -> Iterator[Case]:
    """Yield operations on many ciphertexts in one call, which threads share."""
    public, turning = secret.public, secret.public_for(rotations=(1,))
    a = np.random.default_rng(20240904).standard_normal((suite.BATCH, ring_degree // 2))
    x, turned = public.encrypt(a), turning.encrypt(a)
    table: list[tuple[str, Any, Any]] = [
        (suite.ENCRYPT_PUBLIC, lambda: public.encrypt(a), a),
        (suite.ENCRYPT_OWNER, lambda: secret.encrypt(a), a),
        (suite.DECRYPT, lambda: secret.decrypt(x), a),
        (suite.PRODUCT, lambda: x * x, a * a),
        (suite.ROTATE, lambda: turned.rotate(1), np.roll(a, -1, axis=1)),
    ]

    def check_of(expected: Any) -> Any:
        return lambda result: suite.largest_error(
            result if isinstance(result, np.ndarray) else secret.decrypt(result), expected, 1e-4
        )

    for operation, run, expected in table:
        name, size = suite.BATCHES[operation], suite.size_label(ring_degree)
        yield Case(name, NAME, size, suite.BATCH, run, check_of(expected))


def _ckks() -> Any:
    return importlib.import_module("heflow.ckks")
