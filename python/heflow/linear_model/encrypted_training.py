"""Logistic regression wholly on ciphertexts: Nesterov steps over packed rows (Kim et al. 2018).

The formulas are those of `nesterov`; docs/maths/encrypted-training.md counts the levels.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ParameterError, UnsupportedOperationError
from ..tensor import EncryptedTensor, concatenate
from .nesterov import momenta, step_sizes
from .plan import INTEGER_BITS, EncryptedRows, TrainingPlan

__all__ = ["owner_refresh", "train"]

Refresh = Callable[[EncryptedTensor], EncryptedTensor]
Progress = Callable[[int], None]


def train(
    data: EncryptedRows,
    *,
    learning_rate: float = 10.0,
    l2: float = 0.0,
    refresh: Refresh | None = None,
    progress: Progress | None = None,
) -> EncryptedTensor:
    """Run the plan's Nesterov steps and return the encrypted weights, intercept first.

    Parameters
    ----------
    data : EncryptedRows
        From ``plan.encrypt``; the public context needs the plan's rotation keys.
    learning_rate, l2 : float
        As in `nesterov`.
    refresh : callable, optional
        Given an encrypted tensor, returns a fresh encryption of it: a message to the owner of the key and
        back, who sees the weights on the way. Needed where the plan has ``refresh_every``.
    progress : callable, optional
        Called with the number of steps done.

    Returns
    -------
    EncryptedTensor of shape (n_features + 1,)

    Raises
    ------
    ParameterError
        The plan refreshes and `refresh` is not given.
    UnsupportedOperationError
        The scheme does not multiply ciphertexts, or a rotation key is missing.
    """
    plan, Z = data.plan, data.rows
    if not hasattr(Z.public.evaluator, "add_rotations"):
        raise UnsupportedOperationError(
            f"training on ciphertexts multiplies and rotates them, which {Z.public.scheme} does not do: make "
            "the key with the plan's parameters"
        )
    if plan.depth < 1 or (_refreshes(plan) and refresh is None):
        raise ParameterError(
            f"the plan refreshes every {plan.refresh_every} steps: give refresh=, a function that sends an "
            "encrypted tensor to the key's owner and returns a fresh encryption"
        )
    return _Run(plan, Z, learning_rate, l2).steps(refresh, progress)


def owner_refresh(secret: Any) -> Refresh:
    """Return a `refresh` for `train` by the owner of the key: decrypt, and encrypt again.

    What lies below 2^-32 is noise, and dropped.
    """
    return lambda x: secret.encrypt(np.rint(secret.decrypt(x) * 2.0**32) / 2.0**32)


def _refreshes(plan: TrainingPlan) -> bool:
    return plan.refresh_every is not None and plan.refresh_every < plan.steps


class _Run:
    """One training run; the tensors v and d have the shape (1, slots) and repeat in every row."""

    def __init__(self, plan: TrainingPlan, Z: EncryptedTensor, rate: float, l2: float) -> None:
        self._plan, self._Z = plan, Z
        self._rates = [r / plan.n_samples for r in step_sizes(plan.steps, rate)]
        self._momenta = momenta(plan.steps)
        self._decay = [
            1 - r * l2 * self._penalized() if l2 else 1.0 for r in step_sizes(plan.steps, rate)
        ]
        # The polynomial in s = logit / bound, and the bound that turns packed rows into rows.
        self._odd = [c * plan.logit_bound**k for k, c in enumerate(plan.sigmoid.coefficients)][1::2]
        self._constant = plan.sigmoid.coefficients[0]

    def _penalized(self) -> NDArray[np.float64]:
        """Return ones for every weight but the intercept."""
        row = np.ones(self._plan.width)
        row[0] = 0.0
        return np.tile(row, self._plan.rows)[None, :]

    def steps(self, refresh: Refresh | None, progress: Progress | None) -> EncryptedTensor:
        plan, last = self._plan, self._plan.steps - 1
        rows = self._over_rows(self._Z)  # with it the first step, from zero, is one product
        first = self._scale(0) * self._constant
        weights, v = rows * first, rows * (first * (1 - self._momenta[0]))
        for t in range(1, plan.steps):
            if progress:
                progress(t)
            if refresh is not None and _refreshes(plan) and t % (plan.refresh_every or 1) == 0:
                v, weights = refresh(v), refresh(weights)
            e = self._momenta[t] if t < last else 0.0
            # d carries 1 - e, so that the next v is a sum: products with d come a step later.
            scale = (1 - e) * self._scale(t)
            d = self._kept(self._gradient(v, scale) + rows * (scale * self._constant))
            following = self._kept(v * ((1 - e) * self._decay[t]) + d)
            if t == last:
                weights = following
                break
            following = self._kept(following + weights * e)
            weights = self._kept(v * self._decay[t] + d * (1 / (1 - e)))
            v = following
        if progress:
            progress(plan.steps)
        result: EncryptedTensor = weights.reshape(-1)[: plan.n_features + 1]
        return result

    def _scale(self, t: int) -> float:
        """Return rate times bound: the factor of sums of packed rows in the weights."""
        return self._rates[t] * self._plan.logit_bound

    def _gradient(self, v: EncryptedTensor, scale: float) -> EncryptedTensor:
        """Return -scale * sum_i p(s_i) z_i for the odd part p of the sigmoid: 2 to 4 levels."""
        plan, odd = self._plan, self._odd
        s = self._within_rows(self._Z * concatenate([v] * plan.n_ciphertexts))
        a = s * (self._Z * (-scale * odd[-1]))
        monic = [c / odd[-1] for c in odd[:-1]]
        if not monic:
            return self._over_rows(a)
        u = s * s
        if len(monic) == 1:
            return self._over_rows(a * self._kept(u + monic[0]))
        if len(monic) == 3:  # u^3 + .. = (u - root)(u^2 + ..)
            root = _real_root(monic)
            a = a * self._kept(u - root)
            second = monic[2] + root
            monic = [monic[1] + root * second, second]
        half = monic[1] / 2
        square = self._kept(u + half)
        return self._over_rows(a * self._kept(square * square + (monic[0] - half * half)))

    def _kept(self, x: EncryptedTensor) -> EncryptedTensor:
        """Declare what the plan declares: everything stays in the range of its parameters."""
        return x.within(2.0**INTEGER_BITS)

    def _within_rows(self, x: EncryptedTensor) -> EncryptedTensor:
        """Add up the columns of every row, into all its columns."""
        return reduce(lambda x, group: x.add_rotations(group), self._plan.within_row, x)

    def _over_rows(self, x: EncryptedTensor) -> EncryptedTensor:
        """Add up all rows of all ciphertexts, into every row."""
        total = self._kept(x.sum(axis=0, keepdims=True))
        return reduce(lambda x, group: x.add_rotations(group), self._plan.across_rows, total)


def _real_root(monic: list[float]) -> float:
    """Return a real root of u^3 + monic[2] u^2 + monic[1] u + monic[0]."""
    roots = np.roots([1.0, monic[2], monic[1], monic[0]])
    return float(roots[np.argmin(np.abs(roots.imag))].real)
