"""Batched modular exponentiation over Python integers."""

from __future__ import annotations

import contextlib
import operator
import reprlib
from typing import Any

import gmpy2
import numpy as np

from ._core import bigint as _bigint
from .backend import resolve
from .errors import EncodingTypeError, ParameterError, ShapeError

__all__ = ["power_rows", "powmod"]


def _integers(values: Any, name: str) -> tuple[list[int], tuple[int, ...] | None]:
    """Flatten to Python integers; the shape is None for a scalar."""
    try:
        array = np.array(values, dtype=object)
    except ValueError:
        raise ShapeError(f"{name} are lists of different lengths: a rectangle is needed") from None
    if array.ndim == 0 and not isinstance(values, np.ndarray):
        return [_integer(values, name)], None
    flat = array.reshape(-1).tolist()
    if set(map(type, flat)) <= {int}:
        return flat, array.shape
    return [_integer(v, f"{name}[{i}]") for i, v in enumerate(flat)], array.shape


def _integer(value: Any, name: str) -> int:
    if not isinstance(value, (bool, np.bool_)):
        with contextlib.suppress(TypeError):
            return operator.index(value)
    raise EncodingTypeError(f"{name} is {reprlib.repr(value)}; integers are needed")


def powmod(bases: Any, exponents: Any, modulus: int, *, backend: str | None = None) -> Any:
    """Return bases ** exponents mod modulus, element by element, on all threads.

    Parameters
    ----------
    bases, exponents : int or array_like of int
        Scalars broadcast. Negative exponents need bases prime to the modulus.
    modulus : int
        Odd, 3 to 2**8192.
    backend : str, optional

    Returns
    -------
    int or list of int (nested as the input)

    Raises
    ------
    ParameterError, ShapeError, EncodingTypeError, BackendError

    Notes
    -----
    Time depends on the sizes of modulus and widest exponent, not on the values: fixed windows with
    full table scans. Cost: one squaring modulo n for each exponent bit and a product for each five.
    Negative exponents go through gmpy2, whose time depends on the bases.

    Examples
    --------
    >>> import heflow as hf
    >>> hf.powmod([2, 3], 10, 1001)
    [23, 991]
    """
    modulus = _integer(modulus, "modulus")
    if modulus < 3 or modulus % 2 == 0:
        raise ParameterError("the modulus must be odd and at least 3")
    name = resolve(backend)
    base_list, base_shape = _integers(bases, "bases")
    exponent_list, exponent_shape = _integers(exponents, "exponents")
    shape = base_shape if exponent_shape is None else exponent_shape
    if base_shape is not None and exponent_shape is not None and base_shape != exponent_shape:
        raise ShapeError(
            f"bases of shape {base_shape} and exponents of shape {exponent_shape} do not fit: "
            "give equal shapes, or a scalar"
        )
    count = max(len(base_list), len(exponent_list)) if shape is None else int(np.prod(shape))
    if count == 0:
        return np.empty(shape or (0,), dtype=object).tolist()
    if len(base_list) == 1 and count > 1:
        base_list *= count
    shared = len(exponent_list) == 1
    if min(exponent_list) < 0:
        base_list, exponent_list = _invert_negative(base_list, exponent_list, shared, modulus)
    size = (modulus.bit_length() + 7) // 8
    width = max((max(exponent_list).bit_length() + 7) // 8, 1)
    if min(base_list) < 0 or max(base_list) >= modulus:
        base_list = [b % modulus for b in base_list]
    data = _bigint.powmod(
        b"".join([b.to_bytes(size, "little") for b in base_list]),
        b"".join([e.to_bytes(width, "little") for e in exponent_list]),
        modulus.to_bytes(size, "little"),
        count,
        width,
        shared,
        name,
    )
    powers = [int.from_bytes(data[i : i + size], "little") for i in range(0, len(data), size)]
    if shape is None:
        return powers[0]
    if len(shape) == 1:
        return powers
    return np.array(powers, dtype=object).reshape(shape).tolist()


def power_rows(rows: bytes, exponent: int, modulus: int, *, backend: str | None = None) -> bytes:
    """Raise many numbers to one exponent, bytes in and bytes out, on all threads.

    Parameters
    ----------
    rows : bytes
        Numbers below the modulus, little-endian, each as wide as the modulus in whole bytes.
    exponent : int
        Not negative; secret but for its width in bytes.
    modulus : int
        Odd, 3 to 2**8192.
    backend : str, optional

    Raises
    ------
    ParameterError, BackendError
    """
    size, width = (modulus.bit_length() + 7) // 8, max((exponent.bit_length() + 7) // 8, 1)
    return _bigint.powmod(
        rows,
        exponent.to_bytes(width, "little"),
        modulus.to_bytes(size, "little"),
        len(rows) // size,
        width,
        True,
        resolve(backend),
    )


def _invert_negative(
    bases: list[int], exponents: list[int], shared: bool, modulus: int
) -> tuple[list[int], list[int]]:
    inverted = []
    for i, base in enumerate(bases):
        if exponents[0 if shared else i] >= 0:
            inverted.append(base)
            continue
        try:
            inverted.append(int(gmpy2.invert(base, modulus)))
        except ZeroDivisionError:
            raise ParameterError(
                f"bases[{i}] shares a factor with the modulus: no negative power of it exists"
            ) from None
    return inverted, [abs(e) for e in exponents]
