"""TenSEAL on one thread: CKKS vectors, and federated averaging of updates cut into ciphertexts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import tenseal as ts

from . import ckks_inputs as suite
from .case import Case
from .ckks_inputs import Vectors, byte_cases
from .federated_inputs import BYTES, DECRYPT, ENCRYPT, RECEIVE, Updates, size_label
from .small_inputs import RING_DEGREE, SCALAR, Small

NAME = "tenseal"


def context(ring_degree: int, bits: list[int], scale_bits: int, owner: bool = False) -> Any:
    """Return a context with its secret key; `owner`: symmetric encryption."""
    kind = ts.ENCRYPTION_TYPE.SYMMETRIC if owner else ts.ENCRYPTION_TYPE.ASYMMETRIC
    made = ts.context(
        ts.SCHEME_TYPE.CKKS,
        ring_degree,
        coeff_mod_bit_sizes=bits,
        n_threads=1,
        encryption_type=kind,
    )
    made.global_scale = 2.0**scale_bits
    return made


def cases(ring_degree: int) -> Iterator[Case]:
    """Yield its operations; there is no rotation and no bare transform."""
    bits = [60, *[suite.SCALE_BITS] * (suite.DATA_PRIMES[ring_degree] - 1), 60]
    public = context(ring_degree, bits, suite.SCALE_BITS)
    public.generate_galois_keys()
    owner = context(ring_degree, bits, suite.SCALE_BITS, owner=True)
    vectors, size = Vectors(ring_degree), suite.size_label(ring_degree)
    x, y = ts.ckks_vector(public, vectors.x), ts.ckks_vector(public, vectors.y)
    plain = vectors.y.tolist()

    runs: dict[str, Callable[[], Any]] = {
        suite.ENCRYPT_PUBLIC: lambda: ts.ckks_vector(public, vectors.x),
        suite.ENCRYPT_OWNER: lambda: ts.ckks_vector(owner, vectors.x),
        suite.ADD: lambda: x + y,
        suite.TIMES_PLAIN: lambda: x * plain,
        suite.PRODUCT: lambda: x * y,
        suite.SUM: lambda: x.sum(),
        suite.DECRYPT: lambda: x.decrypt(),
    }
    yield from vectors.cases(NAME, size, runs, lambda result: result.decrypt())

    def context_bytes(rotations: bool) -> int:
        return len(public.serialize(save_secret_key=False, save_galois_keys=rotations))

    lengths: dict[str, Callable[[], int]] = {
        suite.CONTEXT_BYTES: partial(context_bytes, False),
        suite.SUM_CONTEXT_BYTES: partial(context_bytes, True),
        suite.PUBLIC_BYTES: lambda: len(x.serialize()),
        suite.OWNER_BYTES: lambda: len(ts.ckks_vector(owner, vectors.x).serialize()),
    }
    yield from byte_cases(NAME, size, lengths)


@dataclass(frozen=True)
class Setting:
    """Parameters for sums of updates."""

    name: str
    ring_degree: int
    bits: tuple[int, ...]
    scale_bits: int

    @property
    def slots(self) -> int:
        """Values in one ciphertext."""
        return self.ring_degree // 2

    def context(self, key: str) -> Any:
        """Return the context of a shared key (symmetric) or of a public key."""
        return context(self.ring_degree, list(self.bits), self.scale_bits, owner=key == "shared")


SETTINGS = (
    Setting(NAME, 8192, (60, 40, 40, 60), 40),
    Setting(f"{NAME} N=4096", 4096, (54, 54), 30),
)


def federated_cases(key: str, clients: int = 8, values: int = 1_000_000) -> Iterator[Case]:
    """Yield encryption, the server's work, and decryption, in each setting."""
    updates = Updates.make(clients, values)
    for setting in SETTINGS:
        yield from _setting_cases(setting, key, updates)


def bytes_per_value(key: str) -> dict[str, float]:
    """Return the bytes that a value takes in a full ciphertext, in each setting."""
    full = {s: np.random.default_rng(1).standard_normal(s.slots) for s in SETTINGS}
    return {
        s.name: len(ts.ckks_vector(s.context(key), v).serialize()) / s.slots
        for s, v in full.items()
    }


def _setting_cases(setting: Setting, key: str, updates: Updates) -> Iterator[Case]:
    owner = setting.context(key)
    server = ts.context_from(owner.serialize(save_secret_key=False, save_relin_keys=False))
    count, length = updates.values.shape
    size = size_label(key, count, length)

    def encrypt_one(update: Any) -> list[bytes]:
        chunks = range(0, length, setting.slots)
        return [ts.ckks_vector(owner, update[i : i + setting.slots]).serialize() for i in chunks]

    def receive(messages: list[list[bytes]]) -> list[bytes]:
        totals = [ts.ckks_vector_from(server, data) for data in messages[0]]
        for message in messages[1:]:
            for total, data in zip(totals, message, strict=True):
                total.add_(ts.ckks_vector_from(server, data))
        return [total.serialize() for total in totals]

    def decrypt(result: list[bytes]) -> Any:
        parts = [ts.ckks_vector_from(owner, data).decrypt() for data in result]
        return np.concatenate([np.asarray(part) for part in parts]) / count

    messages = [encrypt_one(update) for update in updates.values]
    result = receive(messages)

    def case(operation: str, run: Any, check: Any, unit: str = "ms") -> Case:
        return Case(operation, setting.name, size, 1, run, check, unit)

    yield case(
        ENCRYPT,
        lambda: [encrypt_one(update) for update in updates.values],
        lambda made: updates.error(decrypt(receive(made)), 1e-4),
    )
    yield case(RECEIVE, lambda: receive(messages), lambda made: updates.error(decrypt(made), 1e-4))
    yield case(DECRYPT, lambda: decrypt(result), lambda mean: updates.error(mean, 1e-4))
    sent = sum(map(len, messages[0]))
    yield case(BYTES, lambda: sent / length, lambda _: None, "bytes")


def small_cases(count: int) -> Iterator[Case]:
    """Yield the operations of CKKS on vectors of `count` numbers, with room for two products."""
    public = context(RING_DEGREE, [60, 40, 40, 60], suite.SCALE_BITS)
    public.generate_galois_keys()
    small = Small.make(count)
    x, y = ts.ckks_vector(public, small.x), ts.ckks_vector(public, small.y)
    plain, data = small.y.tolist(), x.serialize()
    runs: dict[str, Callable[[], Any]] = {
        "encrypt": lambda: ts.ckks_vector(public, small.x),
        "decrypt": lambda: x.decrypt(),
        "add": lambda: x + y,
        "subtract": lambda: x - y,
        "add plain": lambda: x + plain,
        "add number": lambda: x + SCALAR,
        "x plain": lambda: x * plain,
        "x number": lambda: x * SCALAR,
        "ct x ct": lambda: x * y,
        "sum": lambda: x.sum(),
        "dot plain": lambda: x.dot(plain),
        "to bytes": lambda: x.serialize(),
        "from bytes": lambda: ts.ckks_vector_from(public, data),
    }

    def decrypt(made: Any) -> Any:
        vector = ts.ckks_vector_from(public, made) if isinstance(made, bytes) else made
        return vector.decrypt()

    yield from small.approximate_cases(NAME, runs, decrypt)
