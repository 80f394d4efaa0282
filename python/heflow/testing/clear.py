"""A scheme that does not encrypt: the obvious implementation of the boundary, on Python integers.

It keeps every rule of the boundary (capacity, keys, bytes) and hides nothing.
"""

from __future__ import annotations

import struct
import zlib
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..encoding import Encoding, encode_integers
from ..encoding import words as _words
from ..encoding.headroom import round_up
from ..encoding.words import Words
from ..errors import FormatError, KeyMismatchError
from ..tensor import EncryptedTensor, decode_integers, decode_message, encrypt_message

__all__ = ["ClearContext", "ClearSecret"]


class _Clear:
    """Integers in the open, in the place of a batch of ciphertexts."""

    def __init__(self, values: list[int]) -> None:
        self.values = values

    def __len__(self) -> int:
        return len(self.values)

    @property
    def nbytes(self) -> int:
        return 8 * len(self.values)


class ClearEvaluator:
    """The boundary's verbs, by definition."""

    exact = True

    def __init__(self, capacity_bits: int) -> None:
        self.capacity = (1 << capacity_bits) - 1
        self.label = f"clear-{capacity_bits}"
        self._width = capacity_bits // 8 + 1

    def encrypt(self, words: Words) -> _Clear:
        """Keep the integers."""
        return self._kept(_words.to_python(words))

    def _kept(self, values: list[int]) -> _Clear:
        if any(abs(v) > self.capacity for v in values):
            raise AssertionError("an integer left the capacity: the tracked limit was wrong")
        return _Clear(values)

    def add(self, a: _Clear, b: _Clear) -> _Clear:
        """Add item by item."""
        return self._kept([x + y for x, y in zip(a.values, b.values, strict=True)])

    def add_plain(self, a: _Clear, words: Words) -> _Clear:
        """Add plain integers."""
        return self._kept([x + y for x, y in zip(a.values, _words.to_python(words), strict=True)])

    def negate(self, a: _Clear) -> _Clear:
        """Negate item by item."""
        return self._kept([-x for x in a.values])

    def multiply_plain(self, a: _Clear, words: Words) -> _Clear:
        """Multiply item by item."""
        return self._kept([x * y for x, y in zip(a.values, _words.to_python(words), strict=True)])

    def take(self, a: _Clear, indices: NDArray[np.int64]) -> _Clear:
        """Gather items."""
        return _Clear([a.values[i] for i in indices.tolist()])

    def concatenate(self, batches: list[_Clear]) -> _Clear:
        """Join batches."""
        return _Clear([v for b in batches for v in b.values])

    def sum(self, a: _Clear, indices: NDArray[np.int64]) -> _Clear:
        """Add up rows of indices."""
        return self._kept([sum(a.values[i] for i in row) for row in indices.tolist()])

    def bucket_sum(self, a: _Clear, bins: NDArray[np.int32], n_bins: int) -> _Clear:
        """Add up by bin, feature by feature."""
        totals = [0] * (bins.shape[1] * n_bins)
        for value, row in zip(a.values, bins.tolist(), strict=True):
            for feature, chosen in enumerate(row):
                totals[feature * n_bins + chosen] += value
        return self._kept(totals)

    def matmul_plain(self, a: _Clear, vectors: NDArray[np.int64], weights: Words) -> _Clear:
        """Multiply plain rows with vectors."""
        rows, length, width = weights.shape
        flat = _words.to_python(weights.reshape(rows * length, width))
        matrix = [flat[r * length : (r + 1) * length] for r in range(rows)]
        return self._kept(
            [
                sum(w * a.values[i] for w, i in zip(row, vector, strict=True))
                for vector in vectors.tolist()
                for row in matrix
            ]
        )

    def matmul_sparse(
        self, a: _Clear, starts: NDArray[np.int64], items: NDArray[np.int64], weights: Words
    ) -> _Clear:
        """Multiply sparse rows with a vector."""
        terms = [
            w * a.values[i] for w, i in zip(_words.to_python(weights), items.tolist(), strict=True)
        ]
        return self._kept([sum(terms[i:j]) for i, j in pairwise(starts.tolist())])

    def rerandomize(self, a: _Clear) -> _Clear:
        """There is nothing to randomise."""
        return a

    def batch_to_bytes(self, a: _Clear) -> bytes:
        """Return the integers as bytes."""
        return b"".join(v.to_bytes(self._width, "little", signed=True) for v in a.values)

    def batch_from_bytes(self, data: Any, count: int) -> _Clear:
        """Read integers."""
        raw = bytes(data)
        if len(raw) != count * self._width:
            raise FormatError(f"{len(raw)} bytes do not hold {count} integers")
        parts = (raw[i : i + self._width] for i in range(0, len(raw), self._width))
        values = [int.from_bytes(p, "little", signed=True) for p in parts]
        if any(abs(v) > self.capacity for v in values):
            raise FormatError("an integer lies outside the capacity")
        return _Clear(values)


class ClearContext:
    """A public context that does not encrypt."""

    scheme = "clear"
    backend = "clear"
    _FRAME = struct.Struct("<4sBQI")

    def __init__(self, capacity_bits: int = 2047, key_id: str = "c1ea" * 8) -> None:
        self.evaluator = ClearEvaluator(capacity_bits)
        self.parameters = capacity_bits
        self.key_id = key_id

    def encrypt(
        self,
        a: Any,
        scale_bits: int | None = None,
        bound: float | None = None,
        strict: bool = False,
    ) -> EncryptedTensor:
        """Encode without encrypting."""
        return encrypt_message(self, self.evaluator.encrypt, a, scale_bits, bound, strict)

    def with_backend(self, name: str) -> ClearContext:
        """There is one backend."""
        return self

    def to_bytes(self) -> bytes:
        """Return the context as bytes."""
        return self.seal(1, struct.pack("<I", self.parameters), b"")

    def seal(self, kind: int, header: bytes, payload: bytes) -> bytes:
        """Frame bytes, with a checksum."""
        body = self._FRAME.pack(b"CLR1", kind, len(header), len(payload)) + bytes.fromhex(
            self.key_id
        )
        body += header + payload
        return body + struct.pack("<I", zlib.crc32(body))

    def open(self, data: Any, kind: int) -> tuple[bytes, Any]:
        """Check a frame."""
        raw = bytes(data)
        start = self._FRAME.size + 16
        if len(raw) < start + 4 or zlib.crc32(raw[:-4]) != struct.unpack("<I", raw[-4:])[0]:
            raise FormatError("the bytes are damaged or not of the clear scheme")
        _, found, header_size, payload_size = self._FRAME.unpack_from(raw)
        if found != kind or len(raw) != start + header_size + payload_size + 4:
            raise FormatError("the bytes are of another kind or length")
        if raw[self._FRAME.size : start].hex() != self.key_id:
            raise KeyMismatchError("the bytes belong to another key")
        return raw[start : start + header_size], raw[start + header_size : -4]

    def ciphertext_ints(self, payload: bytes) -> list[int]:
        """Return the integers."""
        width = self.evaluator._width
        parts = (payload[i : i + width] for i in range(0, len(payload), width))
        return [int.from_bytes(p, "little", signed=True) for p in parts]

    def __reduce__(self) -> tuple[type[ClearContext], tuple[int, str]]:
        return ClearContext, (self.parameters, self.key_id)


class ClearSecret:
    """The other side: it reads what was never hidden."""

    def __init__(self, capacity_bits: int = 2047, key_id: str = "c1ea" * 8) -> None:
        self.public = ClearContext(capacity_bits, key_id)
        self.encrypt = self.public.encrypt

    def encrypt_integers(self, values: Any, limit: int) -> EncryptedTensor:
        """Keep integers of any size up to `limit`."""
        batch = self.public.evaluator.encrypt(encode_integers(values, limit))
        encoding = Encoding(0, round_up(limit), True)
        return EncryptedTensor(self.public, batch, np.shape(values), encoding, folded=False)

    def _words(self, x: EncryptedTensor) -> Words:
        if x.key_id != self.public.key_id:
            raise KeyMismatchError(f"the tensor belongs to {x.key_id}, not {self.public.key_id}")
        return _words.from_python(x._batch.values, _words.width_for(x._encoding.limit))

    def decrypt(self, x: EncryptedTensor) -> NDArray[Any]:
        """Decode to messages."""
        return decode_message(self._words(x), x)

    def decrypt_integers(self, x: EncryptedTensor) -> NDArray[Any]:
        """Decode to exact integers."""
        return decode_integers(self._words(x), x)

    def decrypt_shared(self, x: EncryptedTensor, queries: int = 100) -> NDArray[Any]:
        """Decode to messages."""
        return self.decrypt(x)
