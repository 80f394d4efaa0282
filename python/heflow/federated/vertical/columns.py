"""A party's columns, dense or sparse, in fixed point."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import encoding
from ...errors import EncodingRangeError, ParameterError, ShapeError

__all__ = ["FEATURE_BITS", "MAX_FEATURE", "Columns"]

FEATURE_BITS = 16
MAX_FEATURE = 16.0
Reals = NDArray[np.float64]


class Columns:
    """Checked columns, rounded to FEATURE_BITS; sparse matrices stay sparse.

    Parameters
    ----------
    X : array_like or matrix of scipy.sparse, shape (n_rows, n_columns)
        Standardised and clipped: no value beyond 16.
    name : str
        Of the party, for messages.

    Raises
    ------
    ShapeError, EncodingRangeError, EncodingTypeError
    """

    def __init__(self, X: Any, name: str) -> None:
        sparse = encoding.is_sparse(X)
        values: Any = X.tocsr().astype(np.float64) if sparse else encoding.as_reals(X, name)
        if values.ndim != 2 or 0 in values.shape:
            raise ShapeError(f"{name}: columns of shape {values.shape}; (rows, columns) is needed")
        stored = values.data if sparse else values.reshape(-1)
        column = values.indices if sparse else np.arange(values.size) % values.shape[1]
        bad = np.unique(column[~np.isfinite(stored)])
        if len(bad):
            raise EncodingRangeError(
                f"{name}: missing or infinite values in columns {bad.tolist()}: fill them in first"
            )
        large = np.unique(column[np.abs(stored) > MAX_FEATURE])
        if len(large):
            raise EncodingRangeError(
                f"{name}: columns {large.tolist()} reach beyond {MAX_FEATURE:g}: standardise and clip "
                "them, np.clip(X, -3, 3)"
            )
        rounded = np.rint(stored * 2.0**FEATURE_BITS) / 2.0**FEATURE_BITS
        if sparse:
            values.data = rounded
        self._values: Any = values if sparse else rounded.reshape(values.shape)
        self._name = name

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self._values.shape
        return int(rows), int(columns)

    def require_varying(self) -> None:
        """Refuse columns that say nothing.

        Raises
        ------
        ParameterError
        """
        low, high = self._values.min(axis=0), self._values.max(axis=0)
        if encoding.is_sparse(low):
            low, high = low.toarray().reshape(-1), high.toarray().reshape(-1)
        constant = np.flatnonzero(low == high)
        if len(constant) and self.shape[0] > 1:
            raise ParameterError(
                f"{self._name}: columns {constant.tolist()} are constant and say nothing: leave them out"
            )

    def with_ones(self) -> Columns:
        """Return the columns and one more, of ones: its weight is the intercept."""
        rows, columns = self.shape
        result = object.__new__(Columns)
        result._name = self._name
        if encoding.is_sparse(self._values):
            ends = self._values.indptr[1:]
            data = np.insert(self._values.data, ends, 1.0)
            indices = np.insert(self._values.indices, ends, columns)
            starts = self._values.indptr + np.arange(rows + 1)
            result._values = type(self._values)((data, indices, starts), shape=(rows, columns + 1))
        else:
            result._values = np.column_stack([self._values, np.ones(rows)])
        return result

    def whole(self) -> Any:
        """Return the columns times 2**FEATURE_BITS as a matrix of int64, dense or sparse."""
        return (self._values * 2.0**FEATURE_BITS).astype(np.int64)

    def scores(self, weights: Reals, rows: slice = slice(None)) -> Reals:
        """Return X[rows] @ weights."""
        return np.asarray(self._values[rows] @ weights)

    def transposed(self, rows: slice) -> Any:
        """Return X[rows].T as a plain operand."""
        return encoding.plain(self._values[rows].T, scale_bits=FEATURE_BITS, bound=MAX_FEATURE)
