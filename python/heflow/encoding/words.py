"""Words: signed integers of any width as int64 arrays, vectorised.

Shape (count, k), two's complement, least significant word first.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import EncodingRangeError

__all__ = [
    "Words",
    "from_floats",
    "from_integers",
    "from_python",
    "negate",
    "shift_left",
    "to_floats",
    "to_python",
    "width_for",
]

Words = NDArray[np.int64]
_Unsigned = NDArray[np.uint64]


def width_for(limit: int) -> int:
    """Return the words that hold any integer up to `limit` in size, its sign and its negative."""
    return limit.bit_length() // 64 + 1


def _negate_where(words: _Unsigned, negative: NDArray[np.bool_]) -> _Unsigned:
    flipped = np.where(negative[:, None], ~words, words)
    carry = negative.astype(np.uint64)
    for k in range(words.shape[1]):
        total = flipped[:, k] + carry
        carry = (total < carry).astype(np.uint64)
        flipped[:, k] = total
    return flipped


def negate(words: Words) -> Words:
    """Return the negatives, in the same width."""
    everywhere = np.ones(len(words), dtype=bool)
    return _negate_where(words.view(np.uint64), everywhere).view(np.int64)


def from_integers(values: NDArray[Any], width: int) -> Words:
    """Sign-extend a one-dimensional integer array of any dtype to `width` words."""
    unsigned = values.dtype.kind == "u"
    low = values.astype(np.uint64 if unsigned else np.int64).view(np.int64).reshape(-1, 1)
    if width == 1:
        return low
    words = np.empty((values.size, width), dtype=np.int64)
    words[:, :1] = low
    words[:, 1:] = 0 if unsigned else low >> 63
    return words


def from_floats(values: NDArray[np.float64], width: int) -> Words:
    """Convert integral floats exactly; their size must fit `width` words with a sign."""
    if width == 1:
        return values.astype(np.int64).reshape(-1, 1)
    rest = np.abs(values)
    words = np.zeros((values.size, width), dtype=np.uint64)
    for k in range(min(width, 16) - 1, -1, -1):  # no float reaches 2^1024
        unit = np.ldexp(1.0, 64 * k)
        word = np.floor(rest / unit)
        words[:, k] = word.astype(np.uint64)
        rest -= word * unit
    return _negate_where(words, values < 0).view(np.int64)


def from_python(values: Iterable[int], width: int) -> Words:
    """Convert Python integers; each must fit `width` words with its sign."""
    data = b"".join(int(v).to_bytes(8 * width, "little", signed=True) for v in values)
    return np.frombuffer(data, dtype="<i8").astype(np.int64).reshape(-1, width)


def to_python(words: Words) -> list[int]:
    """Convert to Python integers."""
    width = 8 * words.shape[1]
    data = words.astype("<i8").tobytes()
    return [
        int.from_bytes(data[i : i + width], "little", signed=True)
        for i in range(0, len(data), width)
    ]


def shift_left(words: Words, bits: int, width: int) -> Words:
    """Multiply by 2**bits into `width` words; the caller knows that the result fits."""
    source = words.view(np.uint64)
    extended = np.empty((len(words), width + 1), dtype=np.uint64)
    sign = (words[:, -1] >> 63).view(np.uint64)
    whole, part = divmod(bits, 64)
    for k in range(width + 1):
        at = k - whole
        if at < 0:
            extended[:, k] = 0
        else:
            extended[:, k] = source[:, at] if at < source.shape[1] else sign
    shifted = extended[:, :width].copy()
    if part:
        shifted <<= np.uint64(part)
        shifted[:, 1:] |= extended[:, : width - 1] >> np.uint64(64 - part)
    result: Words = shifted.view(np.int64)
    return result


def _bit_lengths(words: _Unsigned) -> NDArray[np.int64]:
    lengths: NDArray[np.int64] = np.zeros(words.shape, dtype=np.int64)
    rest = words.copy()
    for step in (32, 16, 8, 4, 2, 1):
        big = rest >= np.uint64(1) << np.uint64(step)
        lengths[big] += step
        rest[big] >>= np.uint64(step)
    lengths += rest > 0
    return lengths


def to_floats(words: Words, scale_bits: int) -> NDArray[np.float64]:
    """Return words / 2**scale_bits, each rounded once to the nearest float64 (ties to even).

    Raises
    ------
    EncodingRangeError
        A value is beyond float64.
    """
    if words.shape[1] == 1:
        values = np.ldexp(words[:, 0].astype(np.float64), -scale_bits)
    else:
        values = _wide_to_floats(words, scale_bits)
    if not np.isfinite(values).all():
        raise EncodingRangeError(
            f"element {int(np.argmin(np.isfinite(values)))} is beyond float64 (2^1024): "
            "secret.decrypt_integers(x) gives the exact integers"
        )
    # Below 2^-1022 float64 has fewer bits, and the steps above have rounded already.
    for i in np.flatnonzero((np.abs(values) < 2.0**-1022) & words.any(axis=1)):
        values[i] = to_python(words[i : i + 1])[0] / (1 << scale_bits)
    return values


def _wide_to_floats(words: Words, scale_bits: int) -> NDArray[np.float64]:
    negative = words[:, -1] < 0
    magnitude = _negate_where(words.view(np.uint64), negative)
    count, width = magnitude.shape
    rows = np.arange(count)
    nonzero = magnitude != 0
    top = np.where(nonzero.any(axis=1), width - 1 - np.argmax(nonzero[:, ::-1], axis=1), 0)
    head = magnitude[rows, top]
    below = np.where(top > 0, magnitude[rows, np.maximum(top - 1, 0)], np.uint64(0))
    length = _bit_lengths(head)
    shift = np.minimum(64 - length, 63).astype(np.uint64)
    moved = shift > 0
    high = np.where(
        moved, (head << shift) | (below >> ((np.uint64(64) - shift) & np.uint64(63))), head
    )
    columns = np.arange(width)[None, :]
    lower = (nonzero & (columns < (top - 1)[:, None])).any(axis=1)
    sticky = lower | ((below << shift) != 0)  # what lies below the 64 leading bits
    exact = (high | sticky.astype(np.uint64)).astype(np.float64)
    exponents = (64 * top - shift.astype(np.int64) - scale_bits).astype(np.int64)
    with np.errstate(over="ignore"):  # the caller looks for infinity
        values = np.ldexp(exact, exponents)
    result: NDArray[np.float64] = np.where(negative, -values, values)
    return result
