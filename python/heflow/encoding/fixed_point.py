"""Fixed point: message m becomes the integer round(m * 2**scale_bits), ties to even.

Scale and range are declared and public. They never depend on the messages.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from fractions import Fraction
from numbers import Integral, Rational, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import (
    EncodingError,
    EncodingRangeError,
    EncodingTypeError,
    HeadroomError,
    ParameterError,
    PrecisionWarning,
    ShapeError,
    UnsupportedOperationError,
)
from . import words as _words
from .headroom import round_up
from .words import Words

__all__ = [
    "Encoding",
    "as_messages",
    "declared_encoding",
    "decode",
    "encode",
    "encode_integers",
]

FLOAT_BOUND = 2.0**32
MAX_SCALE_BITS = 1000
MAX_TRACKED_SCALE_BITS = (1 << 16) - 1  # what the header of a tensor holds


@dataclass(frozen=True)
class Encoding:
    """How integers stand for messages.

    Attributes
    ----------
    scale_bits : int
        The integer is the message times 2**scale_bits.
    limit : int
        Declared bound on the size of every integer, at most 64 significant bits.
    integer : bool
        Messages are integers and come back as integers.
    """

    scale_bits: int
    limit: int
    integer: bool

    def __post_init__(self) -> None:
        if self.scale_bits > MAX_TRACKED_SCALE_BITS:
            raise HeadroomError(
                f"the result would have {self.scale_bits} scale bits and a tensor has at most "
                f"{MAX_TRACKED_SCALE_BITS}: use operands with fewer (hf.plain(a, scale_bits=...))"
            )

    def with_limit(self, limit: int) -> Encoding:
        """Return the same encoding under another limit."""
        if limit == self.limit:
            return self
        new = object.__new__(Encoding)  # every sum ends here: `replace` would cost 1 us
        fields = new.__dict__
        fields["scale_bits"], fields["limit"], fields["integer"] = (
            self.scale_bits,
            limit,
            self.integer,
        )
        return new

    @property
    def bound(self) -> float | int:
        """The bound in units of messages."""
        if self.integer:
            return self.limit >> self.scale_bits
        try:
            return self.limit / (1 << self.scale_bits)
        except OverflowError:
            return math.inf


def _index(flat: int, shape: tuple[int, ...]) -> str:
    if not shape:
        return "the value"
    return f"the value at index {tuple(int(i) for i in np.unravel_index(flat, shape))}"


def _refuse_objects(array: NDArray[Any]) -> None:
    for flat, item in enumerate(array.flat):
        if isinstance(item, int) and not isinstance(item, bool):
            continue
        raise EncodingTypeError(
            f"{_index(flat, array.shape)} is {item!r} of type {type(item).__name__}; encrypted are "
            "real numbers: convert to a float64 or int64 array first"
        )
    for flat, item in enumerate(array.flat):
        if not -(1 << 63) <= item < 1 << 64:
            raise EncodingRangeError(
                f"{_index(flat, array.shape)} has {item.bit_length()} bits, which does not fit 64 bits; "
                "encrypted are integers below 2^63 (2^64 unsigned): split them into parts or scale them"
            )
    raise EncodingTypeError(
        "an array of Python objects, or of both negative integers and some from 2^63 on, is not "
        "encrypted: convert it to one dtype first, such as a.astype(np.int64)"
    )


def _float64(array: NDArray[Any]) -> NDArray[np.float64]:
    if array.dtype == np.float64:
        return array
    with np.errstate(over="ignore"):
        values = array.astype(np.float64)
    lost = np.isfinite(array) & ~np.isfinite(values)
    if lost.any():
        flat = int(np.argmax(lost))
        raise EncodingRangeError(
            f"{_index(flat, array.shape)} is {array.flat[flat]}, beyond float64: scale it first"
        )
    return values


def as_messages(message: Any) -> NDArray[Any]:
    """Return the message as a float64 or integer array, or say why it is none."""
    if isinstance(message, np.ma.MaskedArray):
        raise EncodingTypeError(
            "masked arrays are not encrypted: the masked entries have no value; call "
            ".filled(value) or .compressed() first"
        )
    try:
        array = np.asarray(message)
    except UnsupportedOperationError:  # a list of encrypted tensors
        raise
    except ValueError as error:
        raise ShapeError(f"the message is not a rectangular array of numbers: {error}") from error
    except (TypeError, RuntimeError) as error:  # a tensor with a gradient, on a GPU, of bfloat16
        raise EncodingTypeError(
            f"the message does not turn into an array of NumPy: {error}; of PyTorch: "
            "t.detach().cpu().float()"
        ) from error
    kind = array.dtype.kind
    if kind == "f":
        if not hasattr(message, "dtype") and array.size and np.abs(array).max() >= 2.0**63:
            # NumPy turns Python integers that fit neither int64 nor uint64 together into floats.
            items = np.asarray(message, dtype=object)
            if all(isinstance(item, int) for item in items.flat):
                _refuse_objects(items)
        return _float64(array)
    if kind in "iu":
        return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))
    if kind == "O":
        _refuse_objects(array)
    names = {"b": "booleans", "c": "complex numbers", "U": "strings", "S": "byte strings"}
    names |= {"M": "dates", "m": "time spans", "V": "records"}
    raise EncodingTypeError(
        f"{names.get(kind, 'values')} (dtype {array.dtype}) are not encrypted; convert to float64 or "
        "int64 first"
    )


def declared_encoding(
    values: NDArray[Any], scale_bits: int | None, bound: float | None, default_scale_bits: int
) -> Encoding:
    """Return the encoding that dtype and arguments declare; the values are not looked at."""
    whole = values.dtype.kind in "iu"
    if scale_bits is None:
        scale_bits = 0 if whole else default_scale_bits
    if not isinstance(scale_bits, (int, np.integer)) or isinstance(scale_bits, bool):
        raise ParameterError(f"scale_bits={scale_bits!r}: a whole number of bits is needed")
    scale_bits = int(scale_bits)
    if not 0 <= scale_bits <= MAX_SCALE_BITS:
        raise ParameterError(f"scale_bits={scale_bits} is outside 0..{MAX_SCALE_BITS}")
    if bound is not None:
        size = math.ceil(_exact_bound(bound) * (1 << scale_bits))
    elif whole:
        bits = 8 * values.dtype.itemsize - (values.dtype.kind == "i")
        largest = (1 << bits) - (bits == 63)  # so that an int64 message comes back as int64
        size = largest << scale_bits
    else:
        size = int(FLOAT_BOUND) << scale_bits
    return Encoding(scale_bits, round_up(size), whole and scale_bits == 0)


def _exact_bound(bound: Any) -> Fraction:
    if isinstance(bound, Real) and not isinstance(bound, bool):
        if isinstance(bound, Integral):
            exact = Fraction(int(bound))
        elif isinstance(bound, Rational):
            exact = Fraction(bound)
        else:
            exact = Fraction(float(bound)) if math.isfinite(bound) else Fraction(0)
        if exact > 0:
            return exact
    raise ParameterError(f"bound={bound!r}: a positive finite number is needed")


def _fits(values: NDArray[Any], encoding: Encoding) -> bool:
    if values.dtype.kind in "iu":
        largest, signed = encoding.limit >> encoding.scale_bits, values.dtype.kind == "i"
        top = (1 << (8 * values.dtype.itemsize - signed)) - 1  # what the dtype holds
        below = largest >= top or int(values.max()) <= largest
        return below and (largest > top or not signed or int(values.min()) >= -largest)
    try:  # NaN stays NaN, and Python compares a float with an integer exactly
        return math.ldexp(float(np.abs(values).max()), encoding.scale_bits) <= encoding.limit
    except OverflowError:
        return False


def _require_range(values: NDArray[Any], encoding: Encoding, declared: str) -> None:
    """Refuse values that are not finite or lie outside the declared range."""
    if values.size == 0 or _fits(values, encoding):
        return
    if values.dtype.kind in "iu":
        largest = encoding.limit >> encoding.scale_bits
        flat = int(np.argmax((values > largest) | (values < -largest)))
    else:
        finite = np.isfinite(values)
        if not finite.all():
            flat = int(np.argmin(finite))
            raise EncodingError(
                f"{_index(flat, values.shape)} is {values.flat[flat]}; only finite numbers are "
                "encrypted: remove or replace it first"
            )
        flat = int(np.argmax(np.abs(values)))
    raise EncodingRangeError(
        f"{_index(flat, values.shape)} is {values.flat[flat]}, outside the declared range "
        f"|a| <= {encoding.bound} ({declared}): declare a larger one with bound="
    )


def encode(
    values: NDArray[Any], encoding: Encoding, *, strict: bool = False, name: str = "bound"
) -> Words:
    """Encode messages, checked, as integers in row-major order.

    Raises
    ------
    EncodingError
        NaN or infinity; with `strict`, also non-zero values that would become zero.
    EncodingRangeError
        A value outside the declared range.

    Warns
    -----
    PrecisionWarning
        Once, with the count, if non-zero values become zero.
    """
    whole = values.dtype.kind in "iu"
    if not whole and encoding.limit.bit_length() > 1023:
        raise EncodingRangeError(
            f"bound * 2^{encoding.scale_bits} is beyond float64: declare a smaller bound or scale"
        )
    _require_range(values, encoding, name)
    width = _words.width_for(encoding.limit)
    flat = values.reshape(-1)
    if whole:
        if encoding.scale_bits == 0:
            return _words.from_integers(flat, width)
        return _words.shift_left(_words.from_integers(flat, 2), encoding.scale_bits, width)
    scaled = np.rint(np.ldexp(flat, encoding.scale_bits))
    lost = int(np.count_nonzero(flat) - np.count_nonzero(scaled))
    if lost:
        text = (
            f"{lost} non-zero value(s) are below 2^-{encoding.scale_bits + 1} and become 0: use more "
            "scale_bits"
        )
        if strict:
            raise EncodingError(text)
        warnings.warn(text, PrecisionWarning, stacklevel=4)
    return _words.from_floats(scaled, width)


def encode_integers(values: NDArray[Any], limit: int) -> Words:
    """Encode Python integers of any size up to `limit`, in row-major order.

    Raises
    ------
    EncodingTypeError, EncodingRangeError
    """
    flat = np.asarray(values, dtype=object).reshape(-1).tolist()
    for i, value in enumerate(flat):
        if not isinstance(value, int) or isinstance(value, bool):
            raise EncodingTypeError(f"element {i} is {type(value).__name__}: an integer is needed")
    if any(abs(value) > limit for value in flat):
        raise EncodingRangeError(
            f"an integer lies outside the declared range of {limit.bit_length()} bits: declare a larger one"
        )
    return _words.from_python(flat, _words.width_for(limit))


def decode(words: Words, encoding: Encoding, shape: tuple[int, ...]) -> NDArray[Any]:
    """Return float64 messages; for integers int64 where the limit fits, else Python integers."""
    if not encoding.integer:
        return _words.to_floats(words, encoding.scale_bits).reshape(shape)
    if encoding.scale_bits == 0 and encoding.limit < 1 << 63:
        messages: NDArray[Any] = words[:, 0].reshape(shape).copy()
        return messages
    result = np.empty(len(words), dtype=object)
    result[:] = [v >> encoding.scale_bits for v in _words.to_python(words)]
    return result.reshape(shape)
