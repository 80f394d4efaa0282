"""What tensors call: `scheme.Evaluator` over the compiled verbs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import paillier as _paillier
from ..encoding.words import Words
from ..errors import FormatError

__all__ = ["Evaluator"]


class Evaluator:
    """Arithmetic on Paillier batches under one public key."""

    __slots__ = ("_key", "capacity", "label")
    exact = True

    def __init__(self, key: _paillier.PublicKey, n: int, label: str) -> None:
        self._key = key
        self.capacity = (n - 1) // 2
        self.label = label

    def encrypt(self, words: Words) -> _paillier.Batch:
        """Encrypt with the public key: one randomizer and two products an item."""
        return _paillier.encrypt(self._key, words)

    def add(self, a: _paillier.Batch, b: _paillier.Batch) -> _paillier.Batch:
        """Add: one product modulo n^2 an item."""
        return _paillier.add(self._key, a, b)

    def add_plain(self, a: _paillier.Batch, words: Words) -> _paillier.Batch:
        """Add plain integers: three products modulo n an item."""
        return _paillier.add_plain(self._key, a, words)

    def negate(self, a: _paillier.Batch) -> _paillier.Batch:
        """Negate: one inverse for a batch and about three products an item."""
        return _paillier.negate(self._key, a)

    def multiply_plain(self, a: _paillier.Batch, words: Words) -> _paillier.Batch:
        """Multiply by plain integers: a squaring for each bit of the widest."""
        return _paillier.multiply_plain(self._key, a, words)

    def take(self, a: _paillier.Batch, indices: NDArray[np.int64]) -> _paillier.Batch:
        """Gather items."""
        return _paillier.take(self._key, a, indices)

    def concatenate(self, batches: list[_paillier.Batch]) -> _paillier.Batch:
        """Join batches."""
        return _paillier.concatenate(self._key, batches)

    def sum(self, a: _paillier.Batch, indices: NDArray[np.int64]) -> _paillier.Batch:
        """Add up groups of items: one product modulo n^2 for each item."""
        return _paillier.sum(self._key, a, indices)

    def bucket_sum(
        self, a: _paillier.Batch, bins: NDArray[np.int32], n_bins: int
    ) -> _paillier.Batch:
        """Add up items by bin: one product for each item and feature."""
        return _paillier.bucket_sum(self._key, a, bins, n_bins)

    def matmul_plain(
        self, a: _paillier.Batch, vectors: NDArray[np.int64], weights: Words
    ) -> _paillier.Batch:
        """Multiply plain rows with encrypted vectors: one multi-exponentiation for each pair."""
        return _paillier.matmul_plain(self._key, a, vectors, weights)

    def matmul_sparse(
        self,
        a: _paillier.Batch,
        starts: NDArray[np.int64],
        items: NDArray[np.int64],
        weights: Words,
    ) -> _paillier.Batch:
        """Multiply the rows of a sparse matrix with a vector: about three products a weight and digit."""
        return _paillier.matmul_sparse(self._key, a, starts, items, weights)

    def rerandomize(self, a: _paillier.Batch) -> _paillier.Batch:
        """Multiply by fresh encryptions of zero: the cost of encrypting."""
        return _paillier.rerandomize(self._key, a)

    def batch_to_bytes(self, a: _paillier.Batch) -> bytes:
        """Return canonical residues modulo n^2, little-endian."""
        return _paillier.to_bytes(self._key, a)

    def batch_from_bytes(self, data: Any, count: int) -> _paillier.Batch:
        """Read residues: each between 0 and n^2 and prime to n."""
        size = memoryview(data).nbytes
        if size != count * self._key.ciphertext_bytes:
            raise FormatError(
                f"{size} bytes of ciphertexts for {count} elements: needed are "
                f"{self._key.ciphertext_bytes} bytes each"
            )
        return _paillier.from_bytes(self._key, data)
