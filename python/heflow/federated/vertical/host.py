"""A host: columns, no label."""

from __future__ import annotations

from typing import Any

import numpy as np

from .messages import Settings, tensor
from .party import SCORE_BITS, Party, Reals, features

__all__ = ["Host"]


class Host(Party):
    """A party with columns and no label.

    Parameters
    ----------
    X : array_like or sparse matrix, shape (n_rows, n_columns)
        Rows in the order of the guest's (`heflow.federated.alignment`); columns standardised and clipped.
    name : str
    """

    def __init__(self, X: Any, name: str = "host") -> None:
        super().__init__(X, name)

    @property
    def coef_(self) -> Reals:
        """Weights of the own columns."""
        return np.array(self._weights)

    def begin(self, public: Any, settings: Settings) -> None:
        """Take part in a run; refused where one gradient would tell the residuals of a batch."""
        super().begin(public, settings)

    def scores(self) -> bytes:
        """Return the encrypted share of the residual, and of the loss, for this round."""
        settings = self.settings
        share = self._score()
        bound = settings.slope * settings.logit_bound
        encrypted = self._public.encrypt(share, scale_bits=SCORE_BITS, bound=bound)
        size = np.sum((share / settings.slope) ** 2)
        square = self._public.encrypt(
            size, scale_bits=SCORE_BITS, bound=settings.batch_size * settings.logit_bound**2
        )
        return self._message("scores", encrypted.to_bytes(), square.to_bytes())

    def gradient(self, data: bytes) -> bytes:
        """Turn the guest's encrypted residual into an encrypted, masked gradient for the arbiter."""
        sender, parts = self._read(data, "residual")
        rows = self.settings.rows(self.round)
        return self._masked_gradient(
            tensor(self._public, parts[0], (rows.stop - rows.start,), sender)
        )

    def partial_scores(self, X: Any) -> Reals:
        """Return the own share of the scores of new rows."""
        return np.asarray(features(X, self.name) @ self._weights)
