"""Batches as bytes: layout, then residues (docs/formats.md)."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from .._core import ckks as _ckks
from ..errors import FormatError
from .batch import SlotBatch, ordered

__all__ = ["batch_from_bytes", "batch_to_bytes"]

_HEAD = struct.Struct("<BBIQdd")  # flags, primes, ciphertexts, elements, factor, noise
_TOTAL, _CLEAN, _SEEDED, _ORDERED = 1, 2, 4, 8


def batch_to_bytes(a: SlotBatch) -> bytes:
    """Return layout and ciphertexts as bytes."""
    in_order = a.in_order or bool(np.array_equal(a.positions, ordered(len(a))))
    flags = _TOTAL * a.total | _CLEAN * a.clean | _SEEDED * a.core.seeded | _ORDERED * in_order
    head = _HEAD.pack(flags, a.primes, len(a.core), len(a), a.factor, a.noise)
    positions = b"" if in_order else a.positions.astype("<u8").tobytes()
    return _ckks.to_bytes(a.core, head + positions)


def batch_from_bytes(data: Any, count: int, context: _ckks.Context, slots: int) -> SlotBatch:
    """Read what `batch_to_bytes` wrote; every length, position and residue is checked."""
    view = memoryview(data)
    if view.nbytes < _HEAD.size:
        raise FormatError("the ciphertexts are truncated")
    flags, primes, ciphertexts, size, factor, noise = _HEAD.unpack_from(view)
    if flags & ~15 or size != count or not (np.isfinite(factor) and factor != 0 and noise >= 1):
        raise FormatError("the layout of the ciphertexts holds values that heflow does not write")
    total, at = bool(flags & _TOTAL), _HEAD.size
    if flags & _ORDERED:
        positions = ordered(count)
    else:
        if view.nbytes - at < 8 * count:
            raise FormatError("the ciphertexts are truncated")
        positions = np.frombuffer(view, "<u8", count, at).astype(np.int64)
        at += 8 * count
    places = ciphertexts if total else ciphertexts * slots
    if count and not 0 <= int(positions.min()) <= int(positions.max()) < places:
        raise FormatError("an element lies outside the ciphertexts")
    core = _ckks.from_bytes(context, view[at:], ciphertexts, primes, bool(flags & _SEEDED))
    distinct = bool(flags & _ORDERED) or len(np.unique(positions)) == count
    return SlotBatch(core, positions, slots, total, bool(flags & _CLEAN), factor, noise, distinct)
