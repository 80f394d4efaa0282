"""The guest: columns and the label. It forms the encrypted residual."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import encoding
from ...errors import EncodingRangeError, FormatError, ParameterError, ShapeError
from ...tensor import EncryptedTensor
from .columns import FEATURE_BITS, Columns
from .messages import Settings, from_integers, tensor
from .party import SCORE_BITS, Party, Reals
from .shared_guest import SharedGuest

__all__ = ["Guest"]


class Guest(Party):
    """The party with the label.

    Parameters
    ----------
    X : array_like or sparse matrix, shape (n_rows, n_columns)
    y : array_like, shape (n_rows,)
        0 and 1, or -1 and 1, for the logit link; numbers for the identity.
    link : {"logit", "identity"}
    name : str
    secret : SecretContext, optional
        A key of its own, for training without an arbiter; one of 2048 bits is made when it is needed.
    """

    _reach = 2.0

    def __init__(
        self, X: Any, y: Any, link: str = "logit", name: str = "guest", *, secret: Any = None
    ) -> None:
        super().__init__(X, name, secret)
        if link not in ("logit", "identity"):
            raise ParameterError(f"link={link!r}: 'logit' or 'identity' is needed")
        self.link = link
        self._y = _labels(y, link, self.n_rows)
        self._X = self._X.with_ones()  # the last weight is the intercept
        self._weights = np.zeros(self._X.shape[1])
        self._residual: EncryptedTensor | None = None
        self._shares: list[EncryptedTensor] = []
        self._squares: list[EncryptedTensor] = []
        self._crosses: list[EncryptedTensor] = []
        self.history: list[float] = []
        self._losses: list[float] = []

    @property
    def coef_(self) -> Reals:
        """Weights of the own columns."""
        return self._known_weights()[:-1]

    @property
    def intercept_(self) -> float:
        """The intercept."""
        return float(self._known_weights()[-1])

    def begin(self, public: Any, settings: Settings) -> None:
        """Take part in a run, from zero weights."""
        largest = float(np.abs(self._y).max())
        if settings.link == "identity" and largest > settings.logit_bound:
            raise EncodingRangeError(
                f"labels reach {largest:g} and the declared range of scores is "
                f"{settings.logit_bound:g}: scale the "
                "label, or use a larger logit_bound="
            )
        super().begin(public, settings)
        self.history, self._losses = [], []

    def without_arbiter(self) -> SharedGuest:
        """Return the steps of a training without an arbiter over the same columns."""
        if self._shared is None:
            self._shared = SharedGuest(self, self._secret)
        return self._shared  # type: ignore[no-any-return]

    def residual(self, messages: list[bytes]) -> bytes:
        """Add the hosts' shares, the own and the label: the encrypted residual of this round, for all hosts."""
        rows = self.settings.rows(self.round)
        count = rows.stop - rows.start
        self._shares, self._squares, self._crosses = [], [], []
        for message in messages:
            sender, parts = self._read(message, "scores")
            self._shares.append(tensor(self._public, parts[0], (count,), sender))
            self._squares.append(tensor(self._public, parts[1], (), sender))
        total = sum(self._shares[1:], start=self._shares[0])
        center = 0.5 if self.link == "logit" else 0.0
        bound = 2 * self.settings.slope * self.settings.logit_bound + 1
        own = self._score() + center - self._y[rows]
        self._residual = total + encoding.plain(own, scale_bits=total.scale_bits, bound=bound)
        return self._message("residual", self._residual.to_bytes())

    def gradient(self) -> bytes:
        """Return the own encrypted, masked gradient for the arbiter."""
        if self._residual is None:
            raise ParameterError("the residual of this round has not been formed")
        return self._masked_gradient(self._residual)

    def shares_before(self, host: int) -> bytes:
        """Return the encrypted sum of the shares of the hosts before this one, for its `cross`."""
        before = sum(self._shares[1:host], start=self._shares[0])
        return self._message("shares", before.to_bytes())

    def take_cross(self, data: bytes) -> None:
        """Note a host's products with the shares of the hosts before it."""
        sender, parts = self._read(data, "cross")
        self._crosses.append(tensor(self._public, parts[0], (), sender))

    def loss(self) -> bytes:
        """Return the encrypted loss of this batch for the arbiter, which will see it.

        Raises
        ------
        FormatError
            With several hosts: the products of their shares have not all come.

        Notes
        -----
        Sum of log 2 + (1/2 - y) z + z^2 / 8 (Hardy et al. 2017), or of (z - y)^2 / 2.
        """
        if len(self._crosses) != len(self._shares) - 1:
            raise FormatError(
                f"{len(self._crosses)} products of the hosts' shares have come and "
                f"{len(self._shares) - 1} are due"
            )
        rows, settings = self.settings.rows(self.round), self.settings
        y, own, curvature = self._y[rows], self._score() / settings.slope, settings.curvature
        logit = self.link == "logit"
        slope = 0.5 - y if logit else -y
        rest = slope * own + curvature * own**2 + (np.log(2) if logit else y**2 / 2)
        bound = settings.logit_bound + 1
        weights = encoding.plain(
            (slope + 2 * curvature * own) / settings.slope, scale_bits=FEATURE_BITS, bound=8 * bound
        )
        half = encoding.plain(curvature, scale_bits=FEATURE_BITS, bound=1)
        constant = encoding.plain(np.sum(rest), scale_bits=FEATURE_BITS, bound=len(y) * bound**2)
        total = weights @ sum(self._shares[1:], start=self._shares[0]) + constant
        for square in self._squares:
            total = total + square * half
        return self._message("loss", sum(self._crosses, start=total).to_bytes())

    def take_loss(self, data: bytes) -> None:
        """Note the batch's loss as the arbiter read it."""
        _, parts = self._read(data, "loss opened")
        value = from_integers(parts[0], 1)[0]
        scale = int(from_integers(parts[1], 1)[0])
        self._losses.append(float(value) / 2.0**scale)

    def end_epoch(self) -> float:
        """Note and return the mean loss of the epoch."""
        self.history.append(sum(self._losses) / self.n_rows)
        self._losses = []
        return self.history[-1]

    def partial_scores(self, X: Any) -> Reals:
        """Return the own share of the scores of new rows, intercept included."""
        return Columns(X, self.name).scores(self.coef_) + self.intercept_

    def masked_scores(self, X: Any, messages: list[bytes]) -> bytes:
        """Add the hosts' encrypted shares to the own, under a uniform mask, for the arbiter to open."""
        own = self.partial_scores(X)
        total: EncryptedTensor | None = None
        for message in messages:
            sender, parts = self._read(message, "new scores")
            share = tensor(self._public, parts[0], own.shape, sender)
            total = share if total is None else total + share
        bound = self.settings.logit_bound
        scores = total + encoding.plain(own, scale_bits=SCORE_BITS, bound=bound)
        self._scale = scores.scale_bits
        masked, self._mask = scores.mask()
        return self._message("masked scores", masked.to_bytes())

    def open_scores(self, data: bytes) -> Reals:
        """Take the arbiter's answer and remove the mask: the scores of new rows."""
        _, parts = self._read(data, "scores opened")
        if self._mask is None:
            raise FormatError(f"{self.name} has sent no masked scores")
        exact = from_integers(parts[0], len(self._mask)) - self._mask
        self._mask = None
        return np.array([int(v) for v in exact], dtype=np.float64) / 2.0**self._scale

    def _penalty(self) -> Reals:
        penalty = self.settings.l2 * self._weights
        penalty[-1] = 0.0
        return np.asarray(penalty)

    def _extra(self) -> dict[str, Any]:
        return {"history": [v.hex() for v in self.history]}

    def _restore(self, state: dict[str, Any]) -> None:
        self.history = [float.fromhex(v) for v in state["history"]]


def _labels(y: Any, link: str, rows: int) -> Reals:
    values = encoding.as_reals(y, "y")
    if values.shape != (rows,):
        raise ShapeError(
            f"{rows} rows and labels of shape {values.shape}: one for each row is needed"
        )
    if not np.isfinite(values).all():
        raise EncodingRangeError(
            "labels are missing or infinite: leave those rows out before alignment"
        )
    if link == "identity":
        return values
    found = set(np.unique(values).tolist())
    if found <= {0.0, 1.0}:
        return values
    if found <= {-1.0, 1.0}:
        return (values + 1) / 2
    raise ParameterError(
        f"labels {sorted(found)[:5]}: the logit link takes 0 and 1, or -1 and 1; link='identity' takes numbers"
    )
