"""Models of scikit-learn in a training loop: their learned arrays, and their own way to go on training.

The one file of `federated` that imports scikit-learn.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss

from ...encoding import as_reals
from ...errors import EncodingRangeError, ParameterError, ShapeError, UnsupportedOperationError

__all__ = ["SklearnModel"]

Arrays = list[NDArray[Any]]
SINGLE, LAYERS = ("coef_", "intercept_"), ("coefs_", "intercepts_")


class SklearnModel:
    """An estimator of scikit-learn with ``coef_`` and ``intercept_``, or ``coefs_`` and ``intercepts_``.

    Parameters
    ----------
    estimator : estimator
        Not changed: a clone trains. With ``partial_fit`` (SGDClassifier, SGDRegressor, MLPClassifier,
        MLPRegressor) a round is `epochs` passes over the rows; with ``warm_start`` (LogisticRegression) it
        is a fit that starts from the common model, of ``max_iter`` steps of the estimator's solver.
    X : array_like, shape (n_samples, n_features)
        The member's rows, prepared in the same way at every member.
    y : array_like, shape (n_samples,)
    classes : array_like, optional
        All classes, the same at every member, also those that this member's rows lack; needed by classifiers.
    epochs : int
        Passes over the rows in a round, with ``partial_fit``.
    seed : int
        Of the order of rows; a round has the same order whenever it is repeated.

    Attributes
    ----------
    estimator_ : estimator
        Fitted with the common model after each round: ``predict``, ``score`` and the like are there.

    Raises
    ------
    ParameterError
        A label outside `classes`, or an estimator that cannot go on training.
    EncodingRangeError
        Missing or infinite features.

    Notes
    -----
    Members start from zeros (linear models) or from the values that the estimator's ``random_state`` gives
    (networks): set it to the same number everywhere. Weighting of classes by frequency
    (``class_weight="balanced"``) is by the member's own frequencies. State of an optimiser, such as Adam's
    moments, starts anew in every round.
    """

    def __init__(
        self,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        classes: Any = None,
        epochs: int = 1,
        seed: int = 0,
    ) -> None:
        self._X, self._y = _rows(X, y)
        self.n_samples = len(self._X)
        self._epochs, self._seed = epochs, seed
        self._template = clone(estimator)
        self._partial = hasattr(estimator, "partial_fit")
        if not self._partial and not hasattr(estimator, "warm_start"):
            raise ParameterError(
                f"{type(estimator).__name__} cannot go on training from given values: an estimator with "
                "partial_fit or warm_start is needed"
            )
        if getattr(estimator, "average", False):
            raise ParameterError("average=True keeps a second set of weights: leave it out")
        self._classes = _classes(estimator, self._y, classes)
        if not self._partial and self._classes is not None:
            _require_all(type(estimator).__name__, self._y, self._classes)
        self._names = LAYERS if hasattr(estimator, "hidden_layer_sizes") else SINGLE
        self.estimator_ = self._started()

    def _started(self) -> Any:
        """Return a clone with arrays of the right shapes and the values that training starts from."""
        model = clone(self._template)
        if not self._partial:
            model.set_params(warm_start=True)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model.fit(*self._few)
        elif hasattr(model, "hidden_layer_sizes"):
            return self._network(model)
        else:
            self._step(model, *self._few)
        model.coef_ = np.zeros_like(model.coef_, dtype=np.float64)
        model.intercept_ = np.zeros_like(np.atleast_1d(model.intercept_), dtype=np.float64)
        return model

    @property
    def _few(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Rows that bring every class along: what sets the shapes, the same at every member."""
        if self._classes is None:
            return self._X[:2], self._y[:2]
        return np.zeros((len(self._classes), self._X.shape[1]), self._X.dtype), self._classes

    def _network(self, model: Any) -> Any:
        """Return a network as its random state makes it: one step at a rate that changes nothing."""
        if self._template.get_params()["random_state"] is None:
            raise ParameterError(
                "networks start from random values: give the estimator a random_state, the same at every member"
            )
        still = clone(model).set_params(solver="sgd", learning_rate_init=1e-300, momentum=0.0)
        self._step(still, *self._few)
        self._step(model, *self._few)
        vars(model).pop("_optimizer", None)  # its moments are of that step
        for name in LAYERS:
            setattr(model, name, [a.copy() for a in getattr(still, name)])
        return model

    def _step(self, model: Any, X: NDArray[Any], y: NDArray[Any]) -> None:
        if self._classes is None:
            model.partial_fit(X, y)
        else:
            model.partial_fit(X, y, classes=self._classes)

    def _read(self, model: Any) -> Arrays:
        if self._names is SINGLE:
            return [np.array(getattr(model, name), dtype=np.float64) for name in SINGLE]
        return [np.array(a) for name in LAYERS for a in getattr(model, name)]

    def _write(self, model: Any, arrays: Arrays) -> Any:
        if self._names is SINGLE:
            model.coef_, model.intercept_ = arrays[0].copy(), arrays[1].copy()
        else:
            half = len(arrays) // 2
            model.coefs_ = [a.copy() for a in arrays[:half]]
            model.intercepts_ = [a.copy() for a in arrays[half:]]
        return model

    def arrays(self) -> Arrays:
        """Return coefficients and intercepts."""
        return self._read(self.estimator_)

    def train(self, arrays: Arrays, round: int) -> tuple[Arrays, dict[str, float]]:
        """Go on training from `arrays` on the member's rows; the metric is the loss before."""
        model = self._write(self._started(), arrays)
        metrics = self._metrics(model)
        if self._partial:
            rng = np.random.default_rng([self._seed, round])
            for _ in range(self._epochs):
                order = rng.permutation(self.n_samples)
                self._step(model, self._X[order], self._y[order])
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                model.fit(self._X, self._y)
        return self._read(model), metrics

    def gradient(self, arrays: Arrays, round: int) -> tuple[Arrays, dict[str, float]]:
        """Refuse: estimators do not show their gradients."""
        raise UnsupportedOperationError(
            "scikit-learn's estimators do not show gradients: use algorithm='fedavg', or an ArrayModel with "
            "gradient="
        )

    def _metrics(self, model: Any) -> dict[str, float]:
        if self._classes is None:
            rest = self._y - model.predict(self._X)
            return {"squared error": float(np.mean(rest**2))}
        if not hasattr(model, "predict_proba"):
            return {"accuracy": float(np.mean(model.predict(self._X) == self._y))}
        p = model.predict_proba(self._X)
        return {"log loss": float(log_loss(self._y, p, labels=self._classes))}

    def accept(self, arrays: Arrays) -> None:
        """Take the common values into `estimator_`."""
        self._write(self.estimator_, arrays)


def _rows(X: Any, y: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    if not isinstance(X, np.ndarray) or X.dtype.kind != "f" or np.ma.isMA(X):
        X = as_reals(X, "X")
    y = np.asarray(y)
    if X.ndim != 2 or 0 in X.shape or y.shape != X.shape[:1]:
        raise ShapeError(
            f"X of shape {X.shape} and y of shape {y.shape}: (n_samples, n_features) and (n_samples,)"
        )
    bad = np.flatnonzero(~np.isfinite(X).all(axis=0))
    if len(bad):
        raise EncodingRangeError(
            f"missing or infinite values in columns {bad.tolist()}: fill them in first, with the same values "
            "at every member"
        )
    return X, y


def _require_all(name: str, y: NDArray[Any], classes: NDArray[Any]) -> None:
    lacking = np.setdiff1d(classes, y)
    if len(lacking):
        raise ParameterError(
            f"this member has no rows of classes {lacking.tolist()[:5]}, which {name}.fit needs: use an "
            "estimator with partial_fit, such as SGDClassifier(loss='log_loss')"
        )


def _classes(estimator: Any, y: NDArray[Any], classes: Any) -> NDArray[Any] | None:
    if not is_classifier(estimator):
        return None
    if classes is None:
        raise ParameterError("classifiers need classes=: all of them, the same at every member")
    found: NDArray[Any] = np.unique(np.asarray(classes))
    strange = np.setdiff1d(np.unique(y), found)
    if len(strange):
        raise ParameterError(
            f"labels {strange.tolist()[:5]} are not among classes {found.tolist()}"
        )
    if len(found) < 2:
        raise ParameterError(f"classes={found.tolist()}: two or more are needed")
    return found
