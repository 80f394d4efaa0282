"""A model that is a list of arrays and a function: for NumPy, and whatever else turns into arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import UnsupportedOperationError

__all__ = ["ArrayModel"]

Arrays = list[NDArray[Any]]
Metrics = dict[str, float]
Work = Callable[[Arrays, int], Any]


class ArrayModel:
    """Arrays with a function that trains them, or one that gives their gradient.

    Parameters
    ----------
    arrays : list of ndarray of float32 or float64
        Where training starts: the same at every member.
    n_samples : int
        Rows of this member: its weight.
    train : callable, optional
        Of (arrays, round): the arrays after the member's own steps, or (arrays, metrics).
    gradient : callable, optional
        Of (arrays, round): the mean gradient over the member's rows, or (gradient, metrics).

    Notes
    -----
    Both functions get copies, and should give the same for the same arrays and round: then a run that goes
    on from a checkpoint is the run that was not interrupted.

    Examples
    --------
    >>> import numpy as np
    >>> X, y = np.ones((4, 2)), np.arange(4.0)
    >>> def gradient(arrays, round):
    ...     return [X.T @ (X @ arrays[0] - y) / len(y)]
    >>> model = ArrayModel([np.zeros(2)], n_samples=4, gradient=gradient)
    >>> model.gradient(model.arrays(), 0)
    ([array([-1.5, -1.5])], {})
    """

    def __init__(
        self,
        arrays: Any,
        n_samples: int,
        *,
        train: Work | None = None,
        gradient: Work | None = None,
    ) -> None:
        self.n_samples = n_samples
        self._arrays = [np.array(a) for a in arrays]
        self._train, self._gradient = train, gradient

    def arrays(self) -> Arrays:
        """Return the values last accepted, or those at the start."""
        return [a.copy() for a in self._arrays]

    def train(self, arrays: Arrays, round: int) -> tuple[Arrays, Metrics]:
        """Return the arrays after the member's own steps, and metrics."""
        return self._run(self._train, "train", arrays, round)

    def gradient(self, arrays: Arrays, round: int) -> tuple[Arrays, Metrics]:
        """Return the mean gradient over the member's rows, and metrics."""
        return self._run(self._gradient, "gradient", arrays, round)

    def _run(
        self, work: Work | None, name: str, arrays: Arrays, round: int
    ) -> tuple[Arrays, Metrics]:
        if work is None:
            algorithm = "fedavg" if name == "train" else "fedsgd"
            raise UnsupportedOperationError(
                f"algorithm={algorithm!r} asks the model for {name}: ArrayModel(..., {name}=function)"
            )
        found = work(arrays, round)
        if isinstance(found, tuple) and len(found) == 2 and isinstance(found[1], dict):
            return list(found[0]), found[1]
        return list(found), {}

    def accept(self, arrays: Arrays) -> None:
        """Take the common values."""
        self._arrays = arrays
