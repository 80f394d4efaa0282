"""What guest and hosts have in common: columns, weights, masked gradients, steps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import (
    EncodingRangeError,
    FormatError,
    ParameterError,
    ShapeError,
    UnsupportedOperationError,
)
from ...files import write_whole
from ...tensor import EncryptedTensor
from .columns import Columns
from .messages import Settings, from_integers, read, write

__all__ = ["SCORE_BITS", "Party"]

SCORE_BITS = 32
Reals = NDArray[np.float64]


class Party:
    """A party with columns of its own: its state between rounds, and its side of a gradient."""

    _reach = 1.0  # bounds that its share of a logit may take

    def __init__(self, X: Any, name: str, secret: Any = None) -> None:
        self.name = name
        self._secret = secret
        self._shared: Any = None
        self._X = Columns(X, name)
        self._X.require_varying()
        self._weights: Any = np.zeros(self._X.shape[1])
        self._public: Any = None
        self._settings: Settings | None = None
        self._mask: NDArray[Any] | None = None
        self._scale = 0
        self.round = 0

    @property
    def n_rows(self) -> int:
        """Rows, in the order that all parties share."""
        return self._X.shape[0]

    @property
    def settings(self) -> Settings:
        """The run's settings."""
        if self._settings is None:
            raise ParameterError(f"{self.name} has not begun: vertical.fit does")
        return self._settings

    def begin(self, public: Any, settings: Settings) -> None:
        """Take part in a run, from zero weights.

        Raises
        ------
        ShapeError
            The rows are not those of the others.
        ParameterError
            So few rows in a batch that the gradients would give them away.
        """
        if settings.n_rows != self.n_rows:
            raise ShapeError(
                f"{self.name} has {self.n_rows} rows and the run is for {settings.n_rows}: align the parties' "
                "rows first (heflow.federated.alignment)"
            )
        self._require_few_gradients(settings)
        self._public, self._settings, self._shared = public, settings, None
        self._weights = np.zeros(self._X.shape[1])
        self._mask, self.round = None, 0

    def _require_few_gradients(self, settings: Settings) -> None:
        """Refuse so many numbers about one batch that its residuals could be solved for."""
        rows = settings.n_rows % settings.batch_size or settings.batch_size
        columns = self._X.shape[1]
        if columns * settings.epochs >= rows:
            raise ParameterError(
                f"{self.name} would learn {columns} numbers about each batch in "
                f"{settings.epochs} epochs, and the "
                f"smallest batch has {rows} rows: its residuals could be solved for; use larger batches, fewer "
                "epochs or fewer columns"
            )

    def _known_weights(self) -> Reals:
        """Return the weights, unless they are shared with the other party."""
        if self._weights is None:
            raise UnsupportedOperationError(
                f"the weights of {self.name} are shared: vertical.open_weights(guest, hosts) opens to each "
                "party its own; vertical.predict needs none of them"
            )
        return np.array(self._weights)

    def _score(self) -> Reals:
        """Return the own share of the residual on the rows of this round."""
        rows, bound = self.settings.rows(self.round), self.settings.logit_bound
        share = np.asarray(self._X.scores(self._weights, rows))
        if not np.abs(share).max(initial=0.0) <= self._reach * bound:  # not for NaN
            raise EncodingRangeError(
                f"{self.name}: its share of a logit left the declared bound {bound:g}: training diverges; use "
                "a smaller learning_rate, more l2, or a larger logit_bound"
            )
        return np.asarray(self.settings.slope * share)

    def _masked_gradient(self, residual: EncryptedTensor) -> bytes:
        gradient = self._X.transposed(self.settings.rows(self.round)) @ residual
        self._scale = gradient.scale_bits
        masked, self._mask = gradient.mask()
        return self._message("gradient", masked.to_bytes())

    def _message(self, step: str, *parts: bytes) -> bytes:
        return write(self._public, self.settings.session, step, self.round, self.name, *parts)

    def _read(self, data: Any, step: str) -> tuple[str, list[bytes]]:
        return read(self._public, data, self.settings.session, step, self.round)

    def step(self, data: bytes) -> None:
        """Take the arbiter's answer, remove the mask, step, and go on to the next round."""
        _, parts = self._read(data, "opened")
        if self._mask is None:
            raise FormatError(f"{self.name} has sent no gradient in round {self.round}")
        exact = from_integers(parts[0], len(self._weights)) - self._mask
        gradient = np.array([int(v) for v in exact], dtype=np.float64) / 2.0**self._scale
        settings, rows = self.settings, self.settings.rows(self.round)
        mean = gradient / (rows.stop - rows.start)
        self._weights = self._weights - settings.rate(self.round) * (mean + self._penalty())
        self._mask, self.round = None, self.round + 1

    def _penalty(self) -> Reals:
        return np.asarray(self.settings.l2 * self._weights)

    # Checkpoints

    def save(self, path: str) -> None:
        """Write weights and round, all or nothing."""
        state = {"settings": json.loads(self._agreed()), "round": self.round}
        state["weights"] = [w.hex() for w in self._weights.tolist()]
        state |= self._extra()
        write_whole(path, json.dumps(state).encode(), private=True)

    def load(self, path: str) -> int:
        """Go on from a checkpoint of the same settings; return its round.

        Raises
        ------
        FormatError, ParameterError
        """
        try:
            state = json.loads(Path(path).read_text())
            weights = np.array([float.fromhex(w) for w in state["weights"]])
            agreed, done = state["settings"], int(state["round"])
        except (ValueError, KeyError, TypeError):
            raise FormatError(f"{path} is not a checkpoint of {self.name}") from None
        if agreed != json.loads(self._agreed()) or weights.shape != self._weights.shape:
            raise ParameterError(
                f"{path} was made with other settings or columns: use another folder"
            )
        self._weights, self.round = weights, done
        self._restore(state)
        return done

    def _agreed(self) -> str:
        """Return the settings without session: a resumed run has a new one."""
        facts = json.loads(self.settings.to_bytes())
        del facts["session"], facts["epochs"]
        return json.dumps(facts)

    def _extra(self) -> dict[str, Any]:
        return {}

    def _restore(self, state: dict[str, Any]) -> None:
        """Take what `_extra` gave."""
