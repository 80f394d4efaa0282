"""What guest and hosts have in common: columns, weights, masked gradients, steps."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import encoding
from ...errors import (
    EncodingRangeError,
    FormatError,
    ParameterError,
    ShapeError,
)
from ...tensor import EncryptedTensor
from .messages import Settings, from_integers, read, write

__all__ = ["FEATURE_BITS", "SCORE_BITS", "Party", "features"]

FEATURE_BITS, SCORE_BITS = 16, 32
MAX_FEATURE = 16.0
Reals = NDArray[np.float64]


def features(X: Any, name: str) -> Reals:
    """Check a party's columns and round them to FEATURE_BITS; sparse matrices are spread out.

    Raises
    ------
    ShapeError, EncodingRangeError, ParameterError
    """
    dense = np.asarray(X.todense() if hasattr(X, "todense") else X, dtype=np.float64)
    if dense.ndim != 2 or 0 in dense.shape:
        raise ShapeError(f"{name}: columns of shape {dense.shape}; (rows, columns) is needed")
    bad = np.flatnonzero(~np.isfinite(dense).all(axis=0))
    if len(bad):
        raise EncodingRangeError(
            f"{name}: missing or infinite values in columns {bad.tolist()}: fill them in first"
        )
    large = np.flatnonzero(np.abs(dense).max(axis=0) > MAX_FEATURE)
    if len(large):
        raise EncodingRangeError(
            f"{name}: columns {large.tolist()} reach beyond {MAX_FEATURE:g}: standardise and clip them, "
            "np.clip(X, -3, 3)"
        )
    return np.asarray(np.rint(dense * 2.0**FEATURE_BITS) / 2.0**FEATURE_BITS)


class Party:
    """A party with columns of its own: its state between rounds, and its side of a gradient."""

    def __init__(self, X: Any, name: str) -> None:
        self.name = name
        self._X = features(X, name)
        constant = np.flatnonzero(np.ptp(self._X, axis=0) == 0)
        if len(constant) and len(self._X) > 1:
            raise ParameterError(
                f"{name}: columns {constant.tolist()} are constant and say nothing: leave them out"
            )
        self._weights = np.zeros(self._X.shape[1])
        self._public: Any = None
        self._settings: Settings | None = None
        self._mask: NDArray[Any] | None = None
        self._scale = 0
        self.round = 0

    @property
    def n_rows(self) -> int:
        """Rows, in the order that all parties share."""
        return len(self._X)

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
        self._public, self._settings = public, settings
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

    def _score(self) -> Reals:
        """Return the own share of the residual on the rows of this round."""
        X = self._X[self.settings.rows(self.round)]
        return np.asarray(self.settings.slope * (X @ self._weights))

    def _masked_gradient(self, residual: EncryptedTensor) -> bytes:
        X = self._X[self.settings.rows(self.round)]
        columns = encoding.plain(X.T, scale_bits=FEATURE_BITS, bound=MAX_FEATURE)
        gradient = columns @ residual
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
        return self.settings.l2 * self._weights

    # Checkpoints

    def save(self, path: str) -> None:
        """Write weights and round, all or nothing."""
        state = {"settings": json.loads(self._agreed()), "round": self.round}
        state["weights"] = [w.hex() for w in self._weights.tolist()]
        state |= self._extra()
        target = Path(path)
        with tempfile.NamedTemporaryFile("w", dir=target.parent, delete=False) as file:
            json.dump(state, file)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(target)

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
