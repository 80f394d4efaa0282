"""Nesterov steps of logistic regression on plain numbers: what training on ciphertexts must give.

Only operations that ciphertexts have occur when the sigmoid is a polynomial.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..encoding import as_reals
from ..errors import ParameterError, ShapeError
from ..whole import is_whole

__all__ = ["momenta", "nesterov", "signed_rows", "step_sizes"]

Reals = NDArray[np.float64]


def signed_rows(X: Any, y: Any) -> Reals:
    """Return the rows y * (1, x) for labels y in {-1, 1}.

    Raises
    ------
    ShapeError, ParameterError
    """
    X, y = as_reals(X, "X"), as_reals(y, "y")
    if X.ndim != 2 or y.shape != X.shape[:1]:
        raise ShapeError(
            f"X of shape {X.shape} and y of shape {y.shape}: (rows, columns) and (rows,)"
        )
    if not np.isin(y, (-1.0, 1.0)).all():
        raise ParameterError("labels other than -1 and 1: map the two classes to -1 and 1 first")
    return np.asarray(y[:, None] * np.column_stack([np.ones(len(X)), X]))


def momenta(steps: int) -> list[float]:
    """Return the momentum of each step: (1 - a[t]) / a[t+1], a[t+1] = (1 + sqrt(1 + 4 a[t]^2)) / 2.

    a[0] = 0.01, as published. The first is positive, all others are negative.
    """
    result, now = [], 0.01
    for _ in range(steps):
        after = (1 + math.sqrt(1 + 4 * now * now)) / 2
        result.append((1 - now) / after)
        now = after
    return result


def step_sizes(steps: int, learning_rate: float = 10.0) -> list[float]:
    """Return learning_rate / (t + 1) for the steps t = 1, 2, ..."""
    return [learning_rate / (t + 1) for t in range(1, steps + 1)]


def nesterov(
    Z: Any,
    steps: int,
    sigmoid: Callable[[Any], Any],
    *,
    learning_rate: float = 10.0,
    l2: float = 0.0,
) -> Reals:
    """Run Nesterov steps of logistic regression from zero.

    Parameters
    ----------
    Z : array of shape (n, d)
        Rows y * (1, x) with y in {-1, 1}; columns of x scaled to -1 .. 1.
    steps : int
    sigmoid : callable
        The logistic function or a polynomial in its place, of an array.
    learning_rate : float
        The step t = 1, 2, ... has the size learning_rate / (t + 1).
    l2 : float
        Penalty l2/2 |w|^2 beside the mean loss; the first weight (the intercept) is free of it.

    Returns
    -------
    ndarray of shape (d,)
        Intercept first.

    Notes
    -----
    From v = w = 0, for t = 1 .. steps, with r_t = learning_rate / (t + 1) and e_t of `momenta`:

        g   = 1/n sum_i s(-z_i v) z_i - l2 (0, v_1, ...)
        w'  = v + r_t g
        v'  = (1 - e_t) w' + e_t w

    The result is w' of the last step, so the last v' is never formed. Kim,
    Song, Kim, Lee, Cheon, BMC Medical Genomics 2018. Their experiments take seven steps with g5.

    Raises
    ------
    ParameterError, ShapeError
    """
    Z = np.asarray(Z, dtype=np.float64)
    if Z.ndim != 2 or not len(Z):
        raise ShapeError(f"Z of shape {Z.shape}: rows y * (1, x) are needed, one at least")
    if not is_whole(steps) or steps < 1:
        raise ParameterError(f"steps={steps!r}: a whole number from 1 on is needed")
    v = w = np.zeros(Z.shape[1])
    penalized = np.full(Z.shape[1], float(l2))
    penalized[0] = 0.0
    for rate, momentum in zip(step_sizes(steps, learning_rate), momenta(steps), strict=True):
        gradient = np.asarray(sigmoid(-(Z @ v))) @ Z / len(Z) - penalized * v
        following = v + rate * gradient
        v = (1 - momentum) * following + momentum * w
        w = following
    return w
