"""Linear regression: plain, and from sums of statistics that several parties encrypt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ParameterError, ShapeError
from ._base import Estimator, features, number, numbers, required

__all__ = ["LinearRegression", "statistics"]

Reals = NDArray[np.float64]
WORST_CONDITION = 1e12  # of the normal equations, scaled: four digits are left


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
        """Fit on plain rows.

        Raises
        ------
        ShapeError, EncodingError, ParameterError
        """
        rows = features(X)
        targets = _targets(required(y, self), len(rows))
        # Centred: far from zero, columns look much like the ones of the intercept.
        center, level = rows.mean(axis=0), targets.mean()
        self._solve(*statistics(rows - center, targets - level))
        self.intercept_ += float(level - center @ self.coef_)
        self._remember_columns(X, rows.shape[1])
        return self

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
        if not (np.isfinite(xtx).all() and np.isfinite(xty).all()):
            raise ParameterError("the statistics hold missing or infinite values")
        penalty = np.full(len(xtx), number(self.alpha, "alpha"))
        penalty[-1] = 0.0
        matrix = (xtx + xtx.T) / 2 + np.diag(penalty)
        sizes = np.sqrt(np.abs(np.diag(matrix)))
        sizes[sizes == 0] = 1.0  # a column of zeros stays one, and is found below
        scaled = matrix / sizes / sizes[:, None]
        if not np.linalg.cond(scaled) < WORST_CONDITION:
            raise ParameterError(
                "the columns depend on one another, a constant one on the intercept, and least squares has "
                f"many solutions ({xtx[-1, -1]:g} sample(s), {len(xtx) - 1} feature(s)): "
                "use alpha > 0, leave columns out, or center them if they lie far from zero"
            )
        weights = np.linalg.solve(scaled, xty / sizes) / sizes
        self.coef_, self.intercept_ = weights[:-1], float(weights[-1])
        self._remember_columns(None, len(self.coef_))
        return self

    def predict(self, X: Any) -> Any:
        """Return predictions; encrypted rows (or `EncryptedColumns`) give an encrypted tensor."""
        return self._scores(X)

    def score(self, X: Any, y: Any) -> float:
        """Return the coefficient of determination R^2 on plain rows; constant targets give 1 if met, else 0."""
        y = _targets(y, len(features(X)))
        rest, spread = np.sum((y - self.predict(X)) ** 2), np.sum((y - y.mean()) ** 2)
        if spread == 0:
            return float(rest <= len(y) * (1e-12 * (1 + abs(y[0]))) ** 2)
        return float(1 - rest / spread)


def _targets(y: Any, rows: int) -> Reals:
    y = numbers(y, "y")
    if y.shape != (rows,):
        raise ShapeError(f"y of shape {y.shape} for {rows} rows: one number for each row is needed")
    if not np.isfinite(y).all():
        raise ParameterError("y holds missing or infinite values")
    checked: Reals = y
    return checked
