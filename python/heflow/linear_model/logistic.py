"""Logistic regression: plain, on encrypted rows, and trained wholly on ciphertexts."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import (
    EncodingRangeError,
    ParameterError,
    ShapeError,
    UnsupportedOperationError,
)
from ..tensor import EncryptedTensor
from ..whole import is_whole
from ._base import EncryptedColumns, Estimator, features, number, required
from .encrypted_training import Progress, Refresh, train
from .nesterov import nesterov, signed_rows
from .plan import EncryptedRows, TrainingPlan
from .sigmoid import logistic, resolve

__all__ = ["LogisticRegression"]

Reals = NDArray[np.float64]
NEWTON_TOLERANCE = 1e-10


class LogisticRegression(Estimator):
    """Logistic regression of two classes.

    Parameters
    ----------
    solver : {"newton", "nesterov"}
        Newton's method to convergence, or steps as they are possible on ciphertexts.
    max_iter : int
        Steps at most (newton) or exactly (nesterov).
    l2 : float
        Penalty l2/2 |w|^2 beside the mean loss; the intercept is free of it.
    learning_rate : float
        Of nesterov: step t has the size learning_rate / (t + 1).
    sigmoid : str or PolynomialSigmoid, optional
        'g3', 'g5', 'g7', 'taylor1' or a fit: in the place of the logistic function, for nesterov and for
        encrypted probabilities.
    logit_bound : float, optional
        Declared range of the logits; polynomials of degree 3 and more need it. Plain steps refuse logits
        beyond it; on ciphertexts nobody sees them: try the same steps on plain rows first.

    Attributes
    ----------
    coef_ : ndarray of float64, shape (1, n_features); after training on ciphertexts an EncryptedTensor of
        shape (n_features,)
    intercept_ : ndarray of float64, shape (1,); or an EncryptedTensor of shape (1,)
    classes_ : ndarray, shape (2,)
    n_iter_ : int
        Steps taken.
    n_features_in_ : int
    """

    _kind = "classifier"

    def __init__(
        self,
        solver: str = "newton",
        max_iter: int = 100,
        l2: float = 1e-4,
        learning_rate: float = 10.0,
        sigmoid: Any = None,
        logit_bound: float | None = None,
    ) -> None:
        self.solver = solver
        self.max_iter = max_iter
        self.l2 = l2
        self.learning_rate = learning_rate
        self.sigmoid = sigmoid
        self.logit_bound = logit_bound

    def plan(
        self,
        n_samples: int,
        n_features: int,
        *,
        refresh_every: int | None = None,
        parameters: Any = None,
    ) -> TrainingPlan:
        """Work out what training on ciphertexts needs: depth, parameters, rotations, packing.

        Parameters
        ----------
        n_samples, n_features : int
        refresh_every : int, optional
            Steps between refreshes by the key's owner, for a smaller ring.
        parameters : Parameters, optional
            Instead of the smallest that do.

        Returns
        -------
        TrainingPlan

        Raises
        ------
        ParameterError
            The solver is not nesterov, the sigmoid is no polynomial or has no bound, or the depth is too large.
        """
        polynomial = resolve(self.sigmoid)
        if self.solver != "nesterov" or polynomial is None:
            raise ParameterError(
                f"solver={self.solver!r}, sigmoid={self.sigmoid!r}: ciphertexts take nesterov steps with a "
                "polynomial, LogisticRegression(solver='nesterov', max_iter=7, sigmoid='g5', logit_bound=8)"
            )
        polynomial.require_bound(self.logit_bound)
        bound = self.logit_bound or polynomial.bound
        return TrainingPlan.make(
            n_samples, n_features, steps=self.max_iter, sigmoid=polynomial, logit_bound=bound,
            refresh_every=refresh_every, parameters=parameters,
        )  # fmt: skip

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        refresh: Refresh | None = None,
        progress: Progress | None = None,
    ) -> LogisticRegression:
        """Fit on plain rows, or on ``plan.encrypt(public, X, y)`` without decrypting anything.

        Parameters
        ----------
        X : array_like, shape (n_samples, n_features), or EncryptedRows
        y : array_like, shape (n_samples,)
            Two classes; not given with encrypted rows.
        refresh, progress : callable, optional
            See `encrypted_training.train`.

        Raises
        ------
        ParameterError, ShapeError, EncodingRangeError, UnsupportedOperationError
        """
        if isinstance(X, EncryptedRows):
            self._checked()
            learned = train(
                X, learning_rate=self.learning_rate, l2=self.l2, refresh=refresh, progress=progress
            )
            self.intercept_, self.coef_ = learned[:1], learned[1:]
            self.classes_ = np.array([-1, 1])
            self._remember_columns(None, X.plan.n_features)
            self.n_iter_ = X.plan.steps
            return self
        l2, steps = self._checked()
        rows = features(X)
        y = _labels(required(y, self), len(rows))
        self.classes_ = np.unique(y)
        if len(self.classes_) != 2:
            raise ParameterError(_not_two(self.classes_))
        Z = signed_rows(rows, np.where(y == self.classes_[1], 1.0, -1.0))
        if self.solver == "newton":
            weights, self.n_iter_ = _newton(Z, l2, steps)
        elif self.solver == "nesterov":
            weights = nesterov(
                Z, steps, self._watched_sigmoid(), learning_rate=self.learning_rate, l2=l2
            )
            self.n_iter_ = steps
        else:
            raise ParameterError(f"solver={self.solver!r}: 'newton' or 'nesterov' is needed")
        self.intercept_, self.coef_ = weights[:1], weights[None, 1:]
        self._remember_columns(X, rows.shape[1])
        return self

    def _watched_sigmoid(self) -> Callable[[Any], Reals]:
        """Return the sigmoid of plain steps, which refuses logits beyond their declared bound."""
        polynomial = resolve(self.sigmoid)
        if polynomial is None:
            return logistic
        polynomial.require_bound(self.logit_bound)
        bound = self.logit_bound or math.inf

        def watched(z: Any) -> Reals:
            largest = float(np.abs(z).max(initial=0.0))
            if not largest <= bound:
                raise EncodingRangeError(
                    f"a logit of size {largest:.3g} left the declared logit_bound={bound:g}, where the "
                    "polynomial runs away, and would on ciphertexts without being seen: use a smaller "
                    "learning_rate, fewer steps, columns of smaller range, or least_squares(degree, bound) "
                    "with a larger bound"
                )
            return polynomial(z)

        return watched

    def _checked(self) -> tuple[float, int]:
        """Return penalty and steps, or say what is wrong with the parameters."""
        if not is_whole(self.max_iter):
            raise ParameterError(f"max_iter={self.max_iter!r}: a whole number of steps is needed")
        if self.max_iter < 1:
            raise ParameterError(f"max_iter={self.max_iter!r}: one step or more is needed")
        number(self.learning_rate, "learning_rate", above=True)
        resolve(self.sigmoid)
        return number(self.l2, "l2"), int(self.max_iter)

    def decision_function(self, X: Any) -> Any:
        """Return logits; encrypted rows (or `EncryptedColumns`) give an encrypted tensor."""
        return self._scores(X)

    def predict_proba(self, X: Any) -> Any:
        """Return probabilities: of both classes for plain rows, of the second for encrypted ones.

        Encrypted rows must keep their scores in slots: `encrypt_columns`, or a single row. Decryption refuses a
        value that the polynomial does not take within `logit_bound`. A logit a little beyond, where it turns
        back, can look like a probability: who cannot vouch for the bound sends `decision_function(X)`.

        Raises
        ------
        UnsupportedOperationError
            The scheme of encrypted rows does not multiply ciphertexts.
        ParameterError
            The sigmoid is no polynomial, or needs a bound on the logit.
        """
        scores = self._scores(X)
        if not isinstance(scores, EncryptedTensor):
            p = logistic(scores)
            return np.column_stack([1 - p, p])
        if not hasattr(scores.public.evaluator, "multiply"):
            raise UnsupportedOperationError(
                f"{scores.public.scheme} adds and does not multiply ciphertexts: send "
                "decision_function(X) to the "
                "key's owner, who takes 1 / (1 + exp(-z)), or encrypt with hf.ckks"
            )
        polynomial = resolve(self.sigmoid)
        if polynomial is None:
            raise ParameterError(
                "encrypted probabilities need a polynomial: set_params(sigmoid='g3', logit_bound=8)"
            )
        polynomial.require_bound(self.logit_bound)
        bound = self.logit_bound or polynomial.bound
        scores = scores.within(bound)
        try:
            return scores.polyval(polynomial.coefficients).within(polynomial.largest(bound))
        except UnsupportedOperationError as error:
            raise UnsupportedOperationError(
                f"probabilities of encrypted rows: {error}; encrypt the rows with "
                "heflow.linear_model.encrypt_columns(public, X), which keeps their scores in slots"
            ) from None

    def predict(self, X: Any) -> Any:
        """Return classes of plain rows.

        Raises
        ------
        UnsupportedOperationError
            Encrypted rows: a class is a comparison, which the key's owner makes.
        """
        if isinstance(X, (EncryptedTensor, EncryptedColumns)):
            raise UnsupportedOperationError(
                "a class is a comparison, which ciphertexts do not have: decrypt "
                "decision_function(X) and compare "
                "with 0"
            )
        scores = self._scores(X)
        return self.classes_[(scores > 0).astype(int)]

    def score(self, X: Any, y: Any) -> float:
        """Return the share of right classes on plain rows."""
        predicted = self.predict(X)
        return float(np.mean(predicted == _labels(required(y, self), len(predicted))))


def _labels(y: NDArray[Any], rows: int) -> NDArray[Any]:
    """Check labels: one for each row, none of them missing."""
    if y.shape != (rows,):
        raise ShapeError(f"y of shape {y.shape} for {rows} rows: one label for each row is needed")
    missing = [v is None or v != v for v in y.tolist()]
    if any(missing):
        raise ParameterError(
            f"y contains NaN: {sum(missing)} label(s) are missing, the first in row {missing.index(True)}; "
            "leave those rows out"
        )
    return y


def _not_two(classes: NDArray[Any]) -> str:
    """Return why labels of other than two classes are refused."""
    text = f"y holds {len(classes)} class(es), two are needed: {classes[:5].tolist()}"
    if len(classes) < 2:
        return text
    if classes.dtype.kind == "f" and (classes % 1).any():
        return f"Unknown label type: continuous. {text}"
    return f"Only binary classification is supported. {text}"


def _newton(Z: Reals, l2: float, most: int) -> tuple[Reals, int]:
    """Minimise mean log(1 + exp(-z w)) + l2/2 |w|^2 without the first weight; return it and the steps taken.

    Steps are halved until the loss falls.
    """
    penalty = np.full(Z.shape[1], l2)
    penalty[0] = 0.0

    def loss(w: Reals) -> float:
        return float(np.mean(np.logaddexp(0, -(Z @ w))) + 0.5 * np.sum(penalty * w * w))

    w = np.zeros(Z.shape[1])
    taken = 0
    for taken in range(1, most + 1):  # noqa: B007
        p = logistic(-(Z @ w))
        gradient = penalty * w - Z.T @ p / len(Z)
        hessian = (Z.T * (p * (1 - p))) @ Z / len(Z) + np.diag(penalty + 1e-12)
        step, now = np.linalg.solve(hessian, gradient), loss(w)
        if gradient @ step < NEWTON_TOLERANCE:
            break
        size = 1.0
        while loss(w - size * step) > now and size > 1e-6:
            size /= 2
        w = w - size * step
    return w, taken
