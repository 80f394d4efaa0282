"""Polynomial sigmoids: published coefficients, fits, and the refusal without a bound."""

import numpy as np
import pytest
from heflow.errors import ParameterError
from heflow.linear_model.sigmoid import (
    G3,
    G5,
    G7,
    TAYLOR1,
    PolynomialSigmoid,
    least_squares,
    logistic,
    resolve,
)

PRINTED = {
    G3: (1.20096, -0.81562),
    G5: (1.53048, -2.3533056, 1.3511295),
    G7: (1.73496, -4.19407, 5.43402, -2.50739),
}


@pytest.mark.parametrize("sigmoid", PRINTED, ids=lambda s: s.name)
def test_published_at_the_ends(sigmoid):
    """At z = 8 every power of z/8 is 1: the printed coefficients add up."""
    assert sigmoid(8.0) == pytest.approx(0.5 + sum(PRINTED[sigmoid]), abs=1e-12)
    assert sigmoid(-8.0) == pytest.approx(0.5 - sum(PRINTED[sigmoid]), abs=1e-12)
    s = 0.37
    inside = 0.5 + sum(c * s ** (2 * k + 1) for k, c in enumerate(PRINTED[sigmoid]))
    assert sigmoid(8 * s) == pytest.approx(inside, abs=1e-12)


@pytest.mark.parametrize(
    ("degree", "bound", "odd", "error"),
    [
        (3, 5, (0.198331, -0.00447353), 0.061),
        (1, 8, (0.0889485,), 0.212),
        (5, 8, (0.191305, -0.00459605, 4.22302e-5), 0.061),
        (7, 12, (0.177901, -0.00369770, 3.66635e-5, -1.23749e-7), 0.066),
    ],
)
def test_least_squares(degree, bound, odd, error):
    fit = least_squares(degree, bound)
    assert fit.coefficients[1::2] == pytest.approx(odd, rel=1e-5)
    assert fit.coefficients[0::2] == (0.5,) + (0.0,) * (degree // 2)
    assert fit.max_error == pytest.approx(error, abs=6e-4)
    assert fit.interval == (-bound, bound)


def test_least_squares_is_the_best():
    fit, z = least_squares(5, 8), np.linspace(-8, 8, 4001)
    best = np.mean((fit(z) - logistic(z)) ** 2)
    for k in (1, 3, 5):
        for change in (-1e-3, 1e-3):
            c = list(fit.coefficients)
            c[k] *= 1 + change
            other = PolynomialSigmoid("other", tuple(c), 8.0)
            assert np.mean((other(z) - logistic(z)) ** 2) > best


def test_a_cubic_needs_a_bound():
    with pytest.raises(ParameterError, match="diverges"):
        G3.require_bound(None)
    with pytest.raises(ParameterError, match="exceeds"):
        G3.require_bound(12.0)
    G3.require_bound(8.0)
    TAYLOR1.require_bound(None)


@pytest.mark.parametrize("bad", ["g4", 3, ["g3"]])
def test_unknown_names(bad):
    with pytest.raises(ParameterError, match="sigmoid="):
        resolve(bad)


@pytest.mark.parametrize(("degree", "bound"), [(2, 8), (0, 8), (True, 8), (3, 0), (3, np.inf)])
def test_impossible_fits(degree, bound):
    with pytest.raises(ParameterError):
        least_squares(degree, bound)


def test_frozen_and_named():
    assert resolve("g5") is G5 and resolve("logistic") is None and resolve(G7) is G7
    with pytest.raises(AttributeError):
        G5.bound = 9.0
