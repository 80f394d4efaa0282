"""heflow's exact lattice sums: every client, the server with its checks, and the decryption."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from itertools import count
from typing import Any

from .case import Case
from .federated_inputs import BITS, BYTES, CLIP, DECRYPT, ENCRYPT, RECEIVE, Updates, size_label

NAME = "heflow"
HALF_STEP = CLIP / (2**BITS - 1)


class Federation:
    """A plan, its key, and the parties."""

    def __init__(
        self, key: str, clients: int, bits: int = BITS, scheme: str | None = None, parties: int = 0
    ) -> None:
        federated: Any = importlib.import_module("heflow.federated")
        self.module = federated
        self.plan = federated.Plan(
            clients=clients, clip=CLIP, bits=bits, max_total_weight=clients, key=key
        )
        wanted = {} if scheme is None else {"scheme": scheme}
        self.secret = federated.keygen(self.plan, **wanted)
        self.key = self.secret if key == "shared" else self.secret.public
        self.clients = [
            federated.Client(self.plan, self.key, name=f"client-{i}")
            for i in range(parties or clients)
        ]
        self.reader = federated.Client(self.plan, self.secret, name="reader")

    def encrypt(self, updates: Any, round: int) -> list[bytes]:
        """Return the message of every client."""
        pairs = zip(self.clients, updates, strict=True)
        return [client.encrypt_update(update, weight=1, round=round) for client, update in pairs]

    def receive(self, messages: list[bytes], round: int) -> bytes:
        """Return the server's result: a new server, which takes each client once."""
        server = self.module.Aggregator(self.plan, self.secret.public, round=round)
        for message in messages:
            server.receive(message)
        result: bytes = server.result()
        return result


def cases(key: str, clients: int = 8, values: int = 1_000_000) -> Iterator[Case]:
    """Yield encryption, the server's work and decryption; results are within half a quantisation step."""
    updates, federation = Updates.make(clients, values), Federation(key, clients)
    rounds = count(1)
    tolerance = HALF_STEP * (1 + 1e-6)
    size = size_label(key, clients, values)

    def encrypt() -> tuple[list[bytes], int]:
        round = next(rounds)
        return federation.encrypt(updates.values, round), round

    def error_of(result: bytes) -> float:
        return updates.error(federation.reader.decrypt_mean(result), tolerance)

    messages, round = encrypt()
    result = federation.receive(messages, round)

    def case(operation: str, run: Any, check: Any, unit: str = "ms") -> Case:
        return Case(operation, NAME, size, 1, run, check, unit)

    yield case(ENCRYPT, encrypt, lambda made: error_of(federation.receive(*made)))
    yield case(RECEIVE, lambda: federation.receive(messages, round), error_of)
    yield case(
        DECRYPT,
        lambda: federation.reader.decrypt_mean(result),
        lambda mean: updates.error(mean, tolerance),
    )
    yield case(BYTES, lambda: len(messages[0]) / values, lambda _: None, "bytes")


def bytes_per_value(
    key: str, clients: int, bits: int, values: int, scheme: str | None = None
) -> float:
    """Return the length of one client's message over its number of values."""
    federation = Federation(key, clients, bits, scheme, parties=1)
    message = federation.encrypt(Updates.make(1, values).values, 1)[0]
    return len(message) / values
