"""The guest of a training without an arbiter: columns and labels, and the first word in every round."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import EncodingRangeError
from .columns import Columns
from .shared_party import SharedParty
from .shares import Integers, scaled
from .widths import FEATURE_LIMIT, RESIDUAL_BITS, SCORE_BITS, SharedSettings, Widths

__all__ = ["SharedGuest"]


class SharedGuest(SharedParty):
    """The party with the label.

    Parameters
    ----------
    guest : Guest
        Columns, the intercept's last, and labels.
    secret : SecretContext, optional
    """

    _intercepts = (1, 0)

    def __init__(self, guest: Any, secret: Any = None) -> None:
        super().__init__(guest, secret)
        self.link = guest.link
        self._y = guest._y
        self._squares = 0

    def begin(self, peer: Any, settings: SharedSettings, host_columns: int) -> None:
        """Take part in a run with the host's public context.

        Raises
        ------
        ShapeError, ParameterError, HeadroomError, EncodingRangeError
        """
        largest = float(np.abs(self._y).max())
        if self.link == "identity" and largest > settings.logit_bound:
            raise EncodingRangeError(
                f"labels reach {largest:g} and the declared range of scores is {settings.logit_bound:g}: scale "
                "the label, or use a larger logit_bound="
            )
        capacities = self.public.evaluator.capacity, peer.evaluator.capacity
        self._start(peer, settings, Widths(settings, host_columns, *capacities), host_columns)
        self._squares = 0

    def weights(self) -> bytes:
        """Open a round: the share of the host's weights, encrypted under the own key."""
        share = self._secret.encrypt_integers(self._other, self.widths.weight)
        return self._write("weights", share)

    def scores(self, data: bytes) -> bytes:
        """Form the scores under the host's key, masked; the mask is the own share.

        With a cubic sigmoid, the own share and its powers go along under the own key.
        """
        widths, count = self.widths, self._block().shape[0]
        parts = self._read(data, "products", 3)
        weights = self._tensor(self._peer, parts[0], self.n_columns, widths.weight)
        blinded = self._opened(parts[1], widths.products_packing, widths.product, count)
        packing = widths.scores_packing
        rest = self._tensor(self._peer, parts[2], packing.groups(count), widths.sum_limit)
        mask = widths.score.draw(count)
        terms = packing.product(self._block(), weights, FEATURE_LIMIT)
        total = self._peer.evaluator.add(terms._batch, rest._batch)
        local = blinded + self._times(self._own, widths.weight) + mask
        packed = packing.plus(terms._with(total), local)
        self._state["score"] = -mask
        cubic = self.settings.cubic and self._fresh is None
        return self._write("scores", packed, *(self._powers(-mask) if cubic else ()))

    def _powers(self, share: Integers) -> list[Any]:
        widths, a = self.widths, scaled(share, self.widths.to_cube)
        joined = widths.cubes_packing.join(a**3)
        encrypt = self._secret.encrypt_integers
        return [
            encrypt(a, widths.cubed),
            encrypt(a**2, widths.cubed**2),
            encrypt(joined, widths.cubes_limit),
        ]

    def gradient(self, data: bytes) -> bytes:
        """Form the own gradient under the host's key, masked; and encrypt the own share of the residual."""
        settings, widths = self.settings, self.widths
        parts = self._read(data, "residual", 1 + settings.cubic)
        score, rows = self._taken("score", "gradient"), settings.rows(self.round)
        cube = None
        if settings.cubic:
            cube = self._opened(parts[1], widths.cubes_packing, widths.cube, len(score))
        known = np.rint((settings.sigmoid[0] - self._y[rows]) * 2.0**RESIDUAL_BITS)
        share = self._residual(score, cube) + known.astype(np.int64).astype(object)
        residual = self._tensor(self._peer, parts[0], len(score), widths.residual)
        packed = self._masked_gradient(residual, share, of=1)
        if settings.losses:
            self._squares += int(np.sum(share**2))
        return self._write(
            "gradient", packed, self._secret.encrypt_integers(share, widths.residual)
        )

    def step(self, data: bytes) -> None:
        """Take the share of the host's gradient, and step."""
        (part,) = self._read(data, "step")
        packing, count = self.widths.gradients_packing[0], len(self._other)
        other = self._opened(part, packing, self.widths.gradient, count)
        self._descend(self._taken("gradient", "step"), other)

    def take_loss(self, data: bytes) -> None:
        """Read the loss of the epoch.

        Notes
        -----
        From the squares of residuals: half their mean for the identity; for the first-order sigmoid the Taylor
        series of the loss, 2 d^2 - 1/2 + log 2 (Hardy et al. 2017); for a cubic their mean.
        """
        settings = self.settings
        (part,) = self._read(data, "loss")
        x = self._tensor(self.public, part, 1, self.widths.loss)
        total = self._squares + int(self._secret.decrypt_integers(x)[0])
        self._squares = 0
        mean = math.ldexp(total, -2 * RESIDUAL_BITS) / settings.n_rows
        if not 0 <= mean <= settings.residual_bound**2:
            raise self._beyond()
        if self.link == "identity":
            mean /= 2
        elif not settings.cubic:
            mean = 2 * mean - 0.5 + math.log(2)
        self.history.append(mean)

    def take_scores(self, data: bytes) -> NDArray[np.float64]:
        """Read the scores of new rows, with the host's share of them.

        Raises
        ------
        EncodingRangeError
            A score is outside the declared bound.
        """
        (part,) = self._read(data, "scores opened")
        mask, widths = self._taken("score", "scores opened"), self.widths
        opened = self._opened(part, widths.answers_packing, widths.score, len(mask))
        self._fresh = None
        z = np.array(opened + mask, dtype=np.float64) / 2.0**SCORE_BITS
        bound = self.settings.logit_bound
        outside = np.flatnonzero(np.abs(z) > bound)
        if len(outside):
            raise EncodingRangeError(
                f"{len(outside)} of {len(z)} scores lie outside the declared bound {bound:g}, such as that of "
                f"row {outside[0]}: train with a larger logit_bound, or leave those rows out"
            )
        return z

    def _widened(self, X: Columns) -> Columns:
        return X.with_ones()
