"""Bytes of an update: ours beside what any way of adding updates must send, and what others send.

The information bound is (bits + log2 clients) / 8: room for the sum. Pairwise masking is that of Bonawitz et
al. (CCS 2017): values in a field with room for the sum, and per client 2 n keys and 5 n - 4 shares of 256 bits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import heflow as hf

from .federated_ours import bytes_per_value

__all__ = ["HEADER", "Row", "information_bound", "pairwise_masking", "rows"]

CLIENTS, BITS, KEYS = (8, 100, 1000), (8, 12, 16), ("shared", "public")
FEW = (10, 16)  # clients and bits of published runs of packed Paillier
VALUES, PAILLIER_VALUES = 1_000_000, 100_000
FLOAT32 = 4.0
KEY_BITS, SHARE_BITS = 256, 256


def information_bound(clients: int, bits: int) -> float:
    """Return the bytes per value of an update that leaves room for the sum."""
    return (bits + math.log2(clients)) / 8


def pairwise_masking(clients: int, bits: int, values: int = VALUES) -> float:
    """Return the bytes per value of pairwise masking, keys and shares of one round included."""
    field_bits = math.ceil(math.log2(clients * (2**bits - 1) + 1))
    setup_bits = 2 * clients * KEY_BITS + (5 * clients - 4) * SHARE_BITS
    return (field_bits + setup_bits / values) / 8


@dataclass(frozen=True)
class Row:
    """Bytes per value of one plan; None where a plan cannot be made or a peer is not measured."""

    clients: int
    bits: int
    key: str
    lattice: float | None
    paillier: float | None
    tenseal: Mapping[str, float]

    @property
    def bound(self) -> float:
        """The information bound."""
        return information_bound(self.clients, self.bits)

    def cells(self) -> list[str]:
        """Return the row as text, in the order of HEADER."""
        masking = pairwise_masking(self.clients, self.bits)
        peers: list[float | None] = [*self.tenseal.values()] or [None, None]
        others = [self.lattice, self.paillier, self.bits / 8, FLOAT32, masking, *peers]
        return [
            str(self.clients),
            str(self.bits),
            self.key,
            f"{self.bound:.2f}",
            *(self._beside_bound(v) for v in others),
        ]

    def _beside_bound(self, value: float | None) -> str:
        return "-" if value is None else f"{value:.3g} ({value / self.bound:.2f}x)"


HEADER = [
    "clients",
    "bits",
    "key",
    "bound",
    "heflow lattice",
    "heflow Paillier, packed",
    "quantised plaintext",
    "float32",
    "pairwise masking",
    "TenSEAL N=8192",
    "TenSEAL N=4096",
]


def rows(
    peer: Callable[[str], Mapping[str, float]] | None = None, small: bool = False
) -> Iterator[Row]:
    """Yield bytes per value for each number of clients, bits and form of key; `peer` measures TenSEAL."""
    values, paillier_values = (20_000, 5_000) if small else (VALUES, PAILLIER_VALUES)
    tenseal = {key: peer(key) if peer else {} for key in KEYS}
    for clients, bits in sorted([*product(CLIENTS, BITS), FEW]):
        packed = _measured("public", clients, bits, paillier_values, "paillier")
        for key in KEYS:
            lattice = _measured(key, clients, bits, values)
            yield Row(clients, bits, key, lattice, packed, tenseal[key])


def _measured(
    key: str, clients: int, bits: int, values: int, scheme: str | None = None
) -> float | None:
    try:
        return bytes_per_value(key, clients, bits, values, scheme)
    except hf.HeflowError:
        return None
