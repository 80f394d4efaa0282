"""Exact sums under Paillier: many integers in one plaintext, with room for their sums."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..encoding import Encoding
from ..encoding.words import Words
from ..errors import EncodingError, HeadroomError
from ..tensor import EncryptedTensor
from .public import PublicContext
from .secret import SecretContext

__all__ = ["Accumulator", "PackedSums"]


class PackedSums:
    """Quantised values as fields of `field_bits` bits side by side in plaintexts of one key.

    Parameters
    ----------
    public : PublicContext
    field_bits : int
        Bits of a sum; a field never carries into the next.
    clip : float
        Values lie in -clip .. clip.
    largest : int
        The integer that stands for `clip`.
    """

    def __init__(self, public: PublicContext, field_bits: int, clip: float, largest: int) -> None:
        self.public = public
        self.field_bits = field_bits
        self.clip = clip
        self.largest = largest
        self.fields = (public.evaluator.capacity.bit_length() - 1) // field_bits
        if self.fields < 1:
            raise HeadroomError(
                f"sums of {field_bits} bits do not fit a key of {public.parameters.bits} bits"
            )
        self.width = self.fields * field_bits // 64 + 1

    def plaintexts(self, count: int) -> int:
        """Return how many ciphertexts hold `count` values."""
        return -(-count // self.fields)

    def _words(self, values: NDArray[Any]) -> tuple[Words, int]:
        if not np.isfinite(values).all():
            raise EncodingError("a value is NaN or infinite; only finite numbers are encrypted")
        wide = values.astype(np.float64)
        clipped = int(np.count_nonzero(np.abs(wide) > self.clip))
        scale = self.largest / (2 * self.clip)
        u = np.rint((np.clip(wide, -self.clip, self.clip) + self.clip) * scale).astype(np.uint64)
        padded = np.full(self.plaintexts(len(u)) * self.fields, np.uint64(0))
        padded[: len(u)] = u
        bits = (padded[:, None] >> np.arange(self.field_bits, dtype=np.uint64)) & np.uint64(1)
        rows = bits.astype(np.uint8).reshape(-1, self.fields * self.field_bits)
        packed = np.packbits(rows, axis=1, bitorder="little")
        words = np.zeros((len(rows), 8 * self.width), dtype=np.uint8)
        words[:, : packed.shape[1]] = packed
        return words.view("<i8").astype(np.int64), clipped

    def encrypt_update(self, values: NDArray[Any], kind: int, header: bytes) -> tuple[bytes, int]:
        """Quantise, pack and encrypt a flat float array: a message, and how many values were clipped."""
        words, clipped = self._words(values)
        evaluator = self.public.evaluator
        payload = evaluator.batch_to_bytes(evaluator.encrypt(words))
        return self.public.seal(kind, header, payload), clipped

    def accumulator(self, count: int) -> Accumulator:
        """Return an empty sum of `count` values."""
        return Accumulator(self, count, None, False)

    def accumulator_from_bytes(self, count: int, data: Any) -> Accumulator:
        """Read a sum."""
        batch = self.public.evaluator.batch_from_bytes(data, self.plaintexts(count))
        return Accumulator(self, count, batch, False)

    def decrypt_sums(
        self, secret: SecretContext, sums: Accumulator, count: int
    ) -> NDArray[np.int64]:
        """Return the exact integer sums."""
        limit = (1 << self.fields * self.field_bits) - 1
        size = self.plaintexts(count)
        encoding = Encoding(0, limit, True)
        tensor = EncryptedTensor(self.public, sums.batch(), (size,), encoding, folded=False)
        words = np.ascontiguousarray(secret._decrypt(tensor)).astype("<i8")
        octets = words.view(np.uint8).reshape(size, 8 * words.shape[1])
        bits = np.unpackbits(octets, axis=1, bitorder="little")
        rows = bits[:, : self.fields * self.field_bits].reshape(-1, self.field_bits)
        values: NDArray[np.int64] = rows[:count].astype(np.int64) @ (
            np.int64(1) << np.arange(self.field_bits, dtype=np.int64)
        )
        return values


class Accumulator:
    """A running sum of packed ciphertexts."""

    def __init__(self, packed: PackedSums, count: int, batch: Any, weighted: bool) -> None:
        self._packed = packed
        self._count = count
        self._batch = batch
        self._weighted = weighted

    def batch(self) -> Any:
        """Return the ciphertexts; encryptions of zero while nothing was added."""
        if self._batch is None:
            zeros = np.zeros((self._packed.plaintexts(self._count), 1), dtype=np.int64)
            self._batch = self._packed.public.evaluator.encrypt(zeros)
        return self._batch

    def add(self, payload: Any, weight: int) -> None:
        """Add an update's ciphertexts times a weight; nothing changes if they are refused."""
        evaluator, size = self._packed.public.evaluator, self._packed.plaintexts(self._count)
        batch = evaluator.batch_from_bytes(payload, size)
        if weight != 1:
            batch = evaluator.multiply_plain(batch, np.full((size, 1), weight, dtype=np.int64))
            self._weighted = True
        self._batch = batch if self._batch is None else evaluator.add(self._batch, batch)

    def seal(self, kind: int, header: bytes, final: bool = True) -> bytes:
        """Return the sum as a message; a final one in which weights were folded is re-randomised."""
        evaluator, batch = self._packed.public.evaluator, self.batch()
        if final and self._weighted:
            batch = evaluator.rerandomize(batch)
        return self._packed.public.seal(kind, header, evaluator.batch_to_bytes(batch))
