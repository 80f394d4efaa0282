"""heflow on small tensors, both schemes, through its public API."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import numpy as np

import heflow as hf

from .case import Case
from .small_inputs import BITS, SCALAR, Small

NAME = "heflow"


def cases(count: int) -> Iterator[Case]:
    """Yield the operations of both schemes on `count` elements."""
    small = Small.make(count)
    yield from _paillier(small)
    yield from _ckks(small)


def _paillier(small: Small) -> Iterator[Case]:
    secret = hf.paillier.keygen(BITS)
    public, m, f = secret.public, small.messages, small.factors
    x = public.encrypt(m)
    runs: dict[str, Any] = {
        "encrypt": lambda: public.encrypt(m),
        "encrypt, owner": lambda: secret.encrypt(m),
        "decrypt": lambda: secret.decrypt(x),
        "add": lambda: x + x,
        "subtract": lambda: x - x,
        "add plain": lambda: x + f,
        "x 32-bit": lambda: x * f,
        "x negative 32-bit": lambda: x * -f,
    }
    if small.count > 1:
        runs |= {"sum": lambda: x.sum(), "dot, 32-bit": lambda: f @ x}
    yield from small.exact_cases(NAME, runs, secret.decrypt_integers)


def _ckks(small: Small) -> Iterator[Case]:
    ckks: Any = importlib.import_module("heflow.ckks")
    secret = ckks.keygen(depth=2)
    public = secret.public
    x, y = public.encrypt(small.x), public.encrypt(small.y)
    data = x.to_bytes()
    runs: dict[str, Any] = {
        "encrypt": lambda: public.encrypt(small.x),
        "decrypt": lambda: secret.decrypt(x),
        "add": lambda: x + y,
        "subtract": lambda: x - y,
        "add plain": lambda: x + small.y,
        "add number": lambda: x + SCALAR,
        "x plain": lambda: x * small.y,
        "x number": lambda: x * SCALAR,
        "ct x ct": lambda: x * y,
        "sum": lambda: x.sum(),
        "dot plain": lambda: x.dot(small.y),
        "to bytes": lambda: x.to_bytes(),
        "from bytes": lambda: hf.from_bytes(data, public),
    }

    def decrypt(made: Any) -> Any:
        tensor = hf.from_bytes(made, public) if isinstance(made, bytes) else made
        return np.asarray(secret.decrypt(tensor))

    yield from small.approximate_cases(NAME, runs, decrypt)
