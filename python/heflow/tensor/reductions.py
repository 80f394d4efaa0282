"""Sums over axes and over buckets."""

from __future__ import annotations

import math
import operator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..encoding import Plain, as_plain, plain
from ..encoding.headroom import require
from ..errors import ShapeError, UnsupportedOperationError
from . import approximate, operators

if TYPE_CHECKING:
    from .encrypted import EncryptedTensor

__all__ = ["bucket_sum", "mean", "sum"]


def _axes(x: EncryptedTensor, axis: Any) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(x.ndim))
    given = tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
    boolean = any(isinstance(a, (bool, np.bool_)) for a in given)
    try:
        axes = () if boolean else tuple(operator.index(a) for a in given)
    except TypeError:
        axes = ()
    if len(axes) != len(given):
        raise ShapeError(f"axis={axis!r}: an axis number, a tuple of them, or None is needed")
    for a in axes:
        if not -x.ndim <= a < x.ndim:
            raise ShapeError(f"axis {a} is out of bounds for a tensor of dimension {x.ndim}")
    normal = tuple(a % x.ndim for a in axes)
    if len(set(normal)) != len(normal):
        raise ShapeError(f"axis={axis!r} names an axis twice")
    return normal


def _kept_shape(x: EncryptedTensor, axes: tuple[int, ...], keepdims: bool) -> tuple[int, ...]:
    if keepdims:
        return tuple(1 if i in axes else n for i, n in enumerate(x.shape))
    return tuple(n for i, n in enumerate(x.shape) if i not in axes)


def _rows(
    x: EncryptedTensor, kept: list[int], axes: tuple[int, ...], terms: int
) -> NDArray[np.int64]:
    """Number the elements, one row for each sum."""
    numbers = np.arange(x.size, dtype=np.int64)
    if not kept:
        return numbers.reshape(1, terms)
    numbers = numbers.reshape(x.shape).transpose(kept + list(axes))
    return np.ascontiguousarray(numbers).reshape(-1, terms)


def sum(x: EncryptedTensor, axis: Any = None, keepdims: bool = False) -> EncryptedTensor:
    """Return the sum over axes."""
    axes = _axes(x, axis)
    shape = _kept_shape(x, axes, keepdims)
    kept = [i for i in range(x.ndim) if i not in axes]
    terms = math.prod(x.shape[i] for i in axes)
    evaluator = x.public.evaluator
    if approximate.is_approximate(x) and terms > 0 and 0 not in shape:
        return approximate.total(x, _rows(x, kept, axes, terms), shape, terms)
    limit = require(x._encoding.limit * max(terms, 1), evaluator.capacity, "the sum")
    encoding = x._encoding.with_limit(limit)
    if terms == 0 or 0 in shape:
        count = int(np.prod(shape, dtype=np.int64))
        return x._with(evaluator.encrypt(np.zeros((count, 1), np.int64)), shape, encoding, False)
    return x._with(evaluator.sum(x._batch, _rows(x, kept, axes, terms)), shape, encoding)


def mean(x: EncryptedTensor, axis: Any = None, keepdims: bool = False) -> EncryptedTensor:
    """Return the mean over axes; the reciprocal of the count is kept to 52 significant bits."""
    axes = _axes(x, axis)
    terms = math.prod(x.shape[i] for i in axes)
    if terms == 0:
        raise ShapeError(f"mean of an empty slice: shape {x.shape}, axis {axis}")
    total = sum(x, axes, keepdims)
    if approximate.is_approximate(x):
        return approximate.mean(total, terms)
    if terms & (terms - 1) == 0:  # another scale is enough
        scale_bits = total.scale_bits + terms.bit_length() - 1
        encoding = replace(total._encoding, scale_bits=scale_bits, integer=False)
        return total._with(total._batch, encoding=encoding)
    reciprocal = plain(1.0 / terms, scale_bits=52 + terms.bit_length(), bound=1.0)
    limit = -(-(1 << reciprocal.encoding.scale_bits) // terms)  # 1/count itself is public
    encoding = replace(reciprocal.encoding, limit=limit)
    return operators.scale(total, Plain(reciprocal.values, encoding, explicit=True))


def bucket_sum(x: EncryptedTensor, bins: Any, n_bins: int) -> EncryptedTensor:
    """Sum the elements by bin: the histograms that gradient-boosted trees are made of.

    Parameters
    ----------
    x : EncryptedTensor of shape (n_items,)
    bins : array_like of int, shape (n_items,) or (n_items, n_features)
        Bin of each item, for each feature, in 0 .. n_bins - 1. The evaluating party's own: which bin an
        item falls into shows in the time the sum takes.
    n_bins : int

    Returns
    -------
    EncryptedTensor of shape (n_bins,) or (n_features, n_bins)

    Raises
    ------
    ShapeError, EncodingTypeError, HeadroomError

    Notes
    -----
    One ciphertext addition for each item and feature.
    """
    if not operators.is_tensor(x):
        raise UnsupportedOperationError(
            f"bucket_sum takes an encrypted tensor, not {type(x).__name__}: np.bincount(bins, weights=x) "
            "adds up plain numbers"
        )
    values = as_plain(bins).values
    if values.dtype.kind not in "iu" or x.ndim != 1 or values.ndim not in (1, 2):
        raise ShapeError(
            f"bucket_sum takes a tensor of one axis and integer bins of one or two; given are shape "
            f"{x.shape} and bins of dtype {values.dtype}, shape {values.shape}"
        )
    if len(values) != x.size:
        raise ShapeError(f"{len(values)} rows of bins given for {x.size} items")
    if not isinstance(n_bins, (int, np.integer)) or n_bins < 1:
        raise ShapeError(f"n_bins={n_bins!r}: a positive number is needed")
    if values.size and (values.min() < 0 or values.max() >= n_bins):
        raise ShapeError(f"bins lie in {values.min()}..{values.max()}; allowed are 0..{n_bins - 1}")
    evaluator = x.public.evaluator
    limit = require(x._encoding.limit * max(x.size, 1), evaluator.capacity, "the bucket sum")
    encoding = replace(x._encoding, limit=limit)
    table = np.ascontiguousarray(values.reshape(len(values), -1), dtype=np.int32)
    shape = (int(n_bins),) if values.ndim == 1 else (values.shape[1], int(n_bins))
    if x.size == 0 or 0 in shape:
        count = int(np.prod(shape, dtype=np.int64))
        return x._with(evaluator.encrypt(np.zeros((count, 1), np.int64)), shape, encoding, False)
    # An empty bin would hold the trivial ciphertext 1: it is only right to send after re-randomising.
    return x._with(evaluator.bucket_sum(x._batch, table, int(n_bins)), shape, encoding, True)
