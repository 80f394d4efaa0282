"""Tensor arithmetic where messages are real numbers in ciphertexts, not exact integers.

The scale is the parameters' throughout, levels are the evaluator's business, and bounds are in units of
2^-scale_bits. A bound of the whole declared range stays that: results are declared to stay inside it.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..encoding import Encoding, Plain, as_plain, as_reals
from ..encoding.fixed_point import as_messages, declared_encoding, encode
from ..encoding.headroom import require, round_up
from ..errors import (
    EncodingRangeError,
    ParameterError,
    PrecisionWarning,
    UnsupportedOperationError,
)
from . import encrypted as _encrypted
from . import operators

if TYPE_CHECKING:
    from .encrypted import EncryptedTensor

__all__ = ["add", "encrypt", "is_approximate", "multiply", "polyval", "power", "scale"]


def is_approximate(x: EncryptedTensor) -> bool:
    """Whether the scheme of x computes on real numbers."""
    return not x.public.evaluator.exact


def encrypt(
    public: Any,
    encrypt_values: Callable[..., Any],
    message: Any,
    scale_bits: int | None,
    bound: float | None,
    strict: bool,
) -> EncryptedTensor:
    """Validate and encrypt a message."""
    evaluator = public.evaluator
    if scale_bits is not None and scale_bits != evaluator.scale_bits:
        raise ParameterError(
            f"scale_bits={scale_bits!r}: the scale of {evaluator.label} is 2^{evaluator.scale_bits}, set "
            "by its parameters"
        )
    values = as_messages(message).astype(np.float64, copy=False)
    if bound is None:
        encoding = Encoding(evaluator.scale_bits, evaluator.range_limit, False)
    else:
        encoding = declared_encoding(np.empty(0), evaluator.scale_bits, bound, 0)
    require(encoding.limit, evaluator.capacity, "the message")
    flat = np.ascontiguousarray(values).reshape(-1)
    sizes = np.abs(flat)
    tiny = math.ldexp(0.5, -evaluator.scale_bits)
    fine = bool(sizes.max(initial=0.0) <= encoding.bound)  # not for NaN
    few = np.count_nonzero(sizes <= tiny)
    if not fine or (few and few > np.count_nonzero(sizes == 0)):
        encode(values, encoding, strict=strict)  # says what is wrong
    return _encrypted.EncryptedTensor(
        public, encrypt_values(flat, encoding.limit), values.shape, encoding, False
    )


def _range(evaluator: Any) -> float:
    return math.ldexp(evaluator.range_limit, -evaluator.scale_bits)


def _flat(operand: Plain, shape: tuple[int, ...], evaluator: Any) -> NDArray[np.float64]:
    """Check a plain operand and return its values, broadcast, row by row."""
    values = operand.values.astype(np.float64)
    if operand.explicit:
        encode(
            values, operand.encoding, name="the range of a plain operand: hf.plain(a, bound=...)"
        )
        values = np.ldexp(
            np.rint(np.ldexp(values, operand.encoding.scale_bits)), -operand.encoding.scale_bits
        )
    sizes = np.abs(values)
    largest = sizes.max(initial=0.0)
    if not operand.explicit and not largest <= _range(evaluator):
        if not np.isfinite(values).all():
            encode(values, operand.encoding)  # says where
        raise EncodingRangeError(
            f"a plain operand reaches {largest}, beyond the declared range "
            f"{_range(evaluator)} of these parameters: use more integer_bits, or hf.plain(a, bound=...)"
        )
    few = np.count_nonzero(sizes <= math.ldexp(0.5, -evaluator.scale_bits))
    lost = few - np.count_nonzero(values == 0) if few else 0
    if lost:
        warnings.warn(
            f"{lost} non-zero value(s) of a plain operand are below 2^-{evaluator.scale_bits + 1} and "
            "become 0: scale the operand up, or use parameters of more decimals",
            PrecisionWarning,
            stacklevel=5,
        )
    if values.shape != shape and values.size > 1:
        values = np.broadcast_to(values, shape)
    return np.ascontiguousarray(values).reshape(-1)


def _operand_limit(operand: Plain, evaluator: Any) -> int:
    if not operand.explicit:
        return int(evaluator.range_limit)
    own, bits = operand.encoding, evaluator.scale_bits
    shift = bits - own.scale_bits
    return int(own.limit << shift if shift >= 0 else -(-own.limit >> -shift))


def _product_limit(x: int, y: int, terms: int, evaluator: Any) -> int:
    """Bound a sum of products; the declared range stays what it is."""
    whole = int(evaluator.range_limit)
    if whole in (x, y):
        return max(x, y)
    return round_up(max(-(-x * y * max(terms, 1) >> evaluator.scale_bits), 1))


def _with(x: EncryptedTensor, batch: Any, shape: Any, limit: int, what: str) -> EncryptedTensor:
    limit = require(limit, x._public.evaluator.capacity_of(batch), what)
    return x._with(batch, shape, x._encoding.with_limit(limit), False)


def _view(x: EncryptedTensor, shape: tuple[int, ...]) -> Any:
    return operators.expand(x, shape)


def add(x: EncryptedTensor, y: EncryptedTensor, sign: int = 1) -> EncryptedTensor:
    """Return x + y or x - y of two tensors."""
    if x._public is not y._public:
        operators.require_same_key(x, y)
    a, b, shape = x._batch, y._batch, x._shape
    if shape != y._shape:
        shape = operators.broadcast_shape(shape, y._shape, "add")
        a, b = _view(x, shape), _view(y, shape)
    evaluator = x._public.evaluator
    batch = evaluator.add(a, b) if sign > 0 else evaluator.subtract(a, b)
    return _with(x, batch, shape, x._encoding.limit + y._encoding.limit, "the sum")


def add_plain(x: EncryptedTensor, a: Any, sign: int) -> EncryptedTensor:
    """Return x + a or x - a."""
    operand, evaluator = as_plain(a), x.public.evaluator
    shape = operators.broadcast_shape(x.shape, operand.shape, "add")
    values = sign * _flat(operand, () if operand.values.size == 1 else shape, evaluator)
    limit = x._encoding.limit + _operand_limit(operand, evaluator)
    require(limit, evaluator.capacity_of(x._batch), "the sum")
    return _with(x, evaluator.add_plain(_view(x, shape), values), shape, limit, "the sum")


def scale(x: EncryptedTensor, operand: Plain) -> EncryptedTensor:
    """Return x times a plain operand: one level."""
    evaluator = x.public.evaluator
    shape = operators.broadcast_shape(x.shape, operand.shape, "multiply")
    limit = _product_limit(x._encoding.limit, _operand_limit(operand, evaluator), 1, evaluator)
    values = _flat(operand, () if operand.values.size == 1 else shape, evaluator)
    batch = evaluator.multiply_plain(_view(x, shape), values)
    return _with(x, batch, shape, limit, "the product")


def multiply(x: EncryptedTensor, y: EncryptedTensor) -> EncryptedTensor:
    """Return x * y of two tensors: one level."""
    operators.require_same_key(x, y)
    evaluator = x.public.evaluator
    shape = operators.broadcast_shape(x.shape, y.shape, "multiply")
    limit = _product_limit(x._encoding.limit, y._encoding.limit, 1, evaluator)
    bounds = (float(x.bound), float(y.bound))
    batch = evaluator.multiply(_view(x, shape), _view(y, shape), bounds)
    return _with(x, batch, shape, limit, "the product")


def divide(x: EncryptedTensor, reciprocals: NDArray[np.float64]) -> EncryptedTensor:
    """Return x times reciprocals."""
    return scale(x, Plain(reciprocals, Encoding(0, 1, False), explicit=False))


def matmul(x: EncryptedTensor, operand: Plain, shape: tuple[int, ...]) -> EncryptedTensor:
    """Return x @ operand, whose shapes fit; one ciphertext an element, one level."""
    evaluator = x.public.evaluator
    length = x.shape[-1]
    limit = _product_limit(x._encoding.limit, _operand_limit(operand, evaluator), length, evaluator)
    values = _flat(operand, operand.shape, evaluator).reshape(length, -1)
    vectors = np.arange(x.size, dtype=np.int64).reshape(-1, length)
    batch = evaluator.matmul_plain(x._batch, vectors, np.ascontiguousarray(values.T))
    return _with(x, batch, shape, limit, "the product")


def combine(x: EncryptedTensor, operand: Plain) -> EncryptedTensor | None:
    """Return operand @ x for a plain vector where rows of x lie alike in ciphertexts of their "
    "own; else None."""
    evaluator, length = x.public.evaluator, x.shape[0]
    limit = _product_limit(x._encoding.limit, _operand_limit(operand, evaluator), length, evaluator)
    weights = _flat(operand, operand.shape, evaluator).reshape(1, length)
    if not hasattr(evaluator, "combine_rows") or not x.size:
        return None
    evaluator._require_level(x._batch, "a product with plain numbers")
    batch = evaluator.combine_rows(x._batch, weights)
    return None if batch is None else _with(x, batch, x.shape[1:], limit, "the product")


def within(x: EncryptedTensor, bound: float) -> EncryptedTensor:
    """Return x with a declared bound."""
    encoding = declared_encoding(np.empty(0), x.scale_bits, bound, 0)
    require(encoding.limit, x.public.evaluator.capacity_of(x._batch), "the declared range")
    return x._with(x._batch, encoding=encoding)


def inner(x: EncryptedTensor, y: EncryptedTensor) -> EncryptedTensor:
    """Return x @ y of two encrypted vectors."""
    from . import reductions

    if x.ndim != 1 or x.shape != y.shape:
        raise UnsupportedOperationError(
            f"the product of encrypted shapes {x.shape} @ {y.shape}: two vectors of one length are "
            "possible; take matrices row by row"
        )
    return reductions.sum(multiply(x, y))


def total(
    x: EncryptedTensor, indices: NDArray[np.int64], shape: Any, terms: int
) -> EncryptedTensor:
    """Return sums of rows of elements."""
    evaluator = x.public.evaluator
    batch = evaluator.sum(x._batch, indices)
    return _with(x, batch, shape, x._encoding.limit * max(terms, 1), "the sum")


def rotations(x: EncryptedTensor, batch: Any, terms: int) -> EncryptedTensor:
    """Return a sum of rotations; the declared range stays what it is."""
    limit, whole = x._encoding.limit, int(x.public.evaluator.range_limit)
    return _with(x, batch, x.shape, limit if limit == whole else limit * terms, "the sum")


def mean(x: EncryptedTensor, count: int) -> EncryptedTensor:
    """Divide sums by their count: no level is used."""
    batch = x.public.evaluator.divided(x._batch, count)
    limit = max(-(-x._encoding.limit // count), 1)
    return x._with(batch, encoding=replace(x._encoding, limit=round_up(limit)))


def _require_products(x: EncryptedTensor, what: str) -> None:
    if not hasattr(x.public.evaluator, "multiply"):
        raise UnsupportedOperationError(
            f"{what} needs products of ciphertexts, which {x.public.scheme} does not have: use a scheme "
            "that multiplies ciphertexts (hf.ckks)"
        )


def power(x: EncryptedTensor, exponent: Any) -> EncryptedTensor:
    """Return x ** n for a whole n >= 1: ceil(log2 n) levels."""
    _require_products(x, "a power")
    boolean = isinstance(exponent, (bool, np.bool_))
    whole = hasattr(exponent, "__index__") or getattr(exponent, "is_integer", bool)()
    if np.ndim(exponent) or boolean or not whole or exponent < 1:
        raise UnsupportedOperationError(
            f"x ** {exponent!r}: whole exponents from 1 on are possible"
        )
    return _power(x, int(exponent), {})


def _power(x: EncryptedTensor, n: int, known: dict[int, EncryptedTensor]) -> EncryptedTensor:
    if n == 1:
        return x
    if n not in known:
        half = 1 << ((n - 1).bit_length() - 1)
        known[n] = multiply(_power(x, half, known), _power(x, n - half, known))
    return known[n]


def polyval(x: EncryptedTensor, coefficients: Any) -> EncryptedTensor:
    """Return c0 + c1 x + c2 x^2 + ...: ceil(log2 degree) + 1 levels."""
    _require_products(x, "a polynomial")
    c = as_reals(coefficients, "the polynomial")
    if c.ndim != 1 or len(c) < 2 or not np.isfinite(c).all():
        raise ParameterError("polyval needs finite coefficients [c0, c1, ...] of degree 1 or more")
    known: dict[int, EncryptedTensor] = {}
    terms: list[EncryptedTensor] = [
        _power(x, n, known) * c[n] for n in range(1, len(c)) if c[n] != 0
    ]
    result: EncryptedTensor = terms[0] if terms else x * 0.0
    for term in terms[1:]:
        result = result + term
    if c[0] != 0:
        result = result + c[0]
    return result
