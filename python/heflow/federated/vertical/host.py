"""A host: columns, no label."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import encoding
from .columns import FEATURE_BITS, Columns
from .messages import Settings, tensor
from .party import SCORE_BITS, Party, Reals
from .shared_host import SharedHost

__all__ = ["Host"]


class Host(Party):
    """A party with columns and no label.

    Parameters
    ----------
    X : array_like or sparse matrix, shape (n_rows, n_columns)
        Rows in the order of the guest's (`heflow.federated.alignment`); columns standardised and clipped.
    name : str
    secret : SecretContext, optional
        A key of its own, for training without an arbiter; one of 2048 bits is made when it is needed.
    """

    def __init__(self, X: Any, name: str = "host", *, secret: Any = None) -> None:
        super().__init__(X, name, secret)

    @property
    def coef_(self) -> Reals:
        """Weights of the own columns."""
        return self._known_weights()

    def begin(self, public: Any, settings: Settings) -> None:
        """Take part in a run; refused where one gradient would tell the residuals of a batch."""
        super().begin(public, settings)

    def without_arbiter(self) -> SharedHost:
        """Return the steps of a training without an arbiter over the same columns."""
        if self._shared is None:
            self._shared = SharedHost(self, self._secret)
        return self._shared  # type: ignore[no-any-return]

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

    def cross(self, data: bytes) -> bytes:
        """Multiply the own shares with the encrypted sum of other hosts' shares: part of the loss.

        The squares of a score that several hosts share hold products of two of them.
        """
        sender, parts = self._read(data, "shares")
        settings, rows = self.settings, self.settings.rows(self.round)
        shares = tensor(self._public, parts[0], (rows.stop - rows.start,), sender)
        own = encoding.plain(
            2 * settings.curvature * self._score() / settings.slope**2,
            scale_bits=FEATURE_BITS,
            bound=8 * (settings.logit_bound + 1),
        )
        return self._message("cross", (own @ shares).to_bytes())

    def gradient(self, data: bytes) -> bytes:
        """Turn the guest's encrypted residual into an encrypted, masked gradient for the arbiter."""
        sender, parts = self._read(data, "residual")
        rows = self.settings.rows(self.round)
        return self._masked_gradient(
            tensor(self._public, parts[0], (rows.stop - rows.start,), sender)
        )

    def encrypted_scores(self, X: Any) -> bytes:
        """Return the encrypted share of the scores of new rows, for the guest to add up."""
        share = self.partial_scores(X)
        bound = self.settings.logit_bound
        encrypted = self._public.encrypt(share, scale_bits=SCORE_BITS, bound=bound)
        return self._message("new scores", encrypted.to_bytes())

    def partial_scores(self, X: Any) -> Reals:
        """Return the own share of the scores of new rows."""
        return Columns(X, self.name).scores(self._known_weights())
