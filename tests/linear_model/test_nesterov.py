"""The plain emulation against a step-by-step version, and against the exact gradient."""

import math

import numpy as np
import pytest
from heflow.errors import ParameterError, ShapeError
from heflow.linear_model.nesterov import nesterov, signed_rows
from heflow.linear_model.sigmoid import G5, logistic


def rows(n=40, d=3, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (n, d))
    y = np.where(X @ rng.normal(size=d) + rng.normal(size=n) > 0, 1, -1)
    return X, y


def by_hand(Z, steps, sigmoid):
    """The published recurrence, sample by sample."""
    n, d = Z.shape
    w, v, a = [0.0] * d, [0.0] * d, 0.01
    for t in range(1, steps + 1):
        g = [0.0] * d
        for z in Z:
            s = float(sigmoid(-sum(z[k] * v[k] for k in range(d))))
            g = [g[k] + s * z[k] / n for k in range(d)]
        after = (1 + math.sqrt(1 + 4 * a * a)) / 2
        eta = (1 - a) / after
        following = [v[k] + 10 / (t + 1) * g[k] for k in range(d)]
        v = [(1 - eta) * following[k] + eta * w[k] for k in range(d)]
        w, a = following, after
    return w


@pytest.mark.parametrize("sigmoid", [G5, logistic])
@pytest.mark.parametrize("steps", [1, 2, 7])
def test_the_recurrence(sigmoid, steps):
    Z = signed_rows(*rows())
    assert nesterov(Z, steps, sigmoid) == pytest.approx(by_hand(Z, steps, sigmoid), abs=1e-10)


def test_the_penalty_spares_the_intercept():
    Z = signed_rows(*rows())
    free, held = nesterov(Z, 30, logistic), nesterov(Z, 30, logistic, l2=0.5)
    assert np.abs(held[1:]).sum() < 0.7 * np.abs(free[1:]).sum()
    one = np.column_stack([Z[:, 0]])
    assert nesterov(one, 5, logistic) == pytest.approx(nesterov(one, 5, logistic, l2=3.0))


def test_bad_input():
    X, y = rows()
    with pytest.raises(ParameterError, match="-1 and 1"):
        signed_rows(X, (y + 1) // 2)
    with pytest.raises(ShapeError):
        signed_rows(X, y[1:])
    with pytest.raises(ParameterError, match="steps"):
        nesterov(signed_rows(X, y), 0, G5)
    with pytest.raises(ShapeError):
        nesterov(np.zeros((0, 3)), 2, G5)
