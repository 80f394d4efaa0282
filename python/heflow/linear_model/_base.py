"""What linear models share: parameters, checks, scores on plain and on encrypted rows."""

from __future__ import annotations

import importlib
import inspect
import math
from dataclasses import dataclass
from numbers import Real
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..encoding import as_reals
from ..errors import (
    EncodingRangeError,
    EncodingTypeError,
    ParameterError,
    ShapeError,
    UnsupportedOperationError,
)
from ..tensor import EncryptedTensor, stack

__all__ = ["EncryptedColumns", "Estimator", "encrypt_columns", "features"]

Reals = NDArray[np.float64]
Self = TypeVar("Self", bound="Estimator")


@dataclass(frozen=True)
class EncryptedColumns:
    """A feature matrix encrypted column by column: each column in ciphertexts of its own.

    Attributes
    ----------
    columns : EncryptedTensor of shape (n_features, n_samples)
    """

    columns: EncryptedTensor

    @property
    def shape(self) -> tuple[int, int]:
        """(n_samples, n_features)."""
        features, samples = self.columns.shape
        return samples, features


def encrypt_columns(context: Any, X: Any, **options: Any) -> EncryptedColumns:
    """Encrypt a feature matrix column by column: the layout for scores of many rows where slots are there.

    Parameters
    ----------
    context : PublicContext or SecretContext
    X : array_like, shape (n_samples, n_features)
    **options
        As for ``context.encrypt``.

    Raises
    ------
    ShapeError, EncodingError
    """
    X = features(X)
    return EncryptedColumns(
        stack([context.encrypt(column, **options) for column in np.ascontiguousarray(X.T)])
    )


def _require_plain(a: Any, name: str) -> None:
    if isinstance(a, (EncryptedTensor, EncryptedColumns)):
        raise UnsupportedOperationError(
            f"{name} is encrypted and plain numbers are needed here: decrypt it, or, to train on ciphertexts, "
            "fit on model.plan(n_samples, n_features).encrypt(public, X, y)"
        )


def numbers(a: Any, name: str) -> Reals:
    """Return plain numbers as float64.

    Raises
    ------
    EncodingTypeError, UnsupportedOperationError
    """
    _require_plain(a, name)
    return as_reals(a, name)


def features(X: Any) -> Reals:
    """Check a plain feature matrix.

    Raises
    ------
    ShapeError, EncodingRangeError, EncodingTypeError, UnsupportedOperationError
    """
    if hasattr(X, "toarray"):
        raise ParameterError("X is a sparse matrix, which these models do not take: X.toarray()")
    X = numbers(X, "X")
    if X.ndim != 2:
        raise ShapeError(
            f"X of shape {X.shape}; (n_samples, n_features) is needed. Reshape your data: X.reshape(-1, 1) for "
            "one column, X.reshape(1, -1) for one row"
        )
    if 0 in X.shape:
        what = "sample(s)" if X.shape[0] == 0 else "feature(s)"
        raise ShapeError(f"0 {what} (shape={X.shape}) while a minimum of 1 is required.")
    if not np.isfinite(X).all():
        raise EncodingRangeError(
            "X holds missing (NaN) or infinite (inf) values: fill them in first"
        )
    checked: Reals = X
    return checked


def column_names(X: Any) -> NDArray[Any] | None:
    """Return the names of a frame's columns, if all are strings."""
    names = [n for n in getattr(X, "columns", ()) if isinstance(n, str)]
    return np.asarray(names, dtype=object) if names and len(names) == X.shape[1] else None


def number(value: Any, name: str, least: float = 0.0, above: bool = False) -> float:
    """Return a parameter as a float: finite, from `least` on, or above it."""
    known = isinstance(value, (Real, np.number)) and not isinstance(value, bool)
    if not known or not math.isfinite(value) or value < least or (above and value == least):
        raise ParameterError(
            f"{name}={value!r}: a finite number {'above' if above else 'from'} {least:g}"
            f"{'' if above else ' on'} is needed"
        )
    return float(value)


def required(y: Any, model: Any) -> NDArray[Any]:
    """Return labels or targets as an array.

    Raises
    ------
    ParameterError
        There are none.
    """
    if y is None:
        raise ParameterError(
            f"{type(model).__name__} requires y to be passed, but the target y is None"
        )
    _require_plain(y, "y")
    if np.ma.is_masked(y):
        raise EncodingTypeError("y is a masked array: leave those rows out")
    return np.asarray(y)


class Estimator:
    """Parameters by the constructor's names, as scikit-learn reads and clones them."""

    _kind: str
    coef_: Any
    intercept_: Any
    n_features_in_: int
    feature_names_in_: NDArray[Any]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the constructor's parameters."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def set_params(self: Self, **params: Any) -> Self:
        """Set parameters by name."""
        known = self.get_params()
        for name, value in params.items():
            if name not in known:
                raise ParameterError(f"{name!r} is not a parameter: there are {', '.join(known)}")
            setattr(self, name, value)
        return self

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn, which alone asks, what kind of estimator this is."""
        kinds = importlib.import_module("sklearn.utils")
        classifies = self._kind == "classifier"
        return kinds.Tags(
            estimator_type=self._kind,
            target_tags=kinds.TargetTags(required=True),
            classifier_tags=kinds.ClassifierTags(multi_class=False) if classifies else None,
            regressor_tags=None if classifies else kinds.RegressorTags(),
        )

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self)).parameters
        changed = [f"{k}={v!r}" for k, v in self.get_params().items() if v != defaults[k].default]
        return f"{type(self).__name__}({', '.join(changed)})"

    def _remember_columns(self, X: Any, width: int) -> None:
        """Keep the number of columns, and the names of a frame's."""
        self.n_features_in_ = width
        self.__dict__.pop("feature_names_in_", None)
        names = column_names(X)
        if names is not None:
            self.feature_names_in_ = names

    def _require_same_names(self, X: Any) -> None:
        """Refuse a frame whose columns are others than those of the fit, or in another order."""
        names, known = column_names(X), getattr(self, "feature_names_in_", None)
        if names is not None and known is not None and names.tolist() != known.tolist():
            raise ParameterError(
                "The feature names should match those that were passed during fit, in their order: given are "
                f"{names.tolist()}, fitted were {known.tolist()}; use X[model.feature_names_in_]"
            )

    def _require_fitted(self) -> None:
        if not hasattr(self, "coef_"):
            raise ParameterError(
                f"this {type(self).__name__} has learned nothing yet: call fit first"
            )

    def _scores(self, X: Any) -> Any:
        """Return X w + b for plain rows, encrypted rows or encrypted columns."""
        self._require_fitted()
        if isinstance(self.coef_, EncryptedTensor):
            raise ParameterError(
                "the weights are encrypted: decrypt them, coef_ = secret.decrypt(model.coef_), "
                "or send them to the "
                "key's owner"
            )
        weights, intercept = np.ravel(self.coef_), float(np.ravel(self.intercept_)[0])
        encrypted = isinstance(X, (EncryptedTensor, EncryptedColumns))
        if not encrypted:
            self._require_same_names(X)
        X = X if encrypted else features(X)
        if X.shape[-1] != self.n_features_in_:
            raise ShapeError(
                f"X has {X.shape[-1]} features, but {type(self).__name__} is expecting {self.n_features_in_} "
                "features as input: those that it was fitted with"
            )
        if isinstance(X, EncryptedColumns):
            return weights @ X.columns + intercept
        return X @ weights + intercept
