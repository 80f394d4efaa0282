"""The host of a training without an arbiter: columns, no label."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...encoding import Encoding, encode_integers, round_up
from ...errors import ParameterError
from ...tensor import EncryptedTensor
from .shared_party import SharedParty, encrypt_for
from .shares import Integers, scaled
from .widths import FEATURE_LIMIT, SharedSettings, Widths

__all__ = ["SharedHost"]


class SharedHost(SharedParty):
    """The party without the label.

    Parameters
    ----------
    host : Host
    secret : SecretContext, optional
    """

    _intercepts = (0, 1)

    def __init__(self, host: Any, secret: Any = None) -> None:
        super().__init__(host, secret)
        self._loss: Any = None
        self._squares = 0

    def begin(self, peer: Any, settings: SharedSettings) -> tuple[Any, int]:
        """Take part in a run with the guest's public context; return the own one, and how many columns.

        Raises
        ------
        ShapeError, ParameterError, HeadroomError
        """
        capacities = peer.evaluator.capacity, self.public.evaluator.capacity
        widths = Widths(settings, self.n_columns, *capacities)
        self._start(peer, settings, widths, settings.guest_columns)
        self._loss, self._squares = None, 0
        return self.public, self.n_columns

    def products(self, data: bytes) -> bytes:
        """Return the share of the guest's weights, and both parts of the own columns' scores.

        The product with the guest's share is masked; the rest, less the mask, is under the own key.
        """
        widths, count = self.widths, self._block().shape[0]
        (part,) = self._read(data, "weights")
        share = self._tensor(self._peer, part, self.n_columns, widths.weight)
        mask = widths.product.draw(count)
        packing = widths.products_packing
        packed = packing.product(self._block(), share, FEATURE_LIMIT)
        local = self._times(self._own, widths.weight) - mask
        encrypt = self._secret.encrypt_integers
        return self._write(
            "products",
            encrypt(self._other, widths.weight),
            packing.plus(packed, mask),
            encrypt(widths.scores_packing.join(local), widths.sum_limit),
        )

    def residual(self, data: bytes) -> bytes:
        """Take the share of the scores; return that of the residual under the own key, and the masked cubes."""
        widths, count = self.widths, self._block().shape[0]
        parts = self._read(data, "scores", 4 if self.settings.cubic else 1)
        score = self._opened(parts[0], widths.scores_packing, widths.score, count)
        cube: Integers | None = None
        cubes: tuple[EncryptedTensor, ...] = ()
        if self.settings.cubic:
            mask = widths.cube.draw(count)
            cube, cubes = -mask, (self._cubes(parts[1:], scaled(score, widths.to_cube), mask),)
        share = self._residual(score, cube)
        self._state["residual"] = share
        encrypted = self._secret.encrypt_integers(share, widths.residual)
        return self._write("residual", encrypted, *cubes)

    def _cubes(self, parts: list[bytes], b: Integers, mask: Integers) -> EncryptedTensor:
        """Return (a + b)^3 + mask, as a^3 + 3 b (a^2 + b a) + b^3, from powers of a under the guest's key."""
        widths, evaluator, packing = self.widths, self._peer.evaluator, self.widths.cubes_packing
        limits = widths.cubed, widths.cubed**2
        a, squares = (
            self._tensor(self._peer, p, len(b), n) for p, n in zip(parts, limits, strict=False)
        )
        third = self._tensor(self._peer, parts[2], packing.groups(len(b)), widths.cubes_limit)
        once = encode_integers(b, widths.cubed)
        thrice = encode_integers(3 * b, 3 * widths.cubed)
        inner = evaluator.add(evaluator.multiply_plain(a._batch, once), squares._batch)
        mixed = a._with(evaluator.multiply_plain(inner, thrice), folded=True)
        packed = packing.gather(mixed)
        total = packed._with(evaluator.add(packed._batch, third._batch))
        return packing.plus(total, b**3 + mask)

    def step(self, data: bytes) -> bytes:
        """Take the share of the guest's gradient; return the own one under its key, masked; and step."""
        widths = self.widths
        parts = self._read(data, "gradient", 2)
        share = self._taken("residual", "step")
        packing, count = widths.gradients_packing[1], len(self._other)
        other = self._opened(parts[0], packing, widths.gradient, count)
        residual = self._tensor(self._peer, parts[1], len(share), widths.residual)
        packed = self._masked_gradient(residual, share, of=0)
        if self.settings.losses:
            self._add_loss(residual, share)
        message = self._write("step", packed)
        self._descend(self._taken("gradient", "step"), other)
        return message

    def _add_loss(self, residual: EncryptedTensor, share: Integers) -> None:
        """Add 2 d e + e^2 of every row, d being the guest's share of the residual and e the own."""
        evaluator = self._peer.evaluator
        weights = encode_integers(2 * share, 2 * self.widths.residual)
        vector = np.arange(len(share), dtype=np.int64).reshape(1, -1)
        batch = evaluator.matmul_plain(residual._batch, vector, weights.reshape(1, len(share), -1))
        if self._loss is not None:
            batch = evaluator.add(self._loss._batch, batch)
        encoding = Encoding(0, round_up(self.widths.loss), True)
        self._loss = EncryptedTensor(self._peer, batch, (1,), encoding, folded=True)
        self._squares += int(np.sum(share**2))

    def loss(self) -> bytes:
        """Return the epoch's sum of squared residuals, less the guest's own part, under the guest's key."""
        if self._loss is None:
            raise ParameterError(
                f"{self.name}: this run opens no losses, or an epoch has not begun"
            )
        x = self._loss
        words = encode_integers(np.array([self._squares], dtype=object), self.widths.loss)
        total = x._with(self._peer.evaluator.add_plain(x._batch, words))
        self._loss, self._squares = None, 0
        return self._write("loss", total)

    def open_scores(self, data: bytes) -> bytes:
        """Give the guest the own share of the scores of new rows."""
        widths, count = self.widths, self._block().shape[0]
        parts = self._read(data, "scores")
        score = self._opened(parts[0], widths.scores_packing, widths.score, count)
        joined = widths.answers_packing.join(score)
        message = self._write(
            "scores opened", encrypt_for(self._peer, joined, widths.answers_packing.limit)
        )
        self._fresh = None
        return message
