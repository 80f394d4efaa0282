"""Plain operands: what is added to or multiplied with an encrypted tensor."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ShapeError, UnsupportedOperationError
from .fixed_point import Encoding, as_messages, declared_encoding, encode
from .words import Words

__all__ = ["Plain", "SparsePlain", "as_plain", "is_sparse", "plain"]

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
        if scale_bits == own.scale_bits:
            return self
        limit = own.limit << (scale_bits - own.scale_bits)
        return Plain(self.values, replace(own, scale_bits=scale_bits, limit=limit), self.explicit)

    def __repr__(self) -> str:
        return f"Plain(shape={self.shape}, scale=2^{self.encoding.scale_bits}, bound<={self.encoding.bound})"


class SparsePlain:
    """A sparse plain matrix, by rows; made by `hf.plain` from a matrix of scipy.sparse.

    `stored` holds the entries: entry k lies in column ``items[k]``, those of row r go from ``starts[r]`` up to
    ``starts[r + 1]``.
    """

    __slots__ = ("_matrix", "stored")
    __array_ufunc__ = None

    def __init__(self, matrix: Any, stored: Plain) -> None:
        self._matrix = matrix
        self.stored = stored

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self._matrix.shape
        return int(rows), int(columns)

    @property
    def starts(self) -> NDArray[np.int64]:
        """Where each row starts, and the end."""
        return np.asarray(self._matrix.indptr, dtype=np.int64)

    @property
    def items(self) -> NDArray[np.int64]:
        """The column of each stored entry."""
        return np.asarray(self._matrix.indices, dtype=np.int64)

    @property
    def T(self) -> SparsePlain:
        """The matrix with its axes exchanged."""
        matrix = self._matrix.T.tocsr()
        return SparsePlain(matrix, self.stored.with_values(matrix.data))

    def __repr__(self) -> str:
        return f"SparsePlain(shape={self.shape}, stored={self.stored!r})"


def is_sparse(a: Any) -> bool:
    """Whether `a` is a sparse matrix or array of SciPy, which is not imported here."""
    return hasattr(a, "tocsr")


def _sparse(a: Any, scale_bits: int | None, bound: float | None) -> SparsePlain:
    if len(a.shape) != 2:
        raise ShapeError(f"a sparse operand of shape {a.shape}: two axes are needed")
    matrix = a.tocsr(copy=True)
    matrix.sum_duplicates()
    values = as_messages(matrix.data)
    encoding = declared_encoding(values, scale_bits, bound, PLAIN_SCALE_BITS)
    return SparsePlain(matrix, Plain(values, encoding, explicit=True))


def plain(a: Any, scale_bits: int | None = None, bound: float | None = None) -> Any:
    """Declare precision and range of a plain operand.

    Parameters
    ----------
    a : array_like of real numbers, or a matrix of scipy.sparse
        A sparse matrix multiplies vectors, ``hf.plain(A) @ x``, at the cost of its stored entries.
    scale_bits : int, optional
        Fractional bits kept; 32 for floats, none for integers.
    bound : float, optional
        Declared range |a| <= bound; 2**32 for floats, the dtype's range for integers. The bound of a
        result grows by it, whatever the values are.

    Returns
    -------
    Plain or SparsePlain

    Raises
    ------
    EncodingError, ParameterError, ShapeError

    Examples
    --------
    >>> hf.plain([0.5, -0.25], scale_bits=16, bound=1) * x      # doctest: +SKIP
    """
    if is_sparse(a):
        return _sparse(a, scale_bits, bound)
    values = np.array(as_messages(a))  # it may live longer than what was given stays as it is
    encoding = declared_encoding(values, scale_bits, bound, PLAIN_SCALE_BITS)
    return Plain(values, encoding, explicit=True)


def as_plain(a: Any) -> Plain:
    """Return an operand as `Plain`, with the default declaration of its dtype."""
    if isinstance(a, Plain):
        return a
    if isinstance(a, SparsePlain) or is_sparse(a):
        raise UnsupportedOperationError(
            "a sparse matrix multiplies an encrypted vector, hf.plain(A) @ x or x @ hf.plain(A), and "
            "nothing else: use A.toarray() here"
        )
    values = as_messages(a)
    return Plain(values, declared_encoding(values, None, None, PLAIN_SCALE_BITS), explicit=False)
