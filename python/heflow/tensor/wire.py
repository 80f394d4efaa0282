"""Tensors as bytes: header and canonical ciphertexts inside the envelope (docs/formats.md)."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..encoding import Encoding
from ..encoding.headroom import require
from ..errors import FormatError, HeadroomError, UnsupportedOperationError
from ..scheme import PublicContext

if TYPE_CHECKING:
    from .encrypted import EncryptedTensor

__all__ = [
    "KIND",
    "MAX_NDIM",
    "from_bytes",
    "read_header",
    "to_bytes",
    "to_ciphertext_ints",
    "unpickle",
]

KIND = 2
MAX_NDIM = 24
_FIXED = struct.Struct("<BBHQH")  # ndim, flags, scale bits, limit: mantissa and shift
_INTEGER, _FOLDED = 1, 2


def leaving(x: EncryptedTensor, refresh: bool) -> EncryptedTensor:
    """The gate for everything that goes to someone else."""
    evaluator = x.public.evaluator
    if refresh and not evaluator.exact:
        batch = evaluator.leaving(x._batch)
        require(x._encoding.limit, evaluator.capacity_of(batch), "what leaves, a level lower,")
        return x._with(batch)
    return x.rerandomize() if refresh and x._folded else x


def header(x: EncryptedTensor) -> bytes:
    """Return shape, scale and bound as bytes."""
    limit = x._encoding.limit
    shift = max(limit.bit_length() - 64, 0)
    flags = _INTEGER * x._encoding.integer | _FOLDED * x._folded
    return _FIXED.pack(x.ndim, flags, x.scale_bits, limit >> shift, shift) + struct.pack(
        f"<{x.ndim}Q", *x.shape
    )


def read_header(data: bytes) -> tuple[tuple[int, ...], Encoding, bool]:
    """Return shape, encoding and whether plain values were folded in; everything is checked."""
    if len(data) < _FIXED.size:
        raise FormatError(
            f"the tensor's header has {len(data)} bytes; at least {_FIXED.size} are needed"
        )
    ndim, flags, scale_bits, mantissa, shift = _FIXED.unpack_from(data)
    if ndim > MAX_NDIM or len(data) != _FIXED.size + 8 * ndim:
        raise FormatError(f"the tensor's header has {len(data)} bytes and claims {ndim} axes")
    shape = struct.unpack_from(f"<{ndim}Q", data, _FIXED.size)
    if flags & ~(_INTEGER | _FOLDED) or mantissa == 0 or (shift and mantissa >> 63 == 0):
        raise FormatError("the tensor's header holds values that heflow does not write")
    if (
        math.prod(n or 1 for n in shape) >= 1 << 48
    ):  # NumPy multiplies the lengths of empty ones too
        raise FormatError(f"the shape {shape} is beyond any memory")
    encoding = Encoding(scale_bits, mantissa << shift, bool(flags & _INTEGER))
    return shape, encoding, bool(flags & _FOLDED)


def to_bytes(x: EncryptedTensor, refresh: bool) -> bytes:
    """See `EncryptedTensor.to_bytes`."""
    x = leaving(x, refresh)
    return x.public.seal(KIND, header(x), x.public.evaluator.batch_to_bytes(x._batch))


def from_bytes(data: Any, public: PublicContext) -> EncryptedTensor:
    """Read a tensor, checked against the context before anything is used."""
    from .encrypted import EncryptedTensor

    head, payload = public.open(data, KIND)
    shape, encoding, folded = read_header(head)
    evaluator = public.evaluator
    batch = evaluator.batch_from_bytes(payload, math.prod(shape))
    if encoding.limit > (evaluator.capacity if evaluator.exact else evaluator.capacity_of(batch)):
        raise FormatError("the tensor declares a bound beyond what its ciphertexts can hold")
    return EncryptedTensor(public, batch, shape, encoding, folded)


def unpickle(public: PublicContext, data: bytes) -> EncryptedTensor:
    """Rebuild a pickled tensor."""
    return from_bytes(data, public)


def to_ciphertext_ints(x: EncryptedTensor, refresh: bool) -> NDArray[Any]:
    """See `EncryptedTensor.to_ciphertext_ints`."""
    as_integers = getattr(x.public, "ciphertext_ints", None)
    if as_integers is None:
        raise UnsupportedOperationError(f"ciphertexts of {x.public.scheme} are not single integers")
    x = leaving(x, refresh)
    values = np.empty(x.size, dtype=object)
    values[:] = as_integers(x.public.evaluator.batch_to_bytes(x._batch))
    return values.reshape(x.shape)


def require_limit(limit: int, public: PublicContext) -> None:
    """Refuse a bound that the key cannot hold."""
    if limit > public.evaluator.capacity:
        raise HeadroomError(
            "the declared bound is larger than the key can hold: declare a smaller one"
        )
