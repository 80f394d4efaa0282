"""Element-wise arithmetic and matrix products."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..encoding import Encoding, Plain, SparsePlain, as_plain, is_sparse, plain
from ..encoding import words as _words
from ..encoding.fixed_point import FLOAT_BOUND
from ..encoding.headroom import require, round_up
from ..encoding.words import Words
from ..errors import (
    BackendError,
    EncodingError,
    EncodingRangeError,
    KeyMismatchError,
    ParameterError,
    ShapeError,
    UnsupportedOperationError,
)
from . import approximate
from . import encrypted as _encrypted

if TYPE_CHECKING:
    from .encrypted import EncryptedTensor

Shape = tuple[int, ...]
RECIPROCAL_SCALE_BITS = 64  # so that division by thousands keeps its digits


def is_tensor(x: Any) -> bool:
    """Whether x is an encrypted tensor."""
    return isinstance(x, _encrypted.EncryptedTensor)


def attempt(operation: Callable[..., EncryptedTensor], *operands: Any) -> EncryptedTensor:
    """Run a binary operation, leaving foreign objects with their own reflected operator a chance."""
    for operand in operands:
        if is_tensor(operand):
            continue
        foreign = getattr(operand, "__array_ufunc__", NotImplemented) is None
        if foreign and not isinstance(operand, (Plain, SparsePlain)):
            refusal: EncryptedTensor = NotImplemented  # for Python, which asks the other operand
            return refusal
    return operation(*operands)


def require_same_key(*tensors: EncryptedTensor) -> None:
    """Refuse tensors of different keys or backends."""
    first = tensors[0]
    for other in tensors[1:]:
        if other._public is first._public:
            continue
        if other.key_id != first.key_id:
            raise KeyMismatchError(
                f"tensors of two keys met ({first.key_id} and {other.key_id}): encrypt both under one"
            )
        if other.public.backend != first.public.backend:
            raise BackendError(
                f"tensors of backends '{first.public.backend}' and '{other.public.backend}' met: "
                f"convert one with x.to_backend('{first.public.backend}')"
            )


def broadcast_shape(a: Shape, b: Shape, what: str) -> Shape:
    """Return the common shape, or raise in NumPy's words."""
    if a == b:
        return a
    try:
        return np.broadcast_shapes(a, b)
    except ValueError:
        raise ShapeError(
            f"{what}: operands could not be broadcast together with shapes {a} {b}"
        ) from None


def expand(x: EncryptedTensor, shape: Shape) -> Any:
    """Return the batch of x broadcast to `shape`; itself where nothing changes."""
    if x.shape == shape:
        return x._batch
    indices = np.arange(x.size, dtype=np.int64).reshape(x.shape)
    taken = np.ascontiguousarray(np.broadcast_to(indices, shape)).reshape(-1)
    if len(taken) == x.size:
        return x._batch  # the same elements under another shape
    return x.public.evaluator.take(x._batch, taken)


def _repeat(value: int, count: int) -> Words:
    one = _words.from_python([value], _words.width_for(abs(value)))
    return np.ascontiguousarray(np.broadcast_to(one, (count, one.shape[1])))


def align(x: EncryptedTensor, scale_bits: int) -> EncryptedTensor:
    """Return x at a scale at least its own: multiplied by a power of two, exactly."""
    difference = scale_bits - x.scale_bits
    if difference == 0:
        return x
    capacity = x.public.evaluator.capacity
    limit = require(x._encoding.limit << difference, capacity, "aligning the scales")
    batch = x.public.evaluator.multiply_plain(x._batch, _repeat(1 << difference, x.size))
    return x._with(batch, encoding=replace(x._encoding, scale_bits=scale_bits, limit=limit))


def add(x: Any, y: Any) -> EncryptedTensor:
    """Return x + y; at least one is encrypted."""
    if is_tensor(x) and is_tensor(y):
        return add_tensors(x, y)
    return _add_plain(x, y, 1) if is_tensor(x) else _add_plain(y, x, 1)


def subtract(x: Any, y: Any) -> EncryptedTensor:
    """Return x - y; at least one is encrypted."""
    if is_tensor(x) and is_tensor(y):
        if approximate.is_approximate(x):
            return approximate.add(x, y, -1)
        return add_tensors(x, negative(y))
    return _add_plain(x, y, -1) if is_tensor(x) else _add_plain(negative(y), x, 1)


def add_tensors(x: EncryptedTensor, y: EncryptedTensor) -> EncryptedTensor:
    """Return x + y, both encrypted."""
    if not x._public.evaluator.exact:
        return approximate.add(x, y)
    if x._public is not y._public:
        require_same_key(x, y)
    shape = broadcast_shape(x._shape, y._shape, "add")
    evaluator = x._public.evaluator
    if x.scale_bits != y.scale_bits:
        scale_bits = max(x.scale_bits, y.scale_bits)
        aligned = sum(t._encoding.limit << (scale_bits - t.scale_bits) for t in (x, y))
        require(aligned, evaluator.capacity, "the sum")
        x, y = align(x, scale_bits), align(y, scale_bits)
    a, b = x._encoding, y._encoding
    limit = require(a.limit + b.limit, evaluator.capacity, "the sum")
    encoding = a.with_limit(limit)
    if a.integer and not b.integer:
        encoding = Encoding(a.scale_bits, limit, False)
    batch = evaluator.add(expand(x, shape), expand(y, shape))
    return x._with(batch, shape, encoding, x._folded or y._folded)


def _add_plain(x: EncryptedTensor, a: Any, sign: int) -> EncryptedTensor:
    if approximate.is_approximate(x):
        return approximate.add_plain(x, a, sign)
    operand = as_plain(a)
    shape = broadcast_shape(x.shape, operand.shape, "add")
    integer = x._encoding.integer and operand.encoding.integer
    scale_bits = max(x.scale_bits, operand.encoding.scale_bits)
    operand = operand.at_scale(scale_bits)
    evaluator = x._public.evaluator
    aligned = x._encoding.limit << (scale_bits - x.scale_bits)
    limit = require(aligned + operand.encoding.limit, evaluator.capacity, "the sum")
    x = align(x, scale_bits)
    words = _broadcast_words(operand, shape)
    if sign < 0:
        words = _words.negate(words)
    batch = evaluator.add_plain(expand(x, shape), words)
    return x._with(batch, shape, Encoding(scale_bits, limit, integer), True)


def _broadcast_words(operand: Plain, shape: Shape) -> Words:
    words = operand.words()
    if operand.shape == shape:
        return words
    if len(words) == 1:
        return np.repeat(words, math.prod(shape), axis=0)
    indices = np.arange(operand.values.size).reshape(operand.shape)
    return np.ascontiguousarray(words[np.broadcast_to(indices, shape).reshape(-1)])


def negative(x: EncryptedTensor) -> EncryptedTensor:
    """Return -x."""
    # Counts as a plain factor: x + -x is the trivial ciphertext 1, not to leave as it is.
    return x._with(x.public.evaluator.negate(x._batch), folded=True)


def _require_one_tensor(x: Any, y: Any, what: str) -> None:
    if is_tensor(x) and is_tensor(y):
        require_same_key(x, y)
        raise UnsupportedOperationError(
            f"{what} of two encrypted tensors is not possible under {x.public.scheme}: one operand "
            "must be plain, or use a scheme that multiplies ciphertexts"
        )


def multiply(x: Any, y: Any) -> EncryptedTensor:
    """Return x * y, one of them plain; the scales add."""
    if is_tensor(x) and is_tensor(y) and approximate.is_approximate(x):
        return approximate.multiply(x, y)
    _require_one_tensor(x, y, "the product")
    if isinstance(x, np.matrix) or isinstance(y, np.matrix):
        raise UnsupportedOperationError(
            "* with an np.matrix is a matrix product to NumPy and one by elements here: give np.asarray(a), "
            "and use @ for the matrix product"
        )
    tensor, a = (x, y) if is_tensor(x) else (y, x)
    return scale(tensor, as_plain(a))


def scale(x: EncryptedTensor, operand: Plain) -> EncryptedTensor:
    """Multiply by a plain operand element by element."""
    if approximate.is_approximate(x):
        return approximate.scale(x, operand)
    shape = broadcast_shape(x.shape, operand.shape, "multiply")
    encoding = _product_encoding(x, operand, 1)
    words = _broadcast_words(operand, shape)
    batch = x.public.evaluator.multiply_plain(expand(x, shape), words)
    return x._with(batch, shape, encoding, True)


def _product_encoding(x: EncryptedTensor, operand: Plain, terms: int) -> Any:
    limit = require(
        x._encoding.limit * operand.encoding.limit * max(terms, 1),
        x.public.evaluator.capacity,
        "the product",
    )
    own, other = x._encoding, operand.encoding
    return Encoding(own.scale_bits + other.scale_bits, limit, own.integer and other.integer)


def true_divide(x: Any, y: Any) -> EncryptedTensor:
    """Return x / a: the product with the reciprocals of a, rounded to 64 fractional bits."""
    if is_tensor(y):
        raise UnsupportedOperationError(
            "division by an encrypted tensor is not possible: its owner can decrypt it first"
        )
    operand = as_plain(y)
    if (operand.values == 0).any():
        raise EncodingError("division by zero: every divisor must differ from 0")
    if not np.isfinite(operand.values).all():
        raise EncodingError("every divisor must be finite; given are NaN or infinity")
    with np.errstate(over="ignore"):
        reciprocals = np.asarray(1.0 / operand.values.astype(np.float64))
    if not np.isfinite(reciprocals).all():
        raise EncodingRangeError("a divisor is too small: 1 / a is beyond float64; scale it first")
    if isinstance(y, Plain):
        raise ParameterError("give the divisor as numbers, or multiply by hf.plain(1 / a, ...)")
    if approximate.is_approximate(x):
        return approximate.divide(x, reciprocals)
    return scale(x, plain(reciprocals, scale_bits=RECIPROCAL_SCALE_BITS, bound=FLOAT_BOUND))


def dot(x: Any, y: Any) -> EncryptedTensor:
    """Return NumPy's dot product of one plain and one encrypted operand."""
    for operand in (x, y):
        if (operand if is_tensor(operand) else as_plain(operand)).shape == ():
            return multiply(x, y)
    return matmul(x, y)


def matmul(x: Any, y: Any) -> EncryptedTensor:
    """Return x @ y for operands of one or two axes, one of them plain."""
    if is_tensor(x) and is_tensor(y) and approximate.is_approximate(x):
        require_same_key(x, y)
        return approximate.inner(x, y)
    _require_one_tensor(x, y, "the matrix product")
    a = y if is_tensor(x) else x
    if is_sparse(a) or isinstance(a, SparsePlain):
        matrix = plain(a) if is_sparse(a) else a
        return (
            _sparse_times_vector(matrix.T, x) if is_tensor(x) else _sparse_times_vector(matrix, y)
        )
    if is_tensor(x):
        return _tensor_times_matrix(x, as_plain(y))
    # A @ X = (X^T @ A^T)^T
    operand = as_plain(x)
    if operand.values.ndim in (1, 2) and y.ndim in (1, 2) and operand.shape[-1] != y.shape[0]:
        raise _mismatch(operand.shape, y.shape)
    if approximate.is_approximate(y) and (operand.values.ndim, y.ndim) == (1, 2):
        combined = approximate.combine(y, operand)
        if combined is not None:
            return combined
    product = _tensor_times_matrix(y.T, operand.T)
    return product.T


def _mismatch(a: Shape, b: Shape) -> ShapeError:
    return ShapeError(
        f"matmul: input operand 1 has a mismatch in its core dimension 0: shapes {a} and {b} do not "
        "fit (the last axis of the first must equal the first axis of the second)"
    )


def _tensor_times_matrix(x: EncryptedTensor, operand: Plain) -> EncryptedTensor:
    if x.ndim not in (1, 2) or operand.values.ndim not in (1, 2):
        raise ShapeError(
            f"matmul takes operands of one or two axes; given are shapes {x.shape} and {operand.shape}"
        )
    length = x.shape[-1]
    if operand.shape[0] != length:
        raise _mismatch(x.shape, operand.shape)
    shape = x.shape[:-1] + operand.shape[1:]
    evaluator = x.public.evaluator
    if approximate.is_approximate(x) and length > 0 and 0 not in shape:
        return approximate.matmul(x, operand, shape)
    encoding = (
        x._encoding if approximate.is_approximate(x) else _product_encoding(x, operand, length)
    )
    if length == 0 or 0 in shape:
        count = int(np.prod(shape, dtype=np.int64))
        return x._with(evaluator.encrypt(np.zeros((count, 1), np.int64)), shape, encoding, False)
    columns = operand.values.reshape(length, -1)
    words = operand.with_values(np.ascontiguousarray(columns.T)).words()
    weights = words.reshape(columns.shape[1], length, words.shape[1])
    vectors = np.arange(x.size, dtype=np.int64).reshape(-1, length)
    batch = evaluator.matmul_plain(x._batch, vectors, weights)
    return x._with(batch, shape, encoding, True)


def _sparse_times_vector(a: SparsePlain, x: EncryptedTensor) -> EncryptedTensor:
    if approximate.is_approximate(x) or x.ndim != 1:
        raise UnsupportedOperationError(
            f"a sparse matrix multiplies a vector of exact numbers; given are shape {x.shape} under "
            f"{x.public.scheme}: use A.toarray()"
        )
    rows, length = a.shape
    if length != x.size:
        raise _mismatch(a.shape, x.shape)
    encoding = _product_encoding(x, a.stored, length)
    evaluator = x.public.evaluator
    if 0 in a.shape:
        return x._with(evaluator.encrypt(np.zeros((rows, 1), np.int64)), (rows,), encoding, False)
    batch = evaluator.matmul_sparse(x._batch, a.starts, a.items, a.stored.words())
    return x._with(batch, (rows,), encoding, True)


def random_words(count: int, bits: int) -> Words:
    """Return fresh uniform integers from 0 to 2**bits - 1."""
    width = _words.width_for(1 << bits)
    random = np.frombuffer(os.urandom(8 * width * count), dtype=np.uint64).reshape(-1, width).copy()
    for k in range(width):
        kept = min(max(bits - 64 * k, 0), 64)
        random[:, k] &= np.uint64((1 << kept) - 1)
    words: Words = random.view(np.int64)
    return words


def mask(x: EncryptedTensor, statistical_bits: int) -> tuple[EncryptedTensor, NDArray[Any]]:
    """See `EncryptedTensor.mask`."""
    if approximate.is_approximate(x):
        raise UnsupportedOperationError(
            f"masks are exact integers and {x.public.scheme} is approximate: use hf.paillier"
        )
    if not isinstance(statistical_bits, (int, np.integer)) or statistical_bits < 1:
        raise ParameterError(
            f"statistical_bits={statistical_bits!r}: a positive number of bits is needed"
        )
    # Elements lie in -limit .. limit: two of them differ by less than 2^(limit's bits + 1).
    bits = x._encoding.limit.bit_length() + 1 + int(statistical_bits)
    evaluator = x.public.evaluator
    limit = require(x._encoding.limit + (1 << bits), evaluator.capacity, "the masked value")
    words = random_words(x.size, bits)
    masked = evaluator.add_plain(x._batch, words)
    values = np.empty(x.size, dtype=object)
    values[:] = _words.to_python(words)
    encoding = replace(x._encoding, limit=round_up(limit))
    return x._with(masked, encoding=encoding, folded=True), values.reshape(x.shape)
