"""What both parties of a training without an arbiter have in common: keys, shares, steps, files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from ...encoding import Encoding, encode_integers, round_up
from ...errors import (
    EncodingRangeError,
    FormatError,
    HeadroomError,
    HeflowError,
    ParameterError,
    ShapeError,
)
from ...files import write_whole
from ...tensor import EncryptedTensor
from ..keys import arbiter_key
from .columns import Columns
from .messages import read, tensor, write
from .shares import Factor, Integers, Masked, Packing, encrypted_product, product, scaled
from .widths import FEATURE_LIMIT, WEIGHT_BITS, SharedSettings, Widths

__all__ = ["SharedParty", "encrypt_for"]

ENTRY_BITS = FEATURE_LIMIT.bit_length()


class SharedParty:
    """A party with its own key; of every weight it holds one of two shares.

    Parameters
    ----------
    party : Guest or Host
        Its columns, checked and rounded, are used.
    secret : SecretContext, optional
        Of a scheme with exact integers; a Paillier key of 2048 bits is made by default.
    """

    _intercepts = (0, 0)  # how many of the own, and of the other's, last weights are an intercept

    def __init__(self, party: Any, secret: Any = None) -> None:
        self.name = party.name
        self._party = party
        self._columns = party._X.whole()
        self._secret = arbiter_key(2048) if secret is None else secret
        if not self._secret.public.evaluator.exact:
            raise ParameterError(
                "shares are integers: a key of a scheme with exact integers is needed"
            )
        self._settings: SharedSettings | None = None
        self._widths: Widths | None = None
        self._session = ""
        self._state: dict[str, Any] = {}  # what one step leaves for another of its round
        self._peer: Any = None
        self._own: Integers = np.zeros(0, dtype=object)  # shares of the weights of the own columns
        self._other: Integers = np.zeros(0, dtype=object)  # and of the other party's
        self._fresh: Any = None  # rows being predicted
        self.predictions = self.round = 0
        self.history: list[float] = []

    @property
    def settings(self) -> SharedSettings:
        """The run's settings."""
        if self._settings is None:
            raise ParameterError(f"{self.name} has not begun: vertical.fit does")
        return self._settings

    @property
    def widths(self) -> Widths:
        """Bounds that both parties derive from the settings."""
        if self._widths is None:
            raise ParameterError(f"{self.name} has not begun: vertical.fit does")
        return self._widths

    @property
    def public(self) -> Any:
        """The public context of the own key."""
        return self._secret.public

    @property
    def n_columns(self) -> int:
        """Columns, the intercept's among them."""
        return int(self._columns.shape[1])

    def _start(self, peer: Any, settings: SharedSettings, widths: Widths, others: int) -> None:
        """Start from zero weights, which everybody knows."""
        if settings.n_rows != self._columns.shape[0]:
            raise ShapeError(
                f"{self.name} has {self._columns.shape[0]} rows and the run is for {settings.n_rows}: align "
                "the parties' rows first (heflow.federated.alignment)"
            )
        if peer.key_id == self.public.key_id:
            raise ParameterError("both parties hold the same key: each needs one of its own")
        self._settings, self._peer, self._widths = settings, peer, widths
        self._session = settings.session
        self._own = np.zeros(self.n_columns, dtype=object)
        self._other = np.zeros(others, dtype=object)
        self._fresh, self.predictions, self.round, self.history = None, 0, 0, []
        self._state = {}
        self._party._weights = None  # from now on nobody knows them

    # Messages

    def _write(self, step: str, *parts: EncryptedTensor) -> bytes:
        name, count = self._due(step)
        data = [x.to_bytes() for x in parts]
        return write(self._peer, self._session, name, count, self.name, *data)

    def _read(self, data: Any, step: str, count: int = 1) -> list[bytes]:
        name, round = self._due(step)
        sender, parts = read(self.public, data, self._session, name, round)
        if len(parts) != count:
            raise FormatError(f"{sender!r} sent {len(parts)} parts of {name!r} and {count} are due")
        return parts

    def _due(self, step: str) -> tuple[str, int]:
        if self._fresh is None:
            return step, self.round
        return "new " + step, self.predictions

    def _tensor(self, context: Any, data: bytes, count: int, limit: int) -> EncryptedTensor:
        x = tensor(context, data, (count,), "the other party")
        if x._encoding != Encoding(0, round_up(limit), True):
            raise FormatError(
                "the other party sent numbers of another range or scale than the settings give"
            )
        return x

    def _opened(self, data: bytes, packing: Packing, masked: Masked, count: int) -> Integers:
        """Decrypt packed values under their masks; what does not fit left a declared bound."""
        x = self._tensor(self.public, data, packing.groups(count), packing.limit)
        try:
            joined = self._secret.decrypt_integers(x)
        except HeadroomError:
            raise self._beyond() from None
        values = packing.split(np.abs(joined), count)
        if min(joined) < 0 or max(values) > masked.largest:
            raise self._beyond()
        return values

    def _beyond(self) -> HeflowError:
        return EncodingRangeError(
            f"{self.name}: a logit left its declared bound {self.settings.logit_bound:g} by far, training "
            "diverges: use a smaller learning_rate, more l2, or columns of smaller range; the last checkpoint "
            "is whole"
        )

    def _taken(self, name: str, step: str) -> Any:
        """Take what an earlier step of this round has left."""
        if name not in self._state:
            raise FormatError(f"{self.name}: '{step}' is not due yet")
        return self._state.pop(name)

    # Products

    def _block(self) -> Any:
        if self._fresh is not None:
            return self._fresh
        return self._columns[self.settings.rows(self.round)]

    def _times(self, share: Integers, limit: int) -> Integers:
        return product(self._block(), share, limit, ENTRY_BITS)

    def _masked_gradient(
        self, residual: EncryptedTensor, share: Integers, of: int
    ) -> EncryptedTensor:
        """Return the packed gradient of the own columns under the other's key, masked; keep the own share."""
        X, widths = self._block().T, self.widths
        packing = widths.gradients_packing[of]
        mask = widths.gradient.draw(self.n_columns)
        self._state["gradient"] = -mask
        local = product(X, share, widths.residual, ENTRY_BITS)
        packed = packing.gather(encrypted_product(X, residual, FEATURE_LIMIT))
        return packing.plus(packed, local + mask)

    def _residual(self, score: Integers, cube: Integers | None) -> Integers:
        """Return the share of the polynomial's part of the residual, without constant and label."""
        share = scaled(score, self.widths.slope)
        return share if cube is None else share + scaled(cube, self.widths.cubic)

    def _descend(self, own: Integers, other: Integers) -> None:
        """Change both shares of weights by shares of gradients, and go on to the next round."""
        settings = self.settings
        factor = settings.step_factor(self.round)
        penalty = settings.rate(self.round) * settings.l2
        new = []
        pairs = (self._own, own), (self._other, other)
        for (share, gradient), free in zip(pairs, self._intercepts, strict=True):
            change = scaled(gradient, factor)
            if penalty:
                shrink = scaled(share, Factor.of(penalty, 0))
                shrink[len(share) - free :] = 0
                change = change + shrink
            new.append(share - change)
        self._own, self._other = new
        self._state, self.round = {}, self.round + 1

    # New rows

    def new_rows(self, X: Any, number: int) -> int:
        """Take rows to predict, for the prediction of this number; return how many."""
        rows = self._widened(Columns(X, self.name)).whole()
        if rows.shape[1] != self.n_columns:
            raise ShapeError(
                f"{self.name}: the new rows have {rows.shape[1]} columns and the model {self.n_columns}"
            )
        self._state, self._fresh, self.predictions = {}, rows, number
        return int(rows.shape[0])

    def _widened(self, X: Columns) -> Columns:
        return X

    # The model, opened

    def share_of_other(self) -> bytes:
        """Return the share of the other party's weights to it, encrypted: it will know its weights."""
        if self._settings is None:
            raise ParameterError(
                f"{self.name} has no shares: vertical.fit without an arbiter makes them"
            )
        self._fresh = None
        values = encrypt_for(self._peer, self._other, self.widths.weight)
        return self._write("weights opened", values)

    def open_weights(self, data: bytes) -> None:
        """Take the other party's share of the own columns' weights: they are known from now on."""
        (part,) = self._read(data, "weights opened")
        x = self._tensor(self.public, part, self.n_columns, self.widths.weight)
        total = self._own + self._secret.decrypt_integers(x)
        self._party._weights = np.array(total, dtype=np.float64) / 2.0**WEIGHT_BITS

    # Checkpoints

    def save(self, path: str) -> None:
        """Write shares and round, all or nothing, readable by the owner of the file alone."""
        state = {
            "settings": json.loads(self._agreed()),
            "session": self.settings.session,
            "round": self.round,
            "history": self.history,
        }
        state["own"], state["other"] = ([hex(v) for v in w] for w in (self._own, self._other))
        write_whole(path, json.dumps(state).encode(), private=True)

    def load(self, path: str) -> int:
        """Go on from a checkpoint of the same settings; return its round.

        From then on, messages name the run that made the file: shares of two runs do not add up to weights.

        Raises
        ------
        FormatError, ParameterError
        """
        try:
            state = json.loads(Path(path).read_text())
            own, other = ([int(v, 16) for v in state[k]] for k in ("own", "other"))
            agreed, done = state["settings"], int(state["round"])
            history, session = [float(v) for v in state["history"]], str(state["session"])
        except (ValueError, KeyError, TypeError, OSError):
            raise FormatError(f"{path} is not a checkpoint of {self.name}") from None
        fits = (len(own), len(other)) == (len(self._own), len(self._other))
        if agreed != json.loads(self._agreed()) or not fits:
            raise ParameterError(
                f"{path} was made with other settings or columns: use another folder"
            )
        self._own[:], self._other[:] = own, other
        self.round, self.history = done, history
        self._session = f"{self.settings.session} after {session}"
        return done

    def _agreed(self) -> str:
        """Return the settings without session: a resumed run has a new one."""
        facts = json.loads(self.settings.to_bytes())
        del facts["session"], facts["epochs"], facts["losses"]
        return json.dumps(facts)


def encrypt_for(public: Any, values: Integers, limit: int) -> EncryptedTensor:
    """Encrypt integers under someone else's key."""
    encoding = Encoding(0, round_up(limit), True)
    batch = public.evaluator.encrypt(encode_integers(values, encoding.limit))
    return EncryptedTensor(public, batch, (len(values),), encoding, folded=False)
