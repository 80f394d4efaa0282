"""Plain operands: what is added to or multiplied with an encrypted tensor."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from .fixed_point import Encoding, as_messages, declared_encoding, encode
from .words import Words

__all__ = ["Plain", "as_plain", "plain"]

PLAIN_SCALE_BITS = 32


class Plain:
    """A plain operand with its own scale and declared range; made by `hf.plain`."""

    __slots__ = ("encoding", "explicit", "values")
    __array_ufunc__ = None

    def __init__(self, values: NDArray[Any], encoding: Encoding, explicit: bool) -> None:
        self.values = values
        self.encoding = encoding
        self.explicit = explicit

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the operand."""
        return self.values.shape

    @property
    def T(self) -> Plain:
        """The operand with its axes reversed."""
        return self.with_values(self.values.T)

    def with_values(self, values: NDArray[Any]) -> Plain:
        """Return the same declaration for other values."""
        return Plain(values, self.encoding, self.explicit)

    def words(self) -> Words:
        """Encode at the operand's own scale, row by row."""
        return encode(
            self.values, self.encoding, name="the range of a plain operand: hf.plain(a, bound=...)"
        )

    def at_scale(self, scale_bits: int) -> Plain:
        """Return the operand at a scale at least its own, with the same range."""
        own = self.encoding
        limit = own.limit << (scale_bits - own.scale_bits)
        return Plain(self.values, replace(own, scale_bits=scale_bits, limit=limit), self.explicit)

    def __repr__(self) -> str:
        return f"Plain(shape={self.shape}, scale=2^{self.encoding.scale_bits}, bound<={self.encoding.bound})"


def plain(a: Any, scale_bits: int | None = None, bound: float | None = None) -> Plain:
    """Declare precision and range of a plain operand.

    Parameters
    ----------
    a : array_like of real numbers
    scale_bits : int, optional
        Fractional bits kept; 32 for floats, none for integers.
    bound : float, optional
        Declared range |a| <= bound; 2**32 for floats, the dtype's range for integers. The bound of a
        result grows by it, whatever the values are.

    Returns
    -------
    Plain

    Raises
    ------
    EncodingError, ParameterError

    Examples
    --------
    >>> hf.plain([0.5, -0.25], scale_bits=16, bound=1) * x      # doctest: +SKIP
    """
    values = as_messages(a)
    encoding = declared_encoding(values, scale_bits, bound, PLAIN_SCALE_BITS)
    return Plain(values, encoding, explicit=True)


def as_plain(a: Any) -> Plain:
    """Return an operand as `Plain`, with the default declaration of its dtype."""
    if isinstance(a, Plain):
        return a
    values = as_messages(a)
    return Plain(values, declared_encoding(values, None, None, PLAIN_SCALE_BITS), explicit=False)
