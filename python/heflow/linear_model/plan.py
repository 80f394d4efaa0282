"""What training on ciphertexts needs, worked out before any key is made: packing, depth, parameters, rotations.

The one file of `linear_model` that names a scheme: its parameters are chosen here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ckks.parameters import Parameters
from ..encoding import as_reals
from ..errors import EncodingRangeError, ParameterError, ShapeError
from ..tensor import EncryptedTensor
from ..threads import num_threads
from ..whole import is_whole
from .nesterov import signed_rows
from .sigmoid import PolynomialSigmoid

__all__ = ["EncryptedRows", "TrainingPlan"]

STEP_LEVELS = {1: 2, 3: 3, 5: 4, 7: 4}  # docs/maths/encrypted-training.md
STEP_PRODUCTS = {1: 2, 3: 4, 5: 5, 7: 6}  # of ciphertexts, for each of the training rows
SECONDS_A_BUTTERFLY = 5.5e-10  # of a transform and what goes with it, one thread, AVX-512
INTEGER_BITS = 20
SPARE_LEVELS = 1  # the result may leave without what lies beside it
ADVICE = "use fewer steps, refresh_every=, or a polynomial of lower degree"


@dataclass(frozen=True)
class EncryptedRows:
    """Training rows in slots, scaled by the bound on the logit, and where they came from.

    Attributes
    ----------
    rows : EncryptedTensor of shape (n_ciphertexts, slots)
    plan : TrainingPlan
    """

    rows: EncryptedTensor
    plan: TrainingPlan


@dataclass(frozen=True)
class TrainingPlan:
    """Packing and parameters of Nesterov steps on ciphertexts.

    Attributes
    ----------
    n_samples, n_features : int
    steps : int
    sigmoid : PolynomialSigmoid
    logit_bound : float
        Rows are divided by it, so that polynomials meet numbers below 1.
    refresh_every : int or None
        Steps between refreshes by the owner of the key; None: no decryption between steps.
    parameters : Parameters
    """

    n_samples: int
    n_features: int
    steps: int
    sigmoid: PolynomialSigmoid
    logit_bound: float
    refresh_every: int | None
    parameters: Parameters

    @classmethod
    def make(
        cls,
        n_samples: int,
        n_features: int,
        *,
        steps: int,
        sigmoid: PolynomialSigmoid,
        logit_bound: float,
        refresh_every: int | None = None,
        parameters: Parameters | None = None,
    ) -> TrainingPlan:
        """Choose the smallest parameters with the depth that the steps need.

        Raises
        ------
        ParameterError
            The polynomial is of another degree than 1, 3, 5 or 7, has even terms, or the depth does not
            exist; given parameters have less depth than the steps need.
        """
        for name, value in (("n_samples", n_samples), ("n_features", n_features), ("steps", steps)):
            if not is_whole(value) or value < 1:
                raise ParameterError(f"{name}={value!r}: a whole number from 1 on is needed")
        if refresh_every is not None and not refresh_every >= 1:
            raise ParameterError(f"refresh_every={refresh_every!r}: one step or more is needed")
        c = sigmoid.coefficients
        if sigmoid.degree not in STEP_LEVELS or any(c[2::2]) or not all(c[1::2]):
            raise ParameterError(
                f"sigmoid {sigmoid.name} of degree {sigmoid.degree}: a constant and odd terms up "
                "to 1, 3, 5 or 7 "
                "are needed"
            )
        sigmoid.require_bound(logit_bound)
        depth = levels(steps, sigmoid, refresh_every)
        if parameters is None:
            try:
                parameters = Parameters.for_depth(depth, integer_bits=INTEGER_BITS)
            except ParameterError as error:
                raise ParameterError(f"{steps} steps take {depth} levels: {ADVICE}") from error
        elif parameters.depth < depth:
            raise ParameterError(
                f"{steps} steps take {depth} levels and the parameters have {parameters.depth}: {ADVICE}"
            )
        plan = cls(n_samples, n_features, steps, sigmoid, logit_bound, refresh_every, parameters)
        if plan.width > parameters.slots:
            raise ParameterError(
                f"{n_features} columns need {plan.width} slots a row and there are {parameters.slots}"
            )
        return plan

    # Packing: row i of Z lies in slots i width .. i width + columns - 1, zeros follow.

    @property
    def columns(self) -> int:
        """Columns of a packed row: the features and a one, up to a power of two."""
        return 1 << self.n_features.bit_length()

    @property
    def width(self) -> int:
        """Slots of a row: as many zeros as columns follow, so that sums within a row need no mask."""
        return 2 * self.columns

    @property
    def rows(self) -> int:
        """Rows in a ciphertext."""
        return self.parameters.slots // self.width

    @property
    def n_ciphertexts(self) -> int:
        """Ciphertexts of the training rows."""
        return -(-self.n_samples // self.rows)

    @property
    def depth(self) -> int:
        """Levels that the steps use."""
        return levels(self.steps, self.sigmoid, self.refresh_every)

    @property
    def within_row(self) -> list[list[int]]:
        """Rotations that add up the columns of each row, those of one group at once."""
        return [[-self.columns], *_groups(1, self.columns)]

    @property
    def across_rows(self) -> list[list[int]]:
        """Rotations that add up all rows of a ciphertext."""
        return _groups(self.width, self.rows)

    @property
    def rotations(self) -> list[int]:
        """Steps of all rotation keys: hand them to ``secret.public_for(rotations=plan.rotations)``."""
        return sorted({k for group in self.within_row + self.across_rows for k in group})

    def seconds(self, threads: int | None = None) -> float:
        """Return the seconds of training to expect, about: within a factor of two on a CPU with AVX-512.

        Parameters
        ----------
        threads : int, optional
            Of the machine that trains; those of this process by default.

        Notes
        -----
        Nearly all time goes to key switches: those of products and rotations of every ciphertext, and of
        sums over rows. One takes (digits + 1) transforms of all primes, special ones included.
        """
        p, each = self.parameters, self._digit_primes
        across = _switches(self.across_rows)
        one = self.n_ciphertexts * (STEP_PRODUCTS[self.sigmoid.degree] + _switches(self.within_row))
        transforms = 0.0
        for t in range(self.steps):
            primes = (
                len(p.prime_bits) - self._levels_before(t) - STEP_LEVELS[self.sigmoid.degree] / 2
            )
            switches = across + (one if t else 0)
            transforms += switches * (math.ceil(primes / each) + 1) * (primes + len(p.special_bits))
        butterflies = transforms * p.ring_degree * math.log2(p.ring_degree)
        return SECONDS_A_BUTTERFLY * butterflies / (threads or num_threads())

    def _levels_before(self, step: int) -> int:
        """Return the levels that are spent when a step begins."""
        each = STEP_LEVELS[self.sigmoid.degree]
        if self.refresh_every is not None:
            return (step % self.refresh_every) * each
        return 1 + (step - 1) * each if step else 0

    @property
    def _digit_primes(self) -> int:
        """Primes to a digit of a key switch."""
        p = self.parameters
        return max(len(p.prime_bits) * sum(p.special_bits) // sum(p.prime_bits), 1)

    def data_bytes(self) -> int:
        """Return the memory of the encrypted training rows, in bytes."""
        p = self.parameters
        return self.n_ciphertexts * 16 * len(p.prime_bits) * p.ring_degree

    def key_bytes(self) -> int:
        """Return the memory of all evaluation keys, about, in bytes."""
        data, special = len(self.parameters.prime_bits), len(self.parameters.special_bits)
        digits = -(-data // self._digit_primes)
        one = 16 * digits * (data + special) * self.parameters.ring_degree
        return (len(self.rotations) + 1) * one

    def describe(self) -> str:
        """Return the plan in words."""
        refresh = (
            f", refreshed every {self.refresh_every}"
            if self.refresh_every
            else ", no decryption between"
        )
        return (
            f"{self.steps} steps with {self.sigmoid.name}{refresh}: {self.depth} levels\n"
            f"{self.n_samples} x {self.n_features} in {self.n_ciphertexts} ciphertexts of {self.rows} rows, "
            f"{self.data_bytes() / 2**20:.0f} MiB\n"
            f"{len(self.rotations)} rotation keys, {self.key_bytes() / 2**30:.1f} GiB with the others\n"
            f"about {self.seconds():.2g} seconds on {num_threads()} thread(s)\n"
            + self.parameters.describe()
        )

    def encrypt(self, context: Any, X: Any, y: Any) -> EncryptedRows:
        """Pack and encrypt training rows, with a public or a secret context.

        Parameters
        ----------
        context : PublicContext or SecretContext
        X : array_like, shape (n_samples, n_features)
            Columns scaled to -1 .. 1: divide each by its largest size.
        y : array_like of -1 and 1, shape (n_samples,)

        Returns
        -------
        EncryptedRows

        Raises
        ------
        ShapeError, ParameterError, EncodingRangeError
        """
        X = as_reals(X, "X")
        if X.shape != (self.n_samples, self.n_features):
            raise ShapeError(
                f"X has the shape {X.shape} and the plan is for {(self.n_samples, self.n_features)}"
            )
        if not np.isfinite(X).all() or np.abs(X).max() > 1:
            raise EncodingRangeError(
                "columns of X beyond -1 .. 1, or missing values: fill in, and divide each "
                "column by its largest size"
            )
        return EncryptedRows(context.encrypt(self.pack(signed_rows(X, y))), self)

    def pack(self, Z: NDArray[np.float64]) -> NDArray[np.float64]:
        """Lay signed rows out in slots, divided by the bound on the logit."""
        table = np.zeros((self.n_ciphertexts * self.rows, self.width))
        table[: self.n_samples, : self.n_features + 1] = Z / self.logit_bound
        return table.reshape(self.n_ciphertexts, self.parameters.slots)


def levels(steps: int, sigmoid: PolynomialSigmoid, refresh_every: int | None) -> int:
    """Return the levels of a run: one for the first step, whose start is zero."""
    each = STEP_LEVELS[sigmoid.degree]
    if refresh_every is None or refresh_every >= steps:
        return 1 + each * (steps - 1) + SPARE_LEVELS
    return each * refresh_every + SPARE_LEVELS


def _switches(groups: list[list[int]]) -> float:
    """Return key switches that rotations cost: those of a group share most of the work."""
    return sum(0.6 + 0.4 * len(group) for group in groups)


def _groups(unit: int, count: int) -> list[list[int]]:
    """Return rotations that add up `count` (a power of two) terms `unit` apart: four at once."""
    groups, span = [], 1
    while span < count:
        radix = 4 if count // span >= 4 else 2
        groups.append([unit * span * k for k in range(1, radix)])
        span *= radix
    return groups
