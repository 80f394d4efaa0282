"""Linear regression: plain, and from sums of statistics that several parties encrypt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ParameterError, ShapeError
from ._base import Estimator, features, required

__all__ = ["LinearRegression", "statistics"]

Reals = NDArray[np.float64]


def statistics(X: Any, y: Any) -> tuple[Reals, Reals]:
    """Return a party's share of the normal equations, a column of ones appended.

    Parameters
    ----------
    X : array_like, shape (n, d)
    y : array_like, shape (n,)

    Returns
    -------
    xtx : ndarray of float64, shape (d + 1, d + 1)
    xty : ndarray of float64, shape (d + 1,)

    Notes
    -----
    Shares add up: the encrypted sum over parties is a sum of tensors, and a party that leaves is
    subtracted. The share of a party with fewer rows than columns tells its rows to whoever decrypts it.
    """
    X = features(X)
    y = _targets(y, len(X))
    rows = np.column_stack([X, np.ones(len(X))])
    return rows.T @ rows, rows.T @ y


class LinearRegression(Estimator):
    """Least squares with an optional penalty (ridge).

    Parameters
    ----------
    alpha : float
        Penalty alpha |w|^2 beside the sum of squares; the intercept is free of it.

    Attributes
    ----------
    coef_ : ndarray of float64, shape (n_features,)
    intercept_ : float
    """

    _kind = "regressor"

    def __init__(self, alpha: float = 0.0) -> None:
        self.alpha = alpha

    def fit(self, X: Any, y: Any) -> LinearRegression:
        """Fit on plain rows."""
        return self._solve(*statistics(X, required(y, self)))

    def fit_statistics(
        self, xtx: Any, xty: Any, decrypt: Callable[[Any], Any] | None = None
    ) -> LinearRegression:
        """Fit from (encrypted) sums of `statistics` over parties.

        Parameters
        ----------
        xtx : EncryptedTensor or array_like, shape (d + 1, d + 1)
        xty : EncryptedTensor or array_like, shape (d + 1,)
        decrypt : callable, optional
            ``secret.decrypt``, or ``secret.decrypt_shared`` where others see the model.

        Raises
        ------
        ShapeError, ParameterError
        """
        if decrypt is not None:
            xtx, xty = decrypt(xtx), decrypt(xty)
        return self._solve(np.asarray(xtx, dtype=np.float64), np.asarray(xty, dtype=np.float64))

    def _solve(self, xtx: Reals, xty: Reals) -> LinearRegression:
        if (
            xtx.ndim != 2
            or xtx.shape != (len(xtx), len(xtx))
            or xty.shape != (len(xtx),)
            or len(xtx) < 2
        ):
            raise ShapeError(
                f"statistics of shapes {xtx.shape} and {xty.shape}: (d + 1, d + 1) and (d + 1,)"
            )
        if isinstance(self.alpha, bool) or not np.isfinite(self.alpha) or self.alpha < 0:
            raise ParameterError(f"alpha={self.alpha!r}: a finite number from 0 on is needed")
        penalty = np.full(len(xtx), float(self.alpha))
        penalty[-1] = 0.0
        try:
            weights = np.linalg.solve((xtx + xtx.T) / 2 + np.diag(penalty), xty)
        except np.linalg.LinAlgError:
            raise ParameterError(
                "the columns depend on one another and least squares has many solutions: use alpha > 0"
            ) from None
        self.coef_, self.intercept_ = weights[:-1], float(weights[-1])
        self.n_features_in_ = len(self.coef_)
        return self

    def predict(self, X: Any) -> Any:
        """Return predictions; encrypted rows (or `EncryptedColumns`) give an encrypted tensor."""
        return self._scores(X)

    def score(self, X: Any, y: Any) -> float:
        """Return the coefficient of determination R^2 on plain rows."""
        y = _targets(y, len(features(X)))
        rest = np.sum((y - self.predict(X)) ** 2)
        return float(1 - rest / np.sum((y - y.mean()) ** 2))


def _targets(y: Any, rows: int) -> Reals:
    y = np.asarray(y, dtype=np.float64)
    if y.shape != (rows,):
        raise ShapeError(f"y of shape {y.shape} for {rows} rows: one number for each row is needed")
    if not np.isfinite(y).all():
        raise ParameterError("y holds missing or infinite values")
    checked: Reals = y
    return checked
