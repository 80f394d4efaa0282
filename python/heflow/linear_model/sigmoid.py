"""Polynomials in the place of the logistic function, each with the interval on which it is meant."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ParameterError
from ..whole import is_whole

__all__ = [
    "C3",
    "G3",
    "G5",
    "G7",
    "TAYLOR1",
    "PolynomialSigmoid",
    "least_squares",
    "logistic",
    "resolve",
]

LINEAR_ERROR_SPAN = 4.0  # 0.5 + z/4 stays inside -0.5 .. 1.5 there
GRID = 20001
Reals = NDArray[np.float64]


def logistic(z: Any) -> Reals:
    """Return 1 / (1 + exp(-z)), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * np.asarray(z, dtype=np.float64))))


@dataclass(frozen=True)
class PolynomialSigmoid:
    """A polynomial c0 + c1 z + c2 z**2 + ... that stands for the logistic function.

    Parameters
    ----------
    name : str
    coefficients : tuple of float
        In z itself, from the constant up.
    bound : float
        It is meant for logits in -bound .. bound. Beyond, polynomials of degree 3 and more run away.
    """

    name: str
    coefficients: tuple[float, ...]
    bound: float

    def __post_init__(self) -> None:
        if len(self.coefficients) < 2 or not all(map(math.isfinite, self.coefficients)):
            raise ParameterError(
                f"coefficients={self.coefficients!r}: finite numbers [c0, c1, ...] of degree 1 or more "
                "are needed"
            )
        _require_bound(self.bound)

    @property
    def degree(self) -> int:
        """Degree of the polynomial."""
        return len(self.coefficients) - 1

    @property
    def interval(self) -> tuple[float, float]:
        """The logits it is meant for."""
        return -self.bound, self.bound

    @property
    def max_error(self) -> float:
        """Largest distance to the logistic function on the interval, on a grid of 20,001 points."""
        z = np.linspace(-self.bound, self.bound, GRID)
        return float(np.abs(self(z) - logistic(z)).max())

    def largest(self, bound: float) -> float:
        """Return the largest size of a value for logits in -bound .. bound, rounded up."""
        return float(np.abs(self(np.linspace(-bound, bound, GRID))).max()) * (1 + 1e-6)

    def __call__(self, z: Any) -> Reals:
        """Evaluate at plain numbers (Horner)."""
        z = np.asarray(z, dtype=np.float64)
        result = np.full(z.shape, self.coefficients[-1])
        for c in self.coefficients[-2::-1]:
            result = result * z + c
        return result

    def require_bound(self, logit_bound: float | None) -> None:
        """Refuse degree 3 and more unless the logits are declared to stay in the interval.

        Raises
        ------
        ParameterError
            No bound is declared, or it exceeds the interval.
        """
        if logit_bound is not None:
            _require_bound(logit_bound)
        if self.degree < 3:
            return
        if logit_bound is None:
            raise ParameterError(
                f"sigmoid {self.name} of degree {self.degree} without a bound on the logit: outside "
                f"-{self.bound:g} .. {self.bound:g} it runs away and training diverges, as it does on "
                f"standardised columns; declare logit_bound (at most {self.bound:g}) and scale or clip the "
                "columns so that it holds, or use sigmoid='taylor1'"
            )
        if logit_bound > self.bound:
            raise ParameterError(
                f"logit_bound={logit_bound:g} exceeds the interval of sigmoid {self.name}, "
                f"-{self.bound:g} .. {self.bound:g}: use least_squares({self.degree}, {logit_bound:g})"
            )


def _require_bound(bound: Any) -> float:
    number = isinstance(bound, (int, float)) and not isinstance(bound, bool)
    if not number or not (math.isfinite(bound) and bound > 0):
        raise ParameterError(f"bound={bound!r}: a positive finite number is needed")
    return float(bound)


def _published(name: str, *odd: float) -> PolynomialSigmoid:
    """Rewrite a polynomial in z/8, given by its odd coefficients, as one in z."""
    coefficients = [0.5]
    for k, c in enumerate(odd):
        power = 2 * k + 1
        coefficients += [c / 8**power] if k == 0 else [0.0, c / 8**power]
    return PolynomialSigmoid(name, tuple(coefficients), 8.0)


# Kim, Song, Wang, Xia, Jiang, JMIR Medical Informatics 2018, as printed there in z/8. The last
# coefficient of g5 is not that of the least-squares fit (1.38380); the printed one is kept.
G3 = _published("g3", 1.20096, -0.81562)
G5 = _published("g5", 1.53048, -2.3533056, 1.3511295)
G7 = _published("g7", 1.73496, -4.19407, 5.43402, -2.50739)
# The cubic of Chen et al., KDD 2021 (CAESAR), close to that of least squares on -5 .. 5.
C3 = PolynomialSigmoid("c3", (0.5, 0.197, 0.0, -0.004), 5.0)
TAYLOR1 = PolynomialSigmoid("taylor1", (0.5, 0.25), LINEAR_ERROR_SPAN)
_NAMED = {s.name: s for s in (C3, G3, G5, G7, TAYLOR1)}


def least_squares(degree: int, bound: float) -> PolynomialSigmoid:
    """Fit the logistic function on -bound .. bound, in the sense of the integral of squares.

    Parameters
    ----------
    degree : int
        Odd, from 1 to 15: even terms of the fit are zero.
    bound : float

    Raises
    ------
    ParameterError
    """
    if not is_whole(degree) or not 1 <= degree <= 15 or degree % 2 == 0:
        raise ParameterError(f"degree={degree!r}: an odd number from 1 to 15 is needed")
    bound = _require_bound(bound)
    # Legendre polynomials are orthogonal: each term of the fit is one integral, by Gauss quadrature.
    nodes, weights = np.polynomial.legendre.leggauss(400)
    values = logistic(bound * nodes) - 0.5
    terms = np.zeros(degree + 1)
    for k in range(1, degree + 1, 2):
        basis = np.polynomial.legendre.Legendre.basis(k)(nodes)
        terms[k] = (2 * k + 1) / 2 * np.sum(weights * values * basis)
    powers = np.polynomial.legendre.leg2poly(terms)
    powers[0] = 0.5
    powers[2::2] = 0.0
    coefficients = tuple(float(c) / bound**k for k, c in enumerate(powers))
    return PolynomialSigmoid(f"ls{degree}-{bound:g}", coefficients, bound)


def resolve(sigmoid: Any) -> PolynomialSigmoid | None:
    """Return the polynomial of a name or object; None for the logistic function itself.

    Raises
    ------
    ParameterError
    """
    if sigmoid is None or sigmoid == "logistic":
        return None
    if isinstance(sigmoid, PolynomialSigmoid):
        return sigmoid
    if isinstance(sigmoid, str) and sigmoid in _NAMED:
        return _NAMED[sigmoid]
    raise ParameterError(
        f"sigmoid={sigmoid!r}: 'logistic', {', '.join(map(repr, _NAMED))} or a PolynomialSigmoid such as "
        "least_squares(5, 8) is needed"
    )
