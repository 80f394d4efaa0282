"""NumPy's ufunc and function protocols: one dictionary each; everything else is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ShapeError, UnsupportedOperationError
from . import indexing, operators, reductions

__all__ = ["SUPPORTED", "array_function", "array_ufunc"]

SUPPORTED = (
    "supported are +, -, * and / by plain numbers, unary -, @ with plain matrices (sparse "
    "ones as hf.plain(A)), sum, mean, dot, indexing, reshape, ravel, transpose, concatenate, stack, "
    "split, broadcast_to, squeeze, expand_dims, hf.bucket_sum"
)

UFUNCS: dict[Any, Callable[..., Any]] = {
    np.add: operators.add,
    np.subtract: operators.subtract,
    np.negative: operators.negative,
    np.positive: lambda x: x,
    np.multiply: operators.multiply,
    np.true_divide: operators.true_divide,
    np.matmul: operators.matmul,
    np.power: lambda x, n: x**n,
    np.square: lambda x: x**2,
}


def array_ufunc(self: Any, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
    """NEP 13."""
    operation = UFUNCS.get(ufunc)
    if operation is None or method != "__call__":
        name = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
        raise UnsupportedOperationError(
            f"np.{name} does not work on encrypted tensors; {SUPPORTED}"
        )
    if kwargs:
        raise UnsupportedOperationError(
            f"np.{ufunc.__name__} with {', '.join(kwargs)}= does not work on encrypted tensors: the "
            "result is a new encrypted tensor (write a = a + x, not a += x)"
        )
    return operation(*inputs)


def _split(x: Any, sections: Any, axis: int = 0) -> list[Any]:
    numbers = np.arange(x.size, dtype=np.int64).reshape(x.shape)
    try:
        parts = np.split(numbers, sections, axis)
    except ValueError as error:
        raise ShapeError(f"{error} (tensor of shape {x.shape})") from None
    return [indexing.gather(x, part) for part in parts]


def _take(x: Any, indices: Any, axis: int | None = None, *, mode: Any = "raise") -> Any:
    return indexing.rearrange(x, np.take, indices, axis, mode=mode)


def _moving(function: Any) -> Callable[..., Any]:
    def apply(x: Any, *args: Any, **kwargs: Any) -> Any:
        return indexing.rearrange(x, function, *args, **kwargs)

    return apply


def _joining(function: Any) -> Callable[..., Any]:
    def apply(tensors: Any, **kwargs: Any) -> Any:
        return indexing.join(function, tensors, **kwargs)

    return apply


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.sum: reductions.sum,
    np.mean: reductions.mean,
    np.dot: operators.dot,
    np.concatenate: indexing.concatenate,
    np.stack: indexing.stack,
    np.split: _split,
    np.take: _take,
    np.shape: lambda x: x.shape,
    np.ndim: lambda x: x.ndim,
    np.size: lambda x: x.size,
    np.transpose: indexing.transpose,
}
FUNCTIONS |= {f: _joining(f) for f in (np.vstack, np.hstack, np.column_stack)}
FUNCTIONS |= {
    f: _moving(f)
    for f in (
        np.reshape, np.ravel, np.broadcast_to, np.squeeze, np.expand_dims, np.swapaxes, np.moveaxis, np.flip,
        np.roll, np.repeat, np.tile, np.atleast_1d, np.atleast_2d,
    )
}  # fmt: skip


def array_function(self: Any, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """NEP 18."""
    operation = FUNCTIONS.get(function)
    if operation is None:
        raise UnsupportedOperationError(
            f"np.{function.__name__} does not work on encrypted tensors; {SUPPORTED}"
        )
    try:
        return operation(*args, **kwargs)
    except TypeError as error:
        if isinstance(error, UnsupportedOperationError) or "argument" not in str(error):
            raise
        raise UnsupportedOperationError(
            f"np.{function.__name__} on encrypted tensors: {error}"
        ) from None
