"""What both parties of a training with shares agree on: settings, and how wide every number can become."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ...encoding.headroom import require
from ...errors import FormatError, ParameterError
from ..horizontal.messages import read_header, write_header
from .columns import FEATURE_BITS, MAX_FEATURE
from .messages import Settings
from .shares import Factor, Masked, Packing

__all__ = ["CUBE_BITS", "RESIDUAL_BITS", "SCORE_BITS", "WEIGHT_BITS", "SharedSettings", "Widths"]

WEIGHT_BITS, RESIDUAL_BITS, CUBE_BITS = 32, 24, 20
SCORE_BITS = FEATURE_BITS + WEIGHT_BITS
GRADIENT_BITS = FEATURE_BITS + RESIDUAL_BITS
FEATURE_LIMIT = int(MAX_FEATURE) << FEATURE_BITS


@dataclass(frozen=True)
class SharedSettings(Settings):
    """Settings of a training with shares.

    Attributes
    ----------
    sigmoid : tuple of float
        (c0, c1) or (c0, c1, 0, c3) of the polynomial in the place of the sigmoid; (0, 1) for the identity.
    guest_columns : int
        Columns of the guest, the intercept's among them.
    losses : bool
        Whether the loss of every epoch is opened to the guest.
    """

    sigmoid: tuple[float, ...] = (0.5, 0.25)
    guest_columns: int = 0
    losses: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        odd = len(self.sigmoid) == 2 or (len(self.sigmoid) == 4 and self.sigmoid[2] == 0)
        if not odd or not np.isfinite(self.sigmoid).all() or self.guest_columns < 1:
            raise ParameterError(
                f"sigmoid={self.sigmoid}, guest_columns={self.guest_columns}: (c0, c1) or (c0, c1, 0, c3) and "
                "one column at least are needed"
            )
        if self.learning_rate * self.l2 > 1:
            raise ParameterError(
                f"learning_rate * l2 = {self.learning_rate * self.l2:g}: above 1 the penalty alone diverges"
            )

    @property
    def cubic(self) -> bool:
        """Whether scores are cubed."""
        return len(self.sigmoid) == 4

    @property
    def residual_bound(self) -> float:
        """Bound on a residual, for logits within the declared bound."""
        if self.link == "identity":
            return 2 * self.logit_bound
        return 1 + sum(abs(c) * self.logit_bound**k for k, c in enumerate(self.sigmoid))

    def step_factor(self, round: int) -> Factor:
        """Return what turns a summed gradient into a change of the weights."""
        rows = self.rows(round)
        return Factor.of(self.rate(round) / (rows.stop - rows.start), WEIGHT_BITS - GRADIENT_BITS)

    @classmethod
    def from_bytes(cls, data: bytes) -> SharedSettings:
        """Check and read settings."""
        types: dict[str, Any] = dict.fromkeys(("session", "link"), str)
        types |= dict.fromkeys(("n_rows", "batch_size", "epochs", "guest_columns"), int)
        types |= dict.fromkeys(("learning_rate", "decay", "l2", "logit_bound"), float)
        facts = read_header(data, types | {"sigmoid": list, "losses": bool})
        if not all(isinstance(c, float) for c in facts["sigmoid"]):
            raise FormatError("the settings hold a sigmoid that heflow does not write")
        return cls(**{**facts, "sigmoid": tuple(facts["sigmoid"])})

    def to_bytes(self) -> bytes:
        """Return the settings as bytes."""
        return write_header(asdict(self))


class Widths:
    """Bounds on everything that is masked, from the declared ranges alone.

    Parameters
    ----------
    settings : SharedSettings
    host_columns : int
    guest_capacity, host_capacity : int
        Largest plaintext of each party's key.

    Raises
    ------
    HeadroomError
    """

    def __init__(
        self, settings: SharedSettings, host_columns: int, guest_capacity: int, host_capacity: int
    ) -> None:
        s, c = settings, settings.sigmoid
        rows, bound = s.batch_size, s.logit_bound
        self.score = Masked(int(bound * 2**SCORE_BITS) + 1)
        self.slope = Factor.of(c[1], RESIDUAL_BITS - SCORE_BITS)
        self.to_cube = Factor.of(1.0, CUBE_BITS - SCORE_BITS)
        self.cubed = (
            self.to_cube.limit(self.score.largest) if s.cubic else 0
        )  # a share of what is cubed
        self.cube = Masked((int(bound * 2**CUBE_BITS) + 2) ** 3 if s.cubic else 0)
        self.cubic = Factor.of(c[3] if s.cubic else 0.0, RESIDUAL_BITS - 3 * CUBE_BITS)
        self.residual_limit = int(s.residual_bound * 2**RESIDUAL_BITS) + 4
        self.residual = (
            self.slope.limit(self.score.largest)
            + (self.cubic.limit(self.cube.largest) if s.cubic else 0)
            + self.residual_limit
        )  # a share of it
        self.gradient = Masked(rows * FEATURE_LIMIT * self.residual_limit)
        steps = [s.step_factor(r).limit(self.gradient.largest) for r in (0, s.batches - 1)]
        self.weight = s.epochs * (s.batches * steps[0] + steps[1]) + s.epochs * s.batches
        self.product = Masked(host_columns * FEATURE_LIMIT * self.weight)
        own = (s.guest_columns + host_columns) * FEATURE_LIMIT * self.weight
        wide = max(own, self.product.largest)
        self.scores_packing = Packing.make(self.score.largest, wide + own, host_capacity, "scores")
        self.products_packing = Packing.make(
            self.product.largest, self.product.largest, guest_capacity, "products"
        )
        self.answers_packing = Packing.make(
            self.score.largest, self.score.largest, guest_capacity, "scores"
        )
        self.sum_limit = 1 << (host_capacity.bit_length() - 2)  # of packed terms of scores
        self.cubes_packing = Packing.make(
            self.cube.largest, 6 * self.cubed**3, guest_capacity, "cubes"
        )
        self.cubes_limit = 1 << (guest_capacity.bit_length() - 2)  # of packed terms of cubes
        masked = self.gradient.largest
        wide = rows * FEATURE_LIMIT * self.residual + masked
        self.gradients_packing = [
            Packing.make(masked, wide, capacity, "gradients")
            for capacity in (guest_capacity, host_capacity)
        ]
        self.loss = s.n_rows * 4 * self.residual**2
        if s.losses:
            require(self.loss, guest_capacity, "the loss of an epoch")
