"""Elements in other orders and shapes: everything is one gather through an index array."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..encoding.headroom import require
from ..errors import ShapeError, UnsupportedOperationError
from . import approximate, operators

if TYPE_CHECKING:
    from .encrypted import EncryptedTensor

__all__ = ["concatenate", "rearrange", "reshape", "select", "stack", "transpose"]


def _numbers(x: EncryptedTensor) -> NDArray[np.int64]:
    return np.arange(x.size, dtype=np.int64).reshape(x.shape)


def gather(x: EncryptedTensor, indices: NDArray[np.int64]) -> EncryptedTensor:
    """Return the elements with these numbers, in the shape of `indices`."""
    flat = np.ascontiguousarray(indices).reshape(-1)
    if len(flat) == x.size and np.array_equal(flat, np.arange(x.size)):
        return x if indices.shape == x.shape else x._with(x._batch, indices.shape)
    return x._with(x.public.evaluator.take(x._batch, flat), indices.shape)


def select(x: EncryptedTensor, key: Any) -> EncryptedTensor:
    """Return x[key], with NumPy's meaning of slices, integers, masks, ellipsis and newaxis."""
    keys = key if isinstance(key, tuple) else (key,)
    if any(operators.is_tensor(k) for k in keys):
        raise UnsupportedOperationError(
            "an index must be plain: encrypted positions cannot be followed"
        )
    try:
        if isinstance(key, (int, np.integer, slice)) and not isinstance(key, bool):
            indices = _along_first_axis(x, key)
        else:
            indices = np.asarray(_numbers(x)[key])
    except (IndexError, TypeError, ValueError) as error:
        message = f"{error} (tensor of shape {x.shape})"
        if isinstance(error, IndexError):
            raise _IndexShapeError(message) from None
        raise ShapeError(message) from None
    return gather(x, indices)


def _along_first_axis(x: EncryptedTensor, key: Any) -> NDArray[np.int64]:
    """Number the elements of x[key] for one integer or slice: the cost of what is taken, not of x."""
    if not x.shape:
        raise IndexError("too many indices: a tensor without axes is no sequence")
    size, inner = math.prod(x.shape[1:]), x.shape[1:]
    rows = range(x.shape[0])[key]
    if isinstance(rows, int):
        return np.arange(rows * size, (rows + 1) * size, dtype=np.int64).reshape(inner)
    starts = np.arange(rows.start, rows.stop, rows.step, dtype=np.int64) * size
    numbers = starts[:, None] + np.arange(size, dtype=np.int64)
    return numbers.reshape(len(rows), *inner)


class _IndexShapeError(ShapeError, IndexError):
    """An index out of bounds: also an IndexError, so that iteration ends."""


def rearrange(x: EncryptedTensor, function: Any, *args: Any, **kwargs: Any) -> EncryptedTensor:
    """Apply a NumPy function that only moves elements."""
    try:
        return gather(x, np.asarray(function(_numbers(x), *args, **kwargs)))
    except (ValueError, IndexError) as error:
        raise ShapeError(f"{error} (tensor of shape {x.shape})") from None


def reshape(x: EncryptedTensor, shape: Any) -> EncryptedTensor:
    """Return the elements in another shape, in row-major order."""
    try:
        lengths = np.broadcast_to(0, x.shape).reshape(shape).shape
    except ValueError as error:
        raise ShapeError(f"{error} (tensor of shape {x.shape})") from None
    return x._with(x._batch, lengths)


def transpose(x: EncryptedTensor, axes: Any = None) -> EncryptedTensor:
    """Permute the axes."""
    if x.ndim < 2 and axes is None:
        return x
    return rearrange(x, np.transpose, axes)


def _aligned(tensors: Sequence[Any], what: str) -> list[EncryptedTensor]:
    if not tensors:
        raise ShapeError(f"{what} needs at least one tensor")
    for t in tensors:
        if not operators.is_tensor(t):
            raise UnsupportedOperationError(
                f"{what} takes encrypted tensors only; encrypt the plain part first with x.public.encrypt"
            )
    operators.require_same_key(*tensors)
    scale_bits = max(t.scale_bits for t in tensors)
    return [operators.align(t, scale_bits) for t in tensors]


def _joined(tensors: list[EncryptedTensor], order: NDArray[np.int64]) -> EncryptedTensor:
    first = tensors[0]
    encoding = replace(
        first._encoding,
        limit=max(t._encoding.limit for t in tensors),
        integer=all(t._encoding.integer for t in tensors),
    )
    batch = first.public.evaluator.concatenate([t._batch for t in tensors])
    if approximate.is_approximate(first):  # joining may have used up levels
        require(encoding.limit, first.public.evaluator.capacity_of(batch), "the joined tensor")
    whole = first._with(
        batch, (sum(t.size for t in tensors),), encoding, any(t._folded for t in tensors)
    )
    return gather(whole, order)


def _numbered(tensors: list[EncryptedTensor]) -> list[NDArray[np.int64]]:
    starts = np.cumsum([0] + [t.size for t in tensors])
    return [_numbers(t) + start for t, start in zip(tensors, starts, strict=False)]


def concatenate(tensors: Sequence[Any], axis: int | None = 0) -> EncryptedTensor:
    """Join encrypted tensors along an existing axis.

    Parameters
    ----------
    tensors : sequence of EncryptedTensor
        Of one key; scales are aligned to the largest.
    axis : int or None
        None joins what is raveled.

    Returns
    -------
    EncryptedTensor
        Its bound is the largest of theirs.

    Raises
    ------
    ShapeError, KeyMismatchError, HeadroomError, UnsupportedOperationError
    """
    return join(np.concatenate, tensors, axis=axis)


def stack(tensors: Sequence[Any], axis: int = 0) -> EncryptedTensor:
    """Join encrypted tensors of one shape along a new axis; otherwise as `concatenate`."""
    return join(np.stack, tensors, axis=axis)


def join(function: Any, tensors: Sequence[Any], **kwargs: Any) -> EncryptedTensor:
    """Apply a NumPy function that joins arrays, aligned to the largest scale."""
    aligned = _aligned(list(tensors), function.__name__)
    try:
        order = function(_numbered(aligned), **kwargs)
    except ValueError as error:
        raise ShapeError(f"{error} (shapes {[t.shape for t in aligned]})") from None
    return _joined(aligned, order)
